//! Three servers on one database are restarted one after the other, by SIGTERM
//! and by SIGKILL, while customers are at work, and no customer notices: no
//! call fails that may be repeated, and what was acknowledged is there.

use gestan_account_tests::{
    End, Replicas,
    ledger::{Calls, Ledger},
    process::Home,
};

const CUSTOMERS: u32 = 6;

/// How many calls are answered before the next server goes.
const CALLS_BETWEEN: u64 = 30;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_call_that_may_be_repeated_fails_while_each_server_is_restarted() {
    let mut replicas = Replicas::start(Home::new()).await;
    let (servers, mails) = (replicas.addresses(), replicas.mail_folder());
    let mut ledger = Ledger::open(Calls::Once, servers, mails, CUSTOMERS);
    for end in [End::Asked, End::Killed] {
        for place in 0..Replicas::COUNT {
            ledger.get_on(CALLS_BETWEEN).await;
            replicas.restart(place, end).await;
        }
    }
    ledger.get_on(CALLS_BETWEEN).await;
    ledger.close_and_check(&replicas.database_url()).await;
}
