//! Three servers on one database are restarted one after the other, politely
//! and by SIGKILL, while customers are at work, and no customer notices: no
//! call fails that may be repeated, and what was acknowledged is there.

use gestan_account_tests::{End, Replicas, count, process::Home};
use sea_orm::Database;

use crate::customers::{AtWork, check_ledger};

const CUSTOMERS_AT_ONCE: u32 = 6;

/// How many calls are answered before the next server goes.
const CALLS_BETWEEN: u64 = 30;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_call_that_may_be_repeated_fails_while_each_server_is_restarted() {
    let mut replicas = Replicas::start(Home::new()).await;
    let urls = replicas.urls();
    let mut at_work = AtWork::start(urls.clone(), replicas.mail_folder(), CUSTOMERS_AT_ONCE);
    for end in [End::Asked, End::Killed] {
        for place in 0..Replicas::COUNT {
            at_work.get_on(CALLS_BETWEEN).await;
            replicas.restart(place, end).await;
        }
    }
    at_work.get_on(CALLS_BETWEEN).await;
    let customers = at_work.stop().await;

    let db = Database::connect(replicas.database_url()).await.expect("the database opens");
    check_ledger(&db, &customers).await;
    let accounts = count(&db, "SELECT count(*) FROM account").await;
    assert_eq!(usize::try_from(accounts), Ok(customers.len()), "one account a customer");
    for customer in &customers {
        customer.check_tokens(&urls).await;
    }
}
