//! One customer: opens an account, works with it, and remembers every word that
//! the server gave.

use gestan_account_client::{Client, FieldMask, v1};

use super::caller::Caller;
use crate::{machine, mailbox::Mailbox, new_password, uuid};

/// A call of the client as a value. It takes the client with it: the future of an
/// `AsyncFn` that borrows is not provably `Send`.
macro_rules! rpc {
    ($method:ident) => {
        |client: Client, request| async move { client.$method(request).await }
    };
}

/// What a customer was told.
#[derive(Clone, Debug)]
pub struct Customer {
    number: u32,
    email: String,
    password: String,
    account_id: u32,
    link_token: String,
    city: String,
    etag: String,
    second: Option<SecondMachine>,
}

#[derive(Clone, Debug)]
struct SecondMachine {
    link_token: String,
    detached: bool,
}

impl Customer {
    pub(super) async fn live(caller: &Caller, mailbox: &Mailbox, number: u32) -> Self {
        let mut customer = Self::open_account(caller, mailbox, number).await;
        for step in 0..2 {
            customer.move_to(caller, &format!("Ville {number}-{step}")).await;
        }
        if !number.is_multiple_of(3) {
            customer.link_second(caller).await;
        }
        if number % 3 == 1 {
            customer.unlink_second(caller).await;
        }
        customer.ask_for_a_code(caller).await;
        customer
    }

    async fn open_account(caller: &Caller, mailbox: &Mailbox, number: u32) -> Self {
        let (email, password) = (format!("client{number}@exemple.fr"), new_password(number));
        let create = v1::CreateRequest {
            request_id: uuid(u128::from(number) * 10),
            email: email.clone(),
            machine: Some(machine(u128::from(number) * 10 + 1)),
            ..Default::default()
        };
        let created = caller.same_twice("", &create, rpc!(create)).await;

        let code = mailbox.code_to(&email).await;
        let confirm =
            v1::ConfirmRequest { challenge_id: created.challenge_id, code, ..Default::default() };
        let confirmed = caller.same_twice("", &confirm, rpc!(confirm)).await;
        assert!(!confirmed.account_existed, "{email} is confirmed once");

        let set = v1::SetPasswordRequest {
            ticket: confirmed.ticket,
            new_password: password.clone(),
            ..Default::default()
        };
        let set = caller.same_twice("", &set, rpc!(set_password)).await;
        let account = set.account.expect("an account");
        assert_eq!(account.id, confirmed.account_id);
        Self {
            number,
            email,
            password,
            account_id: account.id,
            link_token: set.link_token,
            city: account.city,
            etag: account.etag,
            second: None,
        }
    }

    async fn move_to(&mut self, caller: &Caller, city: &str) {
        // The client repeats no change with an etag: what was carried out and is tried
        // again is refused.
        let etag = if caller.repeats() { self.etag.clone() } else { String::new() };
        let request = v1::UpdateRequest {
            account: Some(v1::Account { etag, city: city.to_owned(), ..Default::default() }),
            update_mask: Some(FieldMask { paths: vec!["city".to_owned()] }),
            password: self.password.clone(),
        };
        let answer = caller.call(&self.link_token, &request, rpc!(update)).await;
        let account = match answer.outcome {
            Ok(updated) => updated.account,
            // The first try was carried out, and only its answer was lost.
            Err(error) if answer.lost > 0 => {
                assert_eq!(error.reason(), Some(v1::ErrorReason::EtagMismatch));
                self.get(caller).await.account
            }
            Err(error) => panic!("Update: {error:?}"),
        };
        let account = account.expect("an account");
        assert_eq!(account.city, city);
        (self.city, self.etag) = (account.city, account.etag);
    }

    async fn link_second(&mut self, caller: &Caller) {
        let link_token = self.register(caller, 2).await;
        self.second = Some(SecondMachine { link_token, detached: false });
    }

    async fn unlink_second(&mut self, caller: &Caller) {
        let second = self.second.as_mut().expect("a second machine");
        let request = v1::UnlinkRequest::default();
        caller.same_twice(&second.link_token, &request, rpc!(unlink)).await;
        second.detached = true;
    }

    async fn ask_for_a_code(&self, caller: &Caller) {
        let request = v1::ResendPasswordRequest {
            request_id: uuid(u128::from(self.number) * 10 + 5),
            machine: Some(machine(u128::from(self.number) * 10 + 1)),
            ..Default::default()
        };
        caller.same_twice(&self.link_token, &request, rpc!(resend_password)).await;
    }

    /// Links one of the customer's machines by the password.
    async fn register(&self, caller: &Caller, place: u128) -> String {
        let request = v1::RegisterExistingRequest {
            account_id: self.account_id,
            secret: self.password.clone(),
            machine: Some(machine(u128::from(self.number) * 10 + place)),
        };
        caller.answer("", &request, rpc!(register_existing)).await.link_token
    }

    async fn get(&self, caller: &Caller) -> v1::GetResponse {
        let request = v1::GetRequest::default();
        caller.answer(&self.link_token, &request, rpc!(get)).await
    }

    /// Asks the servers for everything that the customer was ever promised.
    pub(super) async fn check_nothing_is_lost(&self, caller: &Caller) {
        let answer = self.get(caller).await;
        let account = answer.account.expect("an account");
        assert_eq!(account.id, self.account_id);
        assert_eq!(account.email, self.email);
        assert_eq!(account.city, self.city, "a change of {} is lost", self.email);
        assert_eq!(account.etag, self.etag);
        let linked = self.second.as_ref().is_some_and(|second| !second.detached);
        assert_eq!(answer.machines.len(), 1 + usize::from(linked));
        if let Some(second) = &self.second {
            let request = v1::GetRequest::default();
            let answer = caller.call(&second.link_token, &request, rpc!(get)).await;
            match answer.outcome {
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
        self.register(caller, 9).await;
    }
}
