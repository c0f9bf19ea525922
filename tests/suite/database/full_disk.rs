//! The disk of the database fills, for real, and has room again: what was
//! acknowledged is on it, what was not was refused, and nobody restarts anything.
//!
//! A test of one database alone is the same, whichever one the others run on: it runs
//! once.

use gestan_account_client::{ClientOptions, Code, Error, FieldMask, v1};
use gestan_account_tests::{
    PASSWORD, SmallDisk, becomes, count, creation, is_postgres,
    ledger::{Calls, Ledger},
    machine, may_mount, new_password,
    postgres::Cluster,
    process::{Home, ServerProcess, run_to_end},
    text,
};
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use sea_orm::Database;
use tokio::time::{Duration, sleep};
use tonic_health::pb::health_check_response::ServingStatus;

const SEED: u64 = 20_261_128;

fn move_to(city: String) -> v1::UpdateRequest {
    v1::UpdateRequest {
        account: Some(v1::Account { city, ..Default::default() }),
        update_mask: Some(FieldMask { paths: vec!["city".to_owned()] }),
        password: PASSWORD.to_owned(),
    }
}

fn assert_is_away<T: std::fmt::Debug>(outcome: Result<T, Error>) {
    let error = outcome.expect_err("nothing can be stored");
    let rejection = error.rejection().unwrap_or_else(|| panic!("{error:?}"));
    assert_eq!(rejection.code(), Code::Unavailable, "{rejection:?}");
    assert_eq!(rejection.reason(), v1::ErrorReason::DatabaseUnavailable);
    assert!(rejection.retry_delay().is_some(), "{rejection:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_call_acknowledged_after_the_disk_was_full_is_stored() {
    if is_postgres()
        || !may_mount(
            "database::full_disk::every_call_acknowledged_after_the_disk_was_full_is_stored",
        )
    {
        return;
    }
    let disk = SmallDisk::new(20);
    let home = Home::with_database(disk.sqlite_url());
    let server = ServerProcess::start(&home, &[]).await;
    let client = server.connect(ClientOptions::new().max_attempts(1)).await;
    let member = server.open_account(&client, 1).await.client;
    becomes(&server.url(), ServingStatus::Serving).await;

    disk.fill();
    assert_is_away(client.create(creation(2)).await);
    assert_is_away(member.update(move_to("Nulle part".to_owned())).await);
    assert_is_away(member.unlink(v1::UnlinkRequest::default()).await);
    let read = member.get(v1::GetRequest::default()).await.expect("reading goes on");
    assert_eq!(read.account.expect("an account").city, "");
    becomes(&server.url(), ServingStatus::NotServing).await;
    server.wait_for_log("ERROR").await;

    disk.make_room();
    for number in 0..20 {
        client.create(creation(100 + number)).await.expect("there is room");
        member.update(move_to(format!("Ville {number}"))).await.expect("there is room");
    }
    let changed = member.set_password(v1::SetPasswordRequest {
        current_password: PASSWORD.to_owned(),
        new_password: new_password(1),
        ..Default::default()
    });
    changed.await.expect("there is room");
    becomes(&server.url(), ServingStatus::Serving).await;

    // Another process reads what is on disk, and mail comes.
    let db = Database::connect(disk.sqlite_url()).await.expect("a database");
    let challenges = "SELECT count(*) FROM challenge WHERE email LIKE 'client1__@exemple.fr'";
    assert_eq!(count(&db, challenges).await, 20);
    assert_eq!(text(&db, "SELECT city FROM account").await.as_deref(), Some("Ville 19"));
    server.code_to("client119@exemple.fr").await;
    db.close().await.expect("it closes");
    server.terminate().await;
    let (status, log) = server.wait().await;
    assert!(status.success(), "{log}");

    let server = ServerProcess::start(&home, &[]).await;
    let again = server.connect(ClientOptions::new().max_attempts(1)).await;
    let joined = again.register_existing(v1::RegisterExistingRequest {
        account_id: 1,
        secret: new_password(1),
        machine: Some(machine(9)),
    });
    let account = joined.await.expect("the new password serves").account.expect("an account");
    assert_eq!(account.city, "Ville 19");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disk_that_fills_at_any_moment_loses_nothing() {
    if is_postgres()
        || !may_mount("database::full_disk::a_disk_that_fills_at_any_moment_loses_nothing")
    {
        return;
    }
    let disk = SmallDisk::new(40);
    let home = Home::with_database(disk.sqlite_url());
    let server = ServerProcess::start(&home, &["--mail-lease", "2s"]).await;
    let mut ledger = Ledger::open(Calls::Repeated, vec![server.address], home.mail_folder(), 6);
    let mut chance = StdRng::seed_from_u64(SEED);
    for turn in 0..8 {
        ledger.wait_for_a_moment(10..=40, &mut chance).await;
        disk.fill();
        if turn % 4 == 0 {
            becomes(&server.url(), ServingStatus::NotServing).await;
            // Onto the disk that is full, beside the database.
            let copy = disk.path().join("copie.sqlite");
            let copy = copy.to_str().expect("UTF-8");
            let backup = run_to_end(home.command().args(["backup", "--to", copy])).await;
            assert!(!backup.status.success(), "there is no room");
        } else {
            sleep(Duration::from_millis(chance.random_range(0..500))).await;
        }
        disk.make_room();
    }
    becomes(&server.url(), ServingStatus::Serving).await;
    let copy = home.path().join("copie.sqlite");
    let backup = run_to_end(home.command().args(["backup", "--to"]).arg(&copy)).await;
    assert!(backup.status.success(), "{}", backup.log);
    ledger.get_on(50).await;
    ledger.close_and_check(&disk.sqlite_url()).await;
}

/// PostgreSQL gives up by itself when it cannot write its log; its operator starts it
/// again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_postgresql_whose_disk_fills_loses_nothing() {
    if !is_postgres()
        || !may_mount("database::full_disk::a_postgresql_whose_disk_fills_loses_nothing")
    {
        return;
    }
    let disk = SmallDisk::new(160);
    let settings = ["max_wal_size=4MB", "min_wal_size=2MB"];
    let cluster = Cluster::start_on(disk.path(), &settings);
    cluster.execute("postgres", "CREATE DATABASE comptes");
    let home = Home::with_database(cluster.url("comptes"));
    let server = ServerProcess::start(&home, &["--mail-lease", "2s"]).await;
    let mut ledger = Ledger::open(Calls::Repeated, vec![server.address], home.mail_folder(), 6);
    let mut chance = StdRng::seed_from_u64(SEED);
    for turn in 0..3 {
        ledger.wait_for_a_moment(10..=40, &mut chance).await;
        disk.fill();
        if turn > 0 {
            cluster.use_up_log();
        }
        sleep(Duration::from_millis(chance.random_range(500..1_500))).await;
        disk.make_room();
        cluster.start_if_down();
        becomes(&server.url(), ServingStatus::Serving).await;
    }
    let log = cluster.log();
    assert!(log.contains("No space left on device") && log.contains("PANIC"), "{log}");
    ledger.get_on(50).await;
    ledger.close_and_check(&cluster.url("comptes")).await;
}
