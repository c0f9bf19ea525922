//! Customers at work: each makes every call once, and what it was told is
//! written down, to be looked for afterwards.

use std::{
    collections::BTreeMap,
    fmt,
    path::PathBuf,
    sync::{Arc, Mutex},
};

use gestan_account_client::{Client, ClientOptions, Error, FieldMask, LinkToken, v1};
use gestan_account_tests::{
    machine,
    process::{PATIENCE, code_to},
    rows, uuid,
};
use sea_orm::DatabaseConnection;
use tokio::{sync::watch, task::JoinSet, time::timeout};

/// What the customers share.
pub(crate) struct World {
    urls: Vec<String>,
    mail_folder: PathBuf,
    /// How many calls were answered.
    answers: watch::Sender<u64>,
    open: watch::Sender<bool>,
    served: Mutex<Vec<Customer>>,
}

/// The customers that are at work.
pub(crate) struct AtWork {
    world: Arc<World>,
    tasks: JoinSet<()>,
}

/// What a customer was told.
#[derive(Clone, Debug)]
pub(crate) struct Customer {
    account_id: u32,
    number: u32,
    email: String,
    city: String,
    link_token: String,
    /// Of the second machine, and whether it was detached again.
    second: (String, bool),
}

impl AtWork {
    /// So many at once, one after the other, until they are told to stop.
    pub(crate) fn start(urls: Vec<String>, mail_folder: PathBuf, at_once: u32) -> Self {
        let world = Arc::new(World {
            urls,
            mail_folder,
            answers: watch::Sender::new(0),
            open: watch::Sender::new(true),
            served: Mutex::default(),
        });
        let mut tasks = JoinSet::new();
        for number in 0..at_once {
            tasks.spawn(keep_coming(Arc::clone(&world), number));
        }
        Self { world, tasks }
    }

    /// Waits until so many more calls are answered.
    pub(crate) async fn get_on(&mut self, calls: u64) {
        let wanted = *self.world.answers.borrow() + calls;
        let mut answers = self.world.answers.subscribe();
        tokio::select! {
            reached = timeout(PATIENCE, answers.wait_for(|answers| *answers >= wanted)) => {
                reached.expect("the customers get on").expect("the counter lives");
            }
            ended = self.tasks.join_next() => panic!("a customer has trouble: {ended:?}"),
        }
    }

    /// Those who are done with all that they wanted.
    pub(crate) fn served(&self) -> Vec<Customer> {
        self.world.served.lock().expect("nobody panicked").clone()
    }

    /// Lets each finish what it is at, and no other come.
    pub(crate) async fn stop(self) -> Vec<Customer> {
        self.world.open.send_replace(false);
        self.tasks.join_all().await;
        println!("{} calls answered", *self.world.answers.borrow());
        self.world.served.lock().expect("nobody panicked").clone()
    }
}

async fn keep_coming(world: Arc<World>, number: u32) {
    for turn in 0.. {
        if !*world.open.borrow() {
            return;
        }
        let customer = Customer::live(&world, number * 10_000 + turn).await;
        world.served.lock().expect("nobody panicked").push(customer);
    }
}

/// What the customers were told is what the database holds; the accounts of
/// others are of no matter.
pub(crate) async fn check_ledger(db: &DatabaseConnection, customers: &[Customer]) {
    let stored = rows(
        db,
        "SELECT id, email, city, (SELECT count(*) FROM link \
         WHERE account_id = account.id AND unlink_time IS NULL) FROM account",
    );
    let mut stored: BTreeMap<i64, (String, String, i64)> = stored
        .await
        .iter()
        .map(|row| {
            let text = |place| row.try_get_by_index::<String>(place).expect("a text");
            let number = |place| row.try_get_by_index::<i64>(place).expect("a number");
            (number(0), (text(1), text(2), number(3)))
        })
        .collect();
    for customer in customers {
        let account = stored.remove(&i64::from(customer.account_id));
        let machines = if customer.second.1 { 1 } else { 2 };
        let told = (customer.email.clone(), customer.city.clone(), machines);
        assert_eq!(account, Some(told), "account {}", customer.account_id);
    }
}

impl World {
    /// The answer. There must be one: nobody calls again here.
    async fn answered<T: fmt::Debug>(
        &self,
        rpc: &str,
        call: impl Future<Output = Result<T, Error>>,
    ) -> T {
        let answer = call.await.unwrap_or_else(|error| panic!("{rpc}: {error:?}"));
        self.answers.send_modify(|answers| *answers += 1);
        answer
    }
}

/// A client with the options of a desktop program, but for the patience that a
/// slow machine needs.
fn client(urls: &[String]) -> Client {
    let options = ClientOptions::new().deadline(PATIENCE);
    Client::connect_any_lazy(urls, options).expect("a client")
}

fn linked(client: &Client, token: &str) -> Client {
    client.with_link_token(&LinkToken::parse(token).expect("a token"))
}

impl Customer {
    async fn live(world: &World, number: u32) -> Self {
        let client = client(&world.urls);
        let mut customer = Self::open_account(world, &client, number).await;
        let own = linked(&client, &customer.link_token);
        for step in 0..3 {
            customer.move_to(world, &own, &format!("Ville {number}-{step}")).await;
        }
        customer.second.0 = customer.register(world, &client).await;
        if number.is_multiple_of(2) {
            let second = linked(&client, &customer.second.0);
            world.answered("Unlink", second.unlink(v1::UnlinkRequest::default())).await;
            customer.second.1 = true;
        }
        let request_id = uuid(u128::from(number) * 10 + 5);
        let machine = Some(machine(u128::from(number) * 10 + 1));
        let resend = v1::ResendPasswordRequest { request_id, machine, ..Default::default() };
        world.answered("ResendPassword", own.resend_password(resend)).await;
        customer
    }

    async fn open_account(world: &World, client: &Client, number: u32) -> Self {
        let email = format!("client{number}@exemple.fr");
        let request = v1::CreateRequest {
            request_id: uuid(u128::from(number) * 10),
            email: email.clone(),
            machine: Some(machine(u128::from(number) * 10 + 1)),
            ..Default::default()
        };
        let challenge_id = world.answered("Create", client.create(request)).await.challenge_id;
        let code = code_to(&world.mail_folder, &email).await;
        let request = v1::ConfirmRequest { challenge_id, code };
        let confirmed = world.answered("Confirm", client.confirm(request)).await;
        assert!(!confirmed.account_existed, "{email} is confirmed once");
        let request = v1::SetPasswordRequest {
            ticket: confirmed.ticket,
            new_password: password(number),
            ..Default::default()
        };
        let set = world.answered("SetPassword", client.set_password(request)).await;
        Self {
            account_id: confirmed.account_id,
            number,
            email,
            city: String::new(),
            link_token: set.link_token,
            second: (String::new(), false),
        }
    }

    async fn move_to(&mut self, world: &World, own: &Client, city: &str) {
        let account = v1::Account { city: city.to_owned(), ..Default::default() };
        let request = v1::UpdateRequest {
            account: Some(account),
            update_mask: Some(FieldMask { paths: vec!["city".to_owned()] }),
            password: password(self.number),
        };
        let updated = world.answered("Update", own.update(request)).await;
        self.city = updated.account.expect("an account").city;
        assert_eq!(self.city, city);
    }

    async fn register(&self, world: &World, client: &Client) -> String {
        let request = v1::RegisterExistingRequest {
            account_id: self.account_id,
            secret: password(self.number),
            machine: Some(machine(u128::from(self.number) * 10 + 2)),
        };
        world.answered("RegisterExisting", client.register_existing(request)).await.link_token
    }

    /// The tokens that are alive read the account, and the dead one does not.
    pub(crate) async fn check_tokens(&self, urls: &[String]) {
        let client = client(urls);
        let get = async |token: &str| linked(&client, token).get(v1::GetRequest::default()).await;
        let own = get(&self.link_token).await.expect("the own machine is linked");
        assert_eq!(own.account.expect("an account").id, self.account_id);
        match get(&self.second.0).await {
            Ok(_) => assert!(!self.second.1, "a dead token lives again"),
            Err(error) => {
                assert!(self.second.1, "a link is lost: {error}");
                assert_eq!(error.reason(), Some(v1::ErrorReason::InvalidCredentials));
            }
        }
    }
}

fn password(number: u32) -> String {
    format!("{number} girafes lisent sous la pluie")
}
