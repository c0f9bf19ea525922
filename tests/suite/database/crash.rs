//! Killed at any moment, the server loses nothing that it acknowledged: many
//! customers at work, the real program on a real database, SIGKILL again and
//! again. What was acknowledged is written down here, and looked for at the end.

use gestan_account_tests::{
    End, Replicas,
    ledger::{Calls, Ledger},
    process::{Home, ServerProcess},
};
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};

const KILLS: usize = 24;
const KILLS_OF_REPLICAS: usize = 50;
const CUSTOMERS: u32 = 8;
const SEED: u64 = 20_261_124;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_server_has_lost_nothing_that_it_acknowledged() {
    let home = Home::new();
    let arguments = ["--mail-lease", "2s"];
    let mut server = ServerProcess::start(&home, &arguments).await;
    let mut ledger =
        Ledger::open(Calls::Repeated, vec![server.address], home.mail_folder(), CUSTOMERS);
    let mut chance = StdRng::seed_from_u64(SEED);
    for _ in 0..KILLS {
        ledger.wait_for_a_moment(1..=40, &mut chance).await;
        server.kill().await;
        server = ServerProcess::start(&home, &arguments).await;
        ledger.moved_to(vec![server.address]);
    }
    ledger.close_and_check(&home.database_url()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn replicas_that_are_killed_fifty_times_lose_nothing_that_they_acknowledged() {
    let mut replicas = Replicas::start(Home::new()).await;
    let (servers, mails) = (replicas.addresses(), replicas.mail_folder());
    let mut ledger = Ledger::open(Calls::Repeated, servers, mails, CUSTOMERS);
    let mut chance = StdRng::seed_from_u64(SEED);
    for _ in 0..KILLS_OF_REPLICAS {
        ledger.wait_for_a_moment(1..=40, &mut chance).await;
        replicas.restart(chance.random_range(0..Replicas::COUNT), End::Killed).await;
    }
    ledger.close_and_check(&replicas.database_url()).await;
}
