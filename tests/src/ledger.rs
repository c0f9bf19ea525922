//! A ledger of what was acknowledged: customers at work, whose every word from the
//! server is written down and looked for at the end, whatever befell the servers
//! meanwhile.

mod caller;
mod customer;

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    ops::RangeInclusive,
    path::PathBuf,
    sync::{Arc, Mutex},
};

use rand::{RngExt as _, rngs::StdRng};
use sea_orm::{ConnectionTrait, Database};
use tokio::{
    sync::watch,
    task::JoinSet,
    time::{Duration, sleep, timeout},
};

use self::caller::{Caller, Servers};
pub use self::{caller::Calls, customer::Customer};
use crate::{
    count,
    mailbox::Mailbox,
    process::{MailFile, TIMEOUT, mail_files},
    rows,
};

/// The customers at work.
#[derive(Debug)]
pub struct Ledger {
    world: Arc<World>,
    at_work: JoinSet<()>,
}

/// What the customers share.
#[derive(Debug)]
struct World {
    servers: Arc<Servers>,
    mailbox: Mailbox,
    is_open: watch::Sender<bool>,
    served: Mutex<Vec<Customer>>,
}

impl Ledger {
    /// So many customers work side by side, and another comes after each.
    #[must_use]
    pub fn open(
        calls: Calls,
        servers: Vec<SocketAddr>,
        mail_folder: PathBuf,
        customers: u32,
    ) -> Self {
        let world = Arc::new(World {
            servers: Servers::new(calls, servers),
            mailbox: Mailbox::open(mail_folder),
            is_open: watch::Sender::new(true),
            served: Mutex::default(),
        });
        let mut at_work = JoinSet::new();
        for number in 0..customers {
            at_work.spawn(keep_coming(Arc::clone(&world), number));
        }
        Self { world, at_work }
    }

    /// The servers are elsewhere now.
    pub fn moved_to(&self, servers: Vec<SocketAddr>) {
        self.world.servers.moved_to(servers);
    }

    /// Waits until so many more calls are answered.
    ///
    /// # Panics
    /// When a customer is in trouble.
    pub async fn get_on(&mut self, calls: u64) {
        tokio::select! {
            () = self.world.servers.wait_for_answers(calls) => {}
            ended = self.at_work.join_next() => panic!("a customer has trouble: {ended:?}"),
        }
    }

    /// Waits until so much more is done, and then a little, so that the next
    /// blow falls anywhere.
    pub async fn wait_for_a_moment(&mut self, calls: RangeInclusive<u64>, chance: &mut StdRng) {
        self.get_on(chance.random_range(calls)).await;
        sleep(Duration::from_micros(chance.random_range(0..20_000))).await;
    }

    /// The customers that have done all that they wanted.
    ///
    /// # Panics
    /// When a customer is in trouble.
    #[must_use]
    pub fn served(&self) -> Vec<Customer> {
        self.world.served.lock().expect("no customer panicked").clone()
    }

    /// Lets every customer finish; gives them all.
    ///
    /// # Panics
    /// When a customer is in trouble.
    pub async fn close(&mut self) -> Vec<Customer> {
        self.world.is_open.send_replace(false);
        while let Some(ended) = self.at_work.join_next().await {
            ended.expect("a customer is served");
        }
        let customers = self.served();
        println!("{} customers, answered: {:?}", customers.len(), self.world.servers.answered());
        customers
    }

    /// Lets every customer finish, and looks for all that was acknowledged.
    ///
    /// # Panics
    /// When something is lost.
    pub async fn close_and_check(mut self, database_url: &str) {
        let customers = self.close().await;
        let caller = Caller::new(&self.world.servers);
        for customer in &customers {
            customer.check_nothing_is_lost(&caller).await;
        }
        let db = Database::connect(database_url).await.expect("the database opens");
        check_one_account_each(&db, customers.len()).await;
        check_every_mail(&db, &self.world.mailbox).await;
    }
}

/// Looks by another server for all that these customers were told.
///
/// # Panics
/// When something is lost.
pub async fn check(customers: &[Customer], server: SocketAddr) {
    let caller = Caller::new(&Servers::new(Calls::Once, vec![server]));
    for customer in customers {
        customer.check_nothing_is_lost(&caller).await;
    }
}

async fn keep_coming(world: Arc<World>, number: u32) {
    for turn in 0.. {
        if !*world.is_open.borrow() {
            break;
        }
        let caller = Caller::new(&world.servers);
        let customer = Customer::live(&caller, &world.mailbox, number * 10_000 + turn).await;
        world.served.lock().expect("no customer panicked").push(customer);
    }
}

async fn check_one_account_each(db: &impl ConnectionTrait, customers: usize) {
    let accounts = count(db, "SELECT count(*) FROM account").await;
    assert_eq!(usize::try_from(accounts), Ok(customers), "one account a customer");
    let twice = "SELECT email_key FROM account GROUP BY email_key HAVING count(*) > 1";
    assert!(rows(db, twice).await.is_empty(), "an address has two accounts");
}

/// Every mail that was queued has come, and what came twice has one Message-ID.
async fn check_every_mail(db: &impl ConnectionTrait, mailbox: &Mailbox) {
    let sent = async {
        let pending = "SELECT count(*) FROM outbox_mail WHERE state = 'pending'";
        while count(db, pending).await > 0 {
            sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(TIMEOUT, sent).await.expect("the outbox becomes empty");
    let queued = rows(db, "SELECT state FROM outbox_mail").await;
    for row in &queued {
        let state: String = row.try_get_by_index(0).expect("a state");
        // Dropped: it came, and its code was used before the server knew that it was sent.
        assert!(["sent", "dropped"].contains(&state.as_str()), "a mail is {state}");
    }
    let mails = mail_files(mailbox.folder());
    let mut by_id: BTreeMap<&str, Vec<&MailFile>> = BTreeMap::new();
    for mail in &mails {
        by_id.entry(&mail.message_id).or_default().push(mail);
    }
    assert_eq!(by_id.len(), queued.len(), "a mail was lost, or has two Message-IDs");
    for copies in by_id.values() {
        assert!(copies.iter().all(|copy| copy.to == copies[0].to), "an ID of two mails");
    }
    println!("{} mails, of which {} twice", by_id.len(), mails.len() - by_id.len());
}
