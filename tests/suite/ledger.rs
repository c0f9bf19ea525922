//! A ledger of what was acknowledged: customers at work who insist on every
//! call until it is answered, and whose every word from the server is looked for
//! at the end, whatever befell the servers meanwhile.

mod customer;
mod world;

use std::{collections::BTreeMap, net::SocketAddr, ops::RangeInclusive, path::PathBuf, sync::Arc};

use gestan_account_tests::{
    count,
    process::{MailFile, PATIENCE, mail_files},
    rows,
};
use rand::{RngExt as _, rngs::StdRng};
use sea_orm::{Database, DatabaseConnection};
use tokio::{
    task::{JoinHandle, JoinSet},
    time::{Duration, sleep, timeout},
};

use self::customer::Customer;
pub(crate) use self::world::World;

/// The customers at work.
pub(crate) struct Ledger {
    /// What they share.
    pub(crate) world: Arc<World>,
    reading: JoinHandle<()>,
    at_work: JoinSet<Vec<Customer>>,
}

impl Ledger {
    /// So many customers at once, one after the other, each call to any server.
    pub(crate) fn open(servers: Vec<SocketAddr>, mail_folder: PathBuf, at_once: u32) -> Self {
        let (world, reading) = World::new(servers, mail_folder);
        let mut at_work = JoinSet::new();
        for number in 0..at_once {
            at_work.spawn(customer::keep_coming(Arc::clone(&world), number));
        }
        Self { world, reading, at_work }
    }

    /// Waits until so many more calls are acknowledged.
    pub(crate) async fn get_on(&mut self, calls: u64) {
        tokio::select! {
            () = self.world.wait_for_answers(calls) => {}
            ended = self.at_work.join_next() => panic!("a customer has trouble: {ended:?}"),
        }
    }

    /// Waits until so much more is done, and then a little, so that the next
    /// blow falls anywhere.
    pub(crate) async fn wait_for_a_moment(
        &mut self,
        calls: RangeInclusive<u64>,
        chance: &mut StdRng,
    ) {
        self.get_on(chance.random_range(calls)).await;
        sleep(Duration::from_micros(chance.random_range(0..20_000))).await;
    }

    /// Lets every customer finish, and looks for all that was acknowledged.
    pub(crate) async fn close_and_check(self, database_url: &str) {
        self.world.close();
        let customers: Vec<Customer> =
            self.at_work.join_all().await.into_iter().flatten().collect();
        for customer in &customers {
            customer.check_nothing_is_lost(&self.world).await;
        }
        let db = Database::connect(database_url).await.expect("the database opens");
        check_one_account_each(&db, customers.len()).await;
        let mails = check_every_mail(&db, &self.world).await;
        self.reading.abort();
        let acknowledged = self.world.acknowledged();
        println!("{} customers, acknowledged: {acknowledged:?}; {mails}", customers.len());
    }
}

async fn check_one_account_each(db: &DatabaseConnection, customers: usize) {
    let accounts = count(db, "SELECT count(*) FROM account").await;
    assert_eq!(usize::try_from(accounts), Ok(customers), "one account a customer");
    let twice = "SELECT email_key FROM account GROUP BY email_key HAVING count(*) > 1";
    assert!(rows(db, twice).await.is_empty(), "an address has two accounts");
}

/// Every mail that was owed has come, and what came twice has one Message-ID.
async fn check_every_mail(db: &DatabaseConnection, world: &World) -> String {
    let sent = async {
        let pending = "SELECT count(*) FROM outbox_mail WHERE state = 'pending'";
        while count(db, pending).await > 0 {
            sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(PATIENCE, sent).await.expect("the outbox becomes empty");
    let owed = rows(db, "SELECT state FROM outbox_mail").await;
    for row in &owed {
        let state: String = row.try_get_by_index(0).expect("a state");
        // Dropped: it came, and its code was used before the server knew that it was sent.
        assert!(["sent", "dropped"].contains(&state.as_str()), "a mail is {state}");
    }
    let mails = mail_files(world.mail_folder());
    let mut by_id: BTreeMap<&str, Vec<&MailFile>> = BTreeMap::new();
    for mail in &mails {
        by_id.entry(&mail.message_id).or_default().push(mail);
    }
    assert_eq!(by_id.len(), owed.len(), "a mail was lost, or has two Message-IDs");
    for copies in by_id.values() {
        assert!(copies.iter().all(|copy| copy.to == copies[0].to), "an ID of two mails");
    }
    format!("{} mails, of which {} twice", by_id.len(), mails.len() - by_id.len())
}
