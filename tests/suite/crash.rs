//! Killed at any moment, the server loses nothing that it acknowledged: many
//! customers at work, the real program on a real database, SIGKILL again and
//! again. What was acknowledged is written down here, and looked for at the end.

mod customer;
mod world;

use std::{collections::BTreeMap, sync::Arc};

use gestan_account_tests::{
    count,
    process::{Home, MailFile, PATIENCE, ServerProcess, mail_files},
    rows,
};
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use sea_orm::{Database, DatabaseConnection};
use tokio::{
    task::JoinSet,
    time::{Duration, sleep, timeout},
};

use self::{customer::Customer, world::World};

const KILLS: usize = 24;
const CUSTOMERS_AT_ONCE: u32 = 8;
const SEED: u64 = 20_261_124;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_server_has_lost_nothing_that_it_acknowledged() {
    let home = Home::new();
    let arguments = ["--mail-lease", "2s"];
    let mut server = ServerProcess::start(&home, &arguments).await;
    let (world, reading) = World::new(server.address, home.mail_folder());
    let mut at_work = JoinSet::new();
    for number in 0..CUSTOMERS_AT_ONCE {
        at_work.spawn(customer::keep_coming(Arc::clone(&world), number));
    }

    let mut chance = StdRng::seed_from_u64(SEED);
    for _ in 0..KILLS {
        // So much is done between two kills, then the blow falls anywhere.
        tokio::select! {
            () = world.wait_for_answers(chance.random_range(1..=40)) => {}
            ended = at_work.join_next() => panic!("a customer has trouble: {ended:?}"),
        }
        sleep(Duration::from_micros(chance.random_range(0..20_000))).await;
        server.kill().await;
        server = ServerProcess::start(&home, &arguments).await;
        world.moved_to(server.address);
    }
    world.close();
    let customers: Vec<Customer> = at_work.join_all().await.into_iter().flatten().collect();

    for customer in &customers {
        customer.check_nothing_is_lost(&world).await;
    }
    let db = Database::connect(home.database_url()).await.expect("the database opens");
    check_one_account_each(&db, customers.len()).await;
    let mails = check_every_mail(&db, &world).await;
    reading.abort();
    println!(
        "{KILLS} kills, {} customers, acknowledged: {:?}; {mails}",
        customers.len(),
        world.acknowledged()
    );
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
