//! One customer: opens an account, works with it, and remembers every word that
//! the server gave.

use std::sync::Arc;

use gestan_account_client::{FieldMask, v1};
use gestan_account_tests::{machine, uuid};

use super::world::World;

/// What a customer was told.
#[derive(Debug)]
pub(super) struct Customer {
    email: String,
    password: String,
    account_id: u32,
    link_token: String,
    city: String,
    etag: String,
    second: Option<SecondMachine>,
}

#[derive(Debug)]
struct SecondMachine {
    link_token: String,
    detached: bool,
}

/// One customer after the other, as long as the world is open.
pub(super) async fn keep_coming(world: Arc<World>, number: u32) -> Vec<Customer> {
    let mut customers = Vec::new();
    for turn in 0.. {
        if !world.is_open() {
            break;
        }
        customers.push(Customer::live(&world, number * 10_000 + turn).await);
    }
    customers
}

impl Customer {
    async fn live(world: &World, number: u32) -> Self {
        let mut customer = Self::open_account(world, number).await;
        for step in 0..2 {
            customer.move_to(world, &format!("Ville {number}-{step}")).await;
        }
        if !number.is_multiple_of(3) {
            customer.link_second(world, number).await;
        }
        if number % 3 == 1 {
            customer.unlink_second(world).await;
        }
        customer
    }

    async fn open_account(world: &World, number: u32) -> Self {
        let email = format!("client{number}@exemple.fr");
        let password = format!("{number} girafes lisent sous la pluie");
        let request = v1::CreateRequest {
            request_id: uuid(u128::from(number) * 10),
            email: email.clone(),
            machine: Some(machine(u128::from(number) * 10 + 1)),
            ..Default::default()
        };
        let create = async |name| {
            let call = |client: gestan_account_client::Client| {
                let request = request.clone();
                async move { client.create(request).await }
            };
            world.insist(name, "", call).await.outcome.expect("Create is answered")
        };
        let created = create("Create").await;
        assert_eq!(create("Create again").await, created);

        let code = world.code_to(&email).await;
        let request = v1::ConfirmRequest { challenge_id: created.challenge_id, code };
        let confirm = async |name| {
            let call = |client: gestan_account_client::Client| {
                let request = request.clone();
                async move { client.confirm(request).await }
            };
            world.insist(name, "", call).await.outcome.expect("Confirm is answered")
        };
        let confirmed = confirm("Confirm").await;
        assert_eq!(confirm("Confirm again").await, confirmed);
        assert!(!confirmed.account_existed, "{email} is confirmed once");

        let request = v1::SetPasswordRequest {
            ticket: confirmed.ticket,
            new_password: password.clone(),
            ..Default::default()
        };
        let set_password = async |name| {
            let call = |client: gestan_account_client::Client| {
                let request = request.clone();
                async move { client.set_password(request).await }
            };
            world.insist(name, "", call).await.outcome.expect("SetPassword is answered")
        };
        let set = set_password("SetPassword").await;
        assert_eq!(set_password("SetPassword again").await, set);

        let account = set.account.expect("an account");
        assert_eq!(account.id, confirmed.account_id);
        Self {
            email,
            password,
            account_id: account.id,
            link_token: set.link_token,
            city: account.city,
            etag: account.etag,
            second: None,
        }
    }

    async fn move_to(&mut self, world: &World, city: &str) {
        let account =
            v1::Account { etag: self.etag.clone(), city: city.to_owned(), ..Default::default() };
        let request = v1::UpdateRequest {
            account: Some(account),
            update_mask: Some(FieldMask { paths: vec!["city".to_owned()] }),
            password: self.password.clone(),
        };
        let answer = world.insist("Update", &self.link_token, |client| {
            let request = request.clone();
            async move { client.update(request).await }
        });
        let answer = answer.await;
        let account = match answer.outcome {
            Ok(updated) => updated.account.expect("an account"),
            // The first try was carried out, and only its answer was lost.
            Err(error) if answer.lost > 0 => {
                assert_eq!(error.reason(), Some(v1::ErrorReason::EtagMismatch));
                self.get(world).await.account.expect("an account")
            }
            Err(error) => panic!("Update: {error}"),
        };
        assert_eq!(account.city, city);
        (self.city, self.etag) = (account.city, account.etag);
    }

    async fn link_second(&mut self, world: &World, number: u32) {
        let link_token = self.register(world, u128::from(number) * 10 + 2).await;
        self.second = Some(SecondMachine { link_token, detached: false });
    }

    async fn unlink_second(&mut self, world: &World) {
        let second = self.second.as_mut().expect("a second machine");
        for name in ["Unlink", "Unlink again"] {
            let answer = world.insist(name, &second.link_token, |client| async move {
                client.unlink(v1::UnlinkRequest::default()).await
            });
            answer.await.outcome.expect("Unlink is answered");
        }
        second.detached = true;
    }

    async fn register(&self, world: &World, machine_number: u128) -> String {
        let request = v1::RegisterExistingRequest {
            account_id: self.account_id,
            secret: self.password.clone(),
            machine: Some(machine(machine_number)),
        };
        let answer = world.insist("RegisterExisting", "", |client| {
            let request = request.clone();
            async move { client.register_existing(request).await }
        });
        answer.await.outcome.expect("RegisterExisting is answered").link_token
    }

    async fn get(&self, world: &World) -> v1::GetResponse {
        let answer = world.insist("Get", &self.link_token, |client| async move {
            client.get(v1::GetRequest::default()).await
        });
        answer.await.outcome.expect("Get is answered")
    }

    /// Asks the server for everything that it ever promised this customer.
    pub(super) async fn check_nothing_is_lost(&self, world: &World) {
        let answer = self.get(world).await;
        let account = answer.account.expect("an account");
        assert_eq!(account.id, self.account_id);
        assert_eq!(account.email, self.email);
        assert_eq!(account.city, self.city, "a change of {} is lost", self.email);
        assert_eq!(account.etag, self.etag);
        let linked = self.second.as_ref().is_some_and(|second| !second.detached);
        assert_eq!(answer.machines.len(), 1 + usize::from(linked));
        if let Some(second) = &self.second {
            let answer = world.insist("Get", &second.link_token, |client| async move {
                client.get(v1::GetRequest::default()).await
            });
            match answer.await.outcome {
                Ok(answer) => {
                    assert!(linked, "a dead token lives again");
                    assert_eq!(answer.account.expect("an account").id, self.account_id);
                }
                Err(error) => {
                    assert!(!linked, "a link is lost: {error}");
                    assert_eq!(error.reason(), Some(v1::ErrorReason::InvalidCredentials));
                }
            }
        }
        // The password still opens the account.
        self.register(world, u128::from(self.account_id) * 10 + 9).await;
    }
}
