//! Another process is in a transaction that writes to the SQLite file, and does not end it:
//! here it is that of the tests.
//!
//! A test of one database alone is the same, whichever one the others run on: it runs
//! once.

use std::{fs, process};

use gestan_account_client::{ClientOptions, Code};
use gestan_account_tests::{
    becomes, count, creation, is_postgres,
    process::{Home, ServerProcess, run_to_end},
};
use sea_orm::{
    ConnectOptions, ConnectionTrait as _, Database, DatabaseConnection, TransactionTrait as _,
};
use tonic_health::pb::health_check_response::ServingStatus;

/// Another connection to the database of `home`, from this process.
async fn connection(home: &Home) -> DatabaseConnection {
    let mut options = ConnectOptions::new(home.database_url());
    options.max_connections(1);
    Database::connect(options).await.expect("a database")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_server_starts_while_another_process_writes_and_serves_when_that_ends() {
    if is_postgres() {
        return;
    }
    let home = Home::on_sqlite();
    let first = ServerProcess::start(&home, &[]).await;
    let client = first.connect(ClientOptions::new()).await;
    client.create(creation(1)).await.expect("Create is answered");
    let db = connection(&home).await;
    let stuck = db.begin().await.expect("a transaction");
    stuck.execute_unprepared("UPDATE heartbeat SET time = time").await.expect("it writes");

    let second = ServerProcess::start(&home, &[]).await;
    becomes(&second.url(), ServingStatus::NotServing).await;
    let told = format!("process {}", process::id());
    for server in [&first, &second] {
        server.wait_for_log(&told).await;
        let once = ClientOptions::new().max_attempts(1);
        let error = server.connect(once).await.create(creation(2)).await.expect_err("it waits");
        let rejection = error.rejection().unwrap_or_else(|| panic!("{error:?}"));
        assert_eq!(rejection.code(), Code::Unavailable, "{rejection:?}");
    }

    stuck.rollback().await.expect("it ends");
    for (number, server) in (3..).zip([&first, &second]) {
        becomes(&server.url(), ServingStatus::Serving).await;
        let client = server.connect(ClientOptions::new()).await;
        client.create(creation(number)).await.expect("Create is answered");
    }
    assert_eq!(count(&db, "SELECT count(*) FROM challenge").await, 3, "nothing is lost");
    db.close().await.expect("it closes");
}

#[tokio::test]
async fn commands_end_while_another_process_writes_and_say_which() {
    if is_postgres() {
        return;
    }
    let home = Home::on_sqlite();
    let run = async |arguments: &[&str]| run_to_end(home.command().args(arguments)).await;
    let refused = async |arguments: &[&str], part: &str| {
        let ended = run(arguments).await;
        assert!(!ended.status.success(), "{arguments:?}: {}", ended.log);
        assert!(ended.log.contains(part), "{arguments:?}: {}", ended.log);
        assert_eq!(ended.printed, "", "{arguments:?}");
    };
    let done = async |arguments: &[&str]| {
        let ended = run(arguments).await;
        assert!(ended.status.success(), "{arguments:?}: {}", ended.log);
        ended.printed
    };
    done(&["migrate"]).await;
    done(&["support-key", "create", "anne"]).await;
    let db = connection(&home).await;
    let stuck = db.begin().await.expect("a transaction");
    stuck.execute_unprepared("DELETE FROM support_key").await.expect("it writes");

    let told = format!("nothing was changed: process {} (", process::id());
    refused(&["support-key", "create", "jean"], &told).await;
    refused(&["support-key", "revoke", "1"], &told).await;
    // What only reads, or finds nothing to do, does not wait.
    assert!(done(&["support-key", "list"]).await.contains("anne"));
    done(&["migrate"]).await;
    done(&["backup", "--to", "copie.sqlite"]).await;
    let url = home.database_url();
    refused(&["copy", "--from", &url, "--to", "sqlite:autre.sqlite"], "is in use").await;

    stuck.rollback().await.expect("it ends");
    let keys = done(&["support-key", "list"]).await;
    assert!(keys.contains("anne") && !keys.contains("jean") && !keys.contains("revoked"), "{keys}");
    db.close().await.expect("it closes");
    fs::rename(home.path().join("copie.sqlite"), home.path().join("data/gestan-account.sqlite"))
        .expect("it is put back");
    assert!(done(&["support-key", "list"]).await.contains("anne"), "the backup is whole");
}

#[tokio::test]
async fn a_schema_that_cannot_be_made_because_another_process_writes_is_told() {
    if is_postgres() {
        return;
    }
    let home = Home::on_sqlite();
    fs::create_dir(home.path().join("data")).expect("a folder");
    fs::write(home.path().join("data/gestan-account.sqlite"), "").expect("a file");
    let db = connection(&home).await;
    for sql in ["PRAGMA journal_mode = WAL", "CREATE TABLE autre (n INTEGER)"] {
        db.execute_unprepared(sql).await.expect("it is done");
    }
    let stuck = db.begin().await.expect("a transaction");
    stuck.execute_unprepared("INSERT INTO autre VALUES (1)").await.expect("it writes");
    for arguments in [&["serve", "--listen", "127.0.0.1:0"][..], &["migrate"]] {
        let ended = run_to_end(home.command().args(arguments)).await;
        assert!(!ended.status.success(), "{}", ended.log);
        let told = format!("nothing was changed: process {} (", process::id());
        assert!(ended.log.contains(&told), "{}", ended.log);
    }
    stuck.rollback().await.expect("it ends");
    let ended = run_to_end(home.command().arg("migrate")).await;
    assert!(ended.status.success(), "{}", ended.log);
    db.close().await.expect("it closes");
}

/// As `copy` locks its source, and other programs the file that they work on.
#[tokio::test]
async fn a_file_that_another_process_has_locked_is_told() {
    if is_postgres() {
        return;
    }
    let home = Home::on_sqlite();
    let ended = run_to_end(home.command().arg("migrate")).await;
    assert!(ended.status.success(), "{}", ended.log);
    let db = connection(&home).await;
    let lock = "PRAGMA locking_mode = EXCLUSIVE; BEGIN IMMEDIATE; UPDATE heartbeat SET time = time";
    db.execute_unprepared(lock).await.expect("it is locked");
    let ended = run_to_end(home.command().arg("migrate")).await;
    assert!(!ended.status.success(), "{}", ended.log);
    let told = format!("process {} (", process::id());
    assert!(ended.log.contains(&told) && ended.log.contains("has locked it"), "{}", ended.log);
    db.close().await.expect("it closes");
}
