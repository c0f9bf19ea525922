//! A PostgreSQL as careful operators run it: with timeouts of its own. What they end is
//! tried again, or the caller is told to come back; nobody is told of a fault of ours.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use gestan_account_client::{Code, v1};
use gestan_account_server::{
    randomness::SystemRandomness,
    storage::{
        database::{Database, DatabaseConfig},
        error::StorageError,
        postgres::sqlstate::{CLASSES, CODES, Remedy, remedy},
    },
};
use gestan_account_tests::{
    TestServer, TestServerOptions, change,
    postgres::{Cluster, VOLATILE},
    process::TIMEOUT,
    refused,
};
use sea_orm::{ConnectionTrait as _, DatabaseTransaction, TransactionTrait as _};
use tokio::time::{sleep, timeout};

const DATABASE: &str = "comptes";

fn cluster() -> Cluster {
    let cluster = Cluster::start(VOLATILE);
    cluster.execute("postgres", &format!("CREATE DATABASE {DATABASE}"));
    cluster
}

async fn server_on(cluster: &Cluster) -> TestServer {
    let database_url = Some(cluster.url(DATABASE));
    TestServer::start_with(TestServerOptions { database_url, ..Default::default() }).await
}

async fn open(cluster: &Cluster) -> Database {
    let config = DatabaseConfig::new(cluster.url(DATABASE), None);
    Database::open(&config, Arc::new(SystemRandomness)).await.expect("it opens")
}

/// PostgreSQL 15 has no `transaction_timeout`, and some of the others are hard to bring
/// about: here it says each of them itself.
#[tokio::test]
async fn each_refusal_of_postgresql_is_taken_as_the_table_says() {
    let cluster = cluster();
    let db = open(&cluster).await;
    // Those that operators bring about are named here once more.
    let named = [
        ("25P03", Remedy::TryAgain),
        ("55P03", Remedy::TryAgain),
        ("57014", Remedy::TryAgain),
        ("25P04", Remedy::ComeBack),
        ("28P01", Remedy::ComeBack),
        ("53300", Remedy::ComeBack),
        ("08006", Remedy::ComeBack),
        ("57P01", Remedy::ComeBack),
        ("58030", Remedy::ComeBack),
        ("42703", Remedy::Report),
    ];
    let in_the_table = CODES.iter().map(|(code, _, remedy, _)| (*code, *remedy));
    for (code, expected) in in_the_table.chain(named) {
        assert_eq!(remedy(code), expected, "{code}");
        let raise = format!("DO $$ BEGIN RAISE 'no' USING ERRCODE = '{code}'; END $$");
        let error = db.write().execute_unprepared(&raise).await.expect_err("it is raised");
        let told = match StorageError::from(error) {
            StorageError::Conflict(_) => Remedy::TryAgain,
            StorageError::Unavailable(_) => Remedy::ComeBack,
            StorageError::Fault(_) | StorageError::Unique(_) => Remedy::Report,
        };
        assert_eq!(told, expected, "{code}");
    }
    for (class, ..) in CLASSES {
        assert_eq!(remedy(&format!("{class}XYZ")), Remedy::ComeBack, "{class}");
    }
    db.close().await;
}

/// The server's connections, made anew after a setting of the database was changed.
async fn set(cluster: &Cluster, db: &Database, setting: &str) {
    cluster.execute("postgres", &format!("ALTER DATABASE {DATABASE} SET {setting}"));
    assert!(db.renew().await.expect("it connects"));
}

/// The account's row, locked by somebody else.
async fn lock(cluster: &Cluster) -> DatabaseTransaction {
    let other = sea_orm::Database::connect(cluster.url(DATABASE)).await.expect("it connects");
    let transaction = other.begin().await.expect("a transaction");
    let lock = "SELECT id FROM account FOR UPDATE";
    transaction.execute_unprepared(lock).await.expect("it is locked");
    transaction
}

async fn until_logged(cluster: &Cluster, words: &str) {
    let logged = async {
        while !cluster.log().contains(words) {
            sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(TIMEOUT, logged).await.unwrap_or_else(|_| panic!("never {words}: {}", cluster.log()));
}

fn to_lille() -> v1::UpdateRequest {
    change(&["city"], v1::Account { city: "Lille".to_owned(), ..Default::default() })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wait_that_the_database_ends_is_tried_again_and_nobody_is_told() {
    for (setting, words) in [
        ("lock_timeout = '1s'", "canceling statement due to lock timeout"),
        ("statement_timeout = '1s'", "canceling statement due to statement timeout"),
    ] {
        let cluster = cluster();
        let mut server = server_on(&cluster).await;
        let member = server.open_account("jeanne@exemple.fr", 1).await;
        set(&cluster, &server.accounts.db, setting).await;
        let locked = lock(&cluster).await;
        let client = member.client.clone();
        let update = tokio::spawn(async move { client.update(to_lille()).await });
        until_logged(&cluster, words).await;
        locked.rollback().await.expect("it is unlocked");
        let updated = update.await.expect("no panic").expect(setting);
        assert_eq!(updated.account.expect("an account").city, "Lille", "{setting}");
        let changes = "SELECT count(*) FROM audit_event WHERE fields LIKE '%city%'";
        assert_eq!(cluster.query(DATABASE, changes).trim(), "1", "{setting}");
        server.leaves_mail();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wait_that_the_database_ends_time_and_again_is_no_fault_of_ours() {
    let cluster = cluster();
    let server = server_on(&cluster).await;
    let member = server.open_account("jeanne@exemple.fr", 1).await;
    set(&cluster, &server.accounts.db, "lock_timeout = '1s'").await;
    let locked = lock(&cluster).await;
    let refusal = refused(member.client.update(to_lille()).await);
    assert_eq!(refusal.code(), Code::Unavailable, "{refusal}");
    assert!(refusal.retry_delay().is_some(), "{refusal:?}");
    locked.rollback().await.expect("it is unlocked");
    member.update(to_lille()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_transaction_that_the_database_ends_while_it_is_idle_is_tried_again() {
    let cluster = cluster();
    let db = open(&cluster).await;
    db.migrate().await.expect("migrations apply");
    set(&cluster, &db, "idle_in_transaction_session_timeout = '1s'").await;
    let attempts = AtomicU32::new(0);
    let kept = db.retry(|| async {
        let attempt = attempts.fetch_add(1, Ordering::Relaxed);
        let transaction = db.begin().await?;
        let write = format!("INSERT INTO throttle VALUES ('attempt {attempt}', '[]', 0)");
        transaction.execute_unprepared(&write).await?;
        if attempt == 0 {
            until_logged(&cluster, "terminating connection due to idle-in-transaction").await;
        }
        transaction.execute_unprepared("UPDATE throttle SET expire_time = 1").await?;
        transaction.commit().await
    });
    let kept: Result<(), StorageError> = kept.await;
    kept.expect("it is kept in the end");
    let keys = "SELECT count(*) FROM throttle";
    assert_eq!(cluster.query(DATABASE, keys).trim(), "1", "the first attempt has left nothing");
    assert!(attempts.into_inner() > 1);
    db.close().await;
}
