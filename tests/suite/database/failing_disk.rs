//! The disk of the database fails, becomes read-only or full at each write in turn:
//! the call is refused or done, and what is acknowledged afterwards is stored.
//!
//! A test of one database alone is the same, whichever one the others run on: it runs
//! once.

use gestan_account_client::{ClientOptions, Code};
use gestan_account_tests::{
    FailingDisk, Failure, becomes, count, creation, is_postgres,
    ledger::{Calls, Ledger},
    process::{Home, ServerProcess},
};
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use sea_orm::Database;
use tokio::time::{Duration, sleep};
use tonic_health::pb::health_check_response::ServingStatus;

const SEED: u64 = 20_261_128;
const FAILURES: [Failure; 3] = [Failure::Broken, Failure::ReadOnly, Failure::Full];

async fn start(home: &Home, disk: &FailingDisk) -> ServerProcess {
    let mut command = home.command();
    disk.carry(&mut command);
    ServerProcess::start_as(command, home, &["--mail-lease", "2s"]).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_whose_write_fails_is_refused_and_the_next_one_is_stored() {
    if is_postgres() {
        return;
    }
    let (home, disk) = (Home::on_sqlite(), FailingDisk::new());
    let server = start(&home, &disk).await;
    let client = server.connect(ClientOptions::new().max_attempts(1)).await;
    let db = Database::connect(home.database_url()).await.expect("a database");
    let (mut number, mut refused) = (0, 0);
    for failure in FAILURES {
        for before in 0..12 {
            number += 1;
            disk.fail(failure, before);
            let outcome = client.create(creation(number)).await;
            disk.work();
            if let Err(error) = outcome {
                let rejection = error.rejection().unwrap_or_else(|| panic!("{error:?}"));
                assert_eq!(rejection.code(), Code::Unavailable, "{rejection:?}");
                assert!(rejection.retry_delay().is_some() && disk.failed() > 0, "{rejection:?}");
                refused += 1;
            }
            // Asked again it is stored, and so is another one.
            client.create(creation(number)).await.expect("the disk works");
            client.create(creation(number + 1_000)).await.expect("the disk works");
            let emails = format!(
                "email IN ('client{number}@exemple.fr', 'client{}@exemple.fr')",
                number + 1_000
            );
            let stored = format!("SELECT count(*) FROM challenge WHERE {emails}");
            assert_eq!(count(&db, &stored).await, 2, "{failure:?} after {before}");
        }
    }
    assert!(refused >= 9, "only {refused} were refused");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_the_disk_fails_nothing_is_served_and_then_it_is_again() {
    if is_postgres() {
        return;
    }
    let (home, disk) = (Home::on_sqlite(), FailingDisk::new());
    let server = start(&home, &disk).await;
    for failure in FAILURES {
        becomes(&server.url(), ServingStatus::Serving).await;
        disk.fail(failure, 0);
        becomes(&server.url(), ServingStatus::NotServing).await;
        disk.work();
        assert!(disk.failed() > 0);
    }
    becomes(&server.url(), ServingStatus::Serving).await;
    let log = server.log();
    let told = log.lines().filter(|line| line.contains("ERROR") && line.contains("not serving"));
    assert!(told.count() >= 3, "each reason is told:\n{log}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disk_that_fails_at_any_moment_loses_nothing() {
    if is_postgres() {
        return;
    }
    let (home, disk) = (Home::on_sqlite(), FailingDisk::new());
    let server = start(&home, &disk).await;
    let mut ledger = Ledger::open(Calls::Repeated, vec![server.address], home.mail_folder(), 6);
    let mut chance = StdRng::seed_from_u64(SEED);
    for turn in 0..20 {
        ledger.wait_for_a_moment(5..=30, &mut chance).await;
        disk.fail(FAILURES[turn % 3], chance.random_range(0..20));
        sleep(Duration::from_millis(chance.random_range(0..300))).await;
        disk.work();
    }
    ledger.get_on(50).await;
    ledger.close_and_check(&home.database_url()).await;
}
