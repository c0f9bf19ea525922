//! A pooler between: Debian's PgBouncer.

use std::time::Duration;

use gestan_account_tests::{
    ledger::{Calls, Ledger},
    pgbouncer::PgBouncer,
    postgres::{Cluster, VOLATILE},
    process::{Home, ServerProcess, run_to_end},
};
use tokio::time::timeout;

const DATABASE: &str = "comptes";

fn cluster() -> Cluster {
    let cluster = Cluster::start(VOLATILE);
    cluster.execute("postgres", &format!("CREATE DATABASE {DATABASE}"));
    cluster
}

/// With fewer servers than the program wants connections, it takes as many as there are.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_session_mode_a_small_pool_serves_everybody_and_the_server_stops_in_time() {
    let cluster = cluster();
    let settings = ["pool_mode = session", "default_pool_size = 3"];
    let bouncer = PgBouncer::start(&cluster, &settings);
    let home = Home::with_database(bouncer.url(DATABASE));
    let server = ServerProcess::start(&home, &[]).await;
    let mails = home.mail_folder();
    let mut ledger = Ledger::open(Calls::Unrepeated, vec![server.address], mails, 10);
    ledger.get_on(150).await;
    ledger.close_and_check(&cluster.url(DATABASE)).await;
    let open = format!("SELECT count(*) FROM pg_stat_activity WHERE datname = '{DATABASE}'");
    assert_eq!(cluster.query("postgres", &open).trim(), "3", "{}", bouncer.log());
    server.terminate().await;
    let ended = timeout(Duration::from_secs(40), server.wait()).await;
    let (status, log) = ended.expect("nothing holds it up");
    assert!(status.success(), "{log}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_session_mode_one_server_is_enough() {
    let cluster = cluster();
    let settings = ["pool_mode = session", "default_pool_size = 1"];
    let bouncer = PgBouncer::start(&cluster, &settings);
    let home = Home::with_database(bouncer.url(DATABASE));
    let server = ServerProcess::start(&home, &[]).await;
    server.wait_for_log("gives this server one connection only").await;
    let mails = home.mail_folder();
    let mut ledger = Ledger::open(Calls::Unrepeated, vec![server.address], mails, 4);
    ledger.get_on(60).await;
    ledger.close().await;
    server.terminate().await;
    assert!(server.wait().await.0.success());
}

/// The driver prepares its statements by names, which Debian's PgBouncer (1.18) does not keep
/// apart.
#[tokio::test]
async fn in_transaction_mode_a_pooler_that_mixes_up_statements_is_refused_with_the_way_out() {
    let cluster = cluster();
    for size in [1, 3] {
        let pool = format!("default_pool_size = {size}");
        let bouncer = PgBouncer::start(&cluster, &["pool_mode = transaction", &pool]);
        let home = Home::with_database(bouncer.url(DATABASE));
        let ended = run_to_end(home.command().arg("serve")).await;
        assert!(!ended.status.success(), "{size}");
        for word in ["max_prepared_statements", "pool_mode = session", "PgBouncer"] {
            assert!(ended.log.contains(word), "{size}: {}", ended.log);
        }
    }
}

#[tokio::test]
async fn a_setting_that_the_pooler_does_not_know_is_told_with_the_way_out() {
    let cluster = cluster();
    let bouncer = PgBouncer::start(&cluster, &["pool_mode = session"]);
    let url = format!("{}?options[work_mem]=8MB", bouncer.url(DATABASE));
    let home = Home::with_database(url);
    let ended = run_to_end(home.command().arg("migrate")).await;
    assert!(!ended.status.success());
    assert!(ended.log.contains("ignore_startup_parameters"), "{}", ended.log);
}
