//! The database goes away, in the ways that databases do, under the hands of
//! three servers at work: a PostgreSQL of its own, on disk, for each test.

use std::{sync::Arc, time::Duration};

use gestan_account_client::{Client, ClientOptions, Code, v1};
use gestan_account_server::{
    credentials::token::{Token, TokenKind},
    randomness::SystemRandomness,
    storage::{
        database::{Database, DatabaseConfig},
        error::StorageError,
        machine_lookups::MachineLookups,
    },
};
use gestan_account_tests::{
    Replicas, becomes, count,
    ledger::{Calls, Ledger},
    machine,
    mailbox::Mailbox,
    postgres::Cluster,
    process::{Home, ServerProcess, TIMEOUT},
    uuid,
};
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use sea_orm::{ConnectionTrait as _, TransactionTrait as _};
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tonic_health::pb::health_check_response::ServingStatus;

const CUSTOMERS: u32 = 6;
const SEED: u64 = 20_261_125;
const DATABASE: &str = "comptes";

fn cluster() -> Cluster {
    let cluster = Cluster::start(&[]);
    cluster.execute("postgres", &format!("CREATE DATABASE {DATABASE}"));
    cluster
}

async fn servers_on(database_url: String) -> (Replicas, Ledger) {
    let replicas = Replicas::start(Home::with_database(database_url)).await;
    let (servers, mails) = (replicas.addresses(), replicas.mail_folder());
    let ledger = Ledger::open(Calls::Repeated, servers, mails, CUSTOMERS);
    (replicas, ledger)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_is_stopped_hard_and_started_again_has_lost_nothing() {
    let cluster = cluster();
    let (replicas, mut ledger) = servers_on(cluster.url(DATABASE)).await;
    let mut chance = StdRng::seed_from_u64(SEED);
    for _ in 0..5 {
        ledger.wait_for_a_moment(10..=60, &mut chance).await;
        cluster.stop_hard();
        sleep(Duration::from_millis(chance.random_range(0..1_500))).await;
        cluster.start_again();
    }
    ledger.get_on(50).await;
    ledger.close_and_check(&cluster.url(DATABASE)).await;
    drop(replicas);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_that_are_cut_lose_nothing() {
    let cluster = cluster();
    let (replicas, mut ledger) = servers_on(cluster.url(DATABASE)).await;
    let mut chance = StdRng::seed_from_u64(SEED);
    for _ in 0..30 {
        ledger.wait_for_a_moment(10..=60, &mut chance).await;
        cluster.execute(
            DATABASE,
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
             WHERE datname = current_database() AND pid <> pg_backend_pid()",
        );
    }
    ledger.close_and_check(&cluster.url(DATABASE)).await;
    drop(replicas);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_frozen_database_is_told_in_time_and_loses_nothing() {
    let cluster = cluster();
    let (replicas, mut ledger) = servers_on(cluster.url(DATABASE)).await;
    ledger.get_on(40).await;
    for url in replicas.urls() {
        becomes(&url, ServingStatus::Serving).await;
    }

    cluster.freeze();
    let thaw = Instant::now() + Duration::from_secs(20);
    // A far longer deadline than that of the server, which is to answer within its own deadline.
    let options = ClientOptions::new().max_attempts(1).deadline(TIMEOUT);
    for (number, url) in (0..).zip(replicas.urls()) {
        let client = Client::connect(&url, options.clone()).await.expect("the server answers");
        let request = v1::CreateRequest {
            request_id: uuid(9_000_000 + number),
            email: "gele@exemple.fr".to_owned(),
            machine: Some(machine(9_000_000)),
            ..Default::default()
        };
        let error = client.create(request).await.expect_err("nothing can be stored");
        let rejection = error.rejection().unwrap_or_else(|| panic!("{error:?}"));
        assert_eq!(rejection.code(), Code::Unavailable);
        assert!(rejection.retry_delay().is_some(), "{rejection:?}");
    }
    for url in replicas.urls() {
        becomes(&url, ServingStatus::NotServing).await;
    }
    sleep_until(thaw).await;
    cluster.thaw();

    for url in replicas.urls() {
        becomes(&url, ServingStatus::Serving).await;
    }
    ledger.get_on(50).await;
    let gone = "DELETE FROM outbox_mail WHERE recipient = 'gele@exemple.fr'";
    cluster.execute(DATABASE, gone);
    ledger.close_and_check(&cluster.url(DATABASE)).await;
}

/// A primary, a standby that has on disk whatever is acknowledged, and the URL of both.
fn primary_and_standby() -> (Cluster, Cluster, String) {
    let primary = cluster();
    let standby = Cluster::start_standby(&primary, "standby", &[]);
    primary.execute("postgres", "ALTER SYSTEM SET synchronous_standby_names = 'standby'");
    primary.execute("postgres", "SELECT pg_reload_conf()");
    let url = format!(
        "postgres://postgres@127.0.0.1:{},127.0.0.1:{}/{DATABASE}",
        primary.port, standby.port
    );
    (primary, standby, url)
}

fn assert_is_synchronous(primary: &Cluster) {
    let state = primary.query("postgres", "SELECT sync_state FROM pg_stat_replication");
    assert_eq!(state.trim(), "sync");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_standby_takes_over_from_a_primary_that_dies_and_nothing_is_lost() {
    let (primary, standby, url) = primary_and_standby();
    let (replicas, mut ledger) = servers_on(url).await;
    let mut chance = StdRng::seed_from_u64(SEED);
    ledger.get_on(100).await;
    ledger.wait_for_a_moment(10..=60, &mut chance).await;
    assert_is_synchronous(&primary);
    primary.stop_hard();
    standby.promote();
    ledger.get_on(100).await;
    ledger.close_and_check(&standby.url(DATABASE)).await;
    drop(replicas);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_standby_takes_over_from_a_primary_that_stands_still_and_nothing_is_lost() {
    let (primary, standby, url) = primary_and_standby();
    let (replicas, mut ledger) = servers_on(url).await;
    ledger.get_on(100).await;
    assert_is_synchronous(&primary);
    primary.freeze();
    for url in replicas.urls() {
        becomes(&url, ServingStatus::NotServing).await;
    }
    standby.promote();
    for url in replicas.urls() {
        becomes(&url, ServingStatus::Serving).await;
    }
    // Statements that the primary never answered hold up nobody.
    ledger.get_on(100).await;
    ledger.close_and_check(&standby.url(DATABASE)).await;
    drop(replicas);
    primary.thaw();
}

/// A server that waits for the database while it composes a mail renews the mail's lease over
/// another connection, and so keeps the mail from all others.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mail_whose_statements_are_held_up_is_given_back() {
    let cluster = cluster();
    let home = Home::with_database(cluster.url(DATABASE));
    let server = ServerProcess::start(&home, &["--mail-lease", "2s"]).await;
    let db = sea_orm::Database::connect(cluster.url(DATABASE)).await.expect("it opens");
    let in_the_way = db.begin().await.expect("a transaction");
    let lock = "LOCK TABLE personal_code IN EXCLUSIVE MODE";
    in_the_way.execute_unprepared(lock).await.expect("a lock");

    let client = Client::connect(&server.url(), ClientOptions::new()).await.expect("it answers");
    let request = v1::CreateRequest {
        request_id: uuid(1),
        email: "attente@exemple.fr".to_owned(),
        machine: Some(machine(2)),
        ..Default::default()
    };
    client.create(request).await.expect("nothing is in its way");
    let given_back = async {
        let given_back = "SELECT count(*) FROM outbox_mail WHERE attempts > 0 \
                          AND lease_id IS NULL AND last_error LIKE '%no answer in time%'";
        while count(&db, given_back).await == 0 {
            sleep(Duration::from_millis(100)).await;
        }
    };
    timeout(TIMEOUT, given_back).await.expect("it is given back");

    in_the_way.rollback().await.expect("the lock is gone");
    Mailbox::open(home.mail_folder()).code_to("attente@exemple.fr").await;
    drop(server);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_shared_read_ends_in_time_on_a_database_that_stands_still() {
    let cluster = cluster();
    let config = DatabaseConfig::new(cluster.url(DATABASE), None);
    let db = Database::open(&config, Arc::new(SystemRandomness)).await.expect("it opens");
    db.migrate().await.expect("migrations apply");
    let machines = MachineLookups::new(&db);
    let nobodys = Token::from_bits(TokenKind::Link, &[9; 32]).digest();
    assert!(machines.find(nobodys).await.expect("it is read").is_none());
    cluster.freeze();
    // Nobody here gives up before it does.
    let read = timeout(TIMEOUT, machines.find(nobodys)).await.expect("it ends");
    assert!(matches!(read, Err(StorageError::Unavailable(_))));
    cluster.thaw();
    assert!(machines.find(nobodys).await.expect("it is read").is_none());
    db.close().await;
}
