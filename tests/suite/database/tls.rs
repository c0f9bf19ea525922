//! PostgreSQL over a network: `0.0.0.0`, which leads to this machine, and which nobody
//! takes for it.

use gestan_account_tests::{
    Authority,
    postgres::{Cluster, VOLATILE},
    process::{Ended, Home, ServerProcess, run_to_end},
};
use tempfile::NamedTempFile;

const DATABASE: &str = "comptes";

fn cluster() -> Cluster {
    let cluster = Cluster::start(VOLATILE);
    cluster.execute("postgres", &format!("CREATE DATABASE {DATABASE}"));
    cluster
}

fn url(cluster: &Cluster, parameters: &str) -> String {
    let url = cluster.url(DATABASE).replace("127.0.0.1", "0.0.0.0");
    format!("{url}{parameters}")
}

fn file(authority: &Authority) -> NamedTempFile {
    let file = NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), authority.pem()).expect("it is written");
    file
}

async fn migrate(cluster: &Cluster, parameters: &str, system_roots: Option<&Authority>) -> Ended {
    let home = Home::with_database(url(cluster, parameters));
    let mut command = home.command();
    command.arg("migrate").env_remove("SSL_CERT_FILE");
    let roots = system_roots.map(file);
    if let Some(roots) = &roots {
        command.env("SSL_CERT_FILE", roots.path());
    }
    run_to_end(&mut command).await
}

fn assert_refused(ended: &Ended, word: &str) {
    assert!(!ended.status.success(), "not refused: {word}");
    assert!(ended.log.contains(word), "{}", ended.log);
}

#[tokio::test]
async fn without_tls_no_database_is_spoken_to_over_a_network_unless_that_is_meant() {
    let cluster = cluster();
    assert_refused(&migrate(&cluster, "", None).await, "server does not support TLS");
    for mode in ["prefer", "allow"] {
        let parameters = format!("?sslmode={mode}");
        let ended = migrate(&cluster, &parameters, None).await;
        assert_refused(&ended, "fall back to clear text");
    }
    let tables = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'";
    assert_eq!(cluster.query(DATABASE, tables).trim(), "0");
    let meant = migrate(&cluster, "?sslmode=disable", None).await;
    assert!(meant.status.success(), "{}", meant.log);
    assert!(meant.log.contains("cross the network in clear text"), "{}", meant.log);
}

#[tokio::test]
async fn a_database_over_a_network_must_be_the_one_that_is_meant() {
    let cluster = cluster();
    let authority = Authority::new();
    cluster.offer_tls(&authority.issue_for(["0.0.0.0"]));
    // Nobody vouches for it.
    assert_refused(&migrate(&cluster, "", None).await, "certificate");
    assert_refused(&migrate(&cluster, "", Some(&Authority::new())).await, "certificate");
    // The system does, or the URL.
    let trusted = migrate(&cluster, "", Some(&authority)).await;
    assert!(trusted.status.success(), "{}", trusted.log);
    let roots = file(&authority);
    let parameters = format!("?sslrootcert={}", roots.path().display());
    let home = Home::with_database(url(&cluster, &parameters));
    let server = ServerProcess::start(&home, &[]).await;
    let in_clear = "SELECT count(*) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) \
                    WHERE datname = 'comptes' AND NOT ssl";
    assert_eq!(cluster.query("postgres", in_clear).trim(), "0");
    assert!(!server.log().contains("sslmode"), "{}", server.log());

    // It has the name of another.
    cluster.offer_tls(&authority.issue_for(["db.example.fr"]));
    assert_refused(&migrate(&cluster, "", Some(&authority)).await, "certificate");
    // Encrypted, by whomever: only if that is said.
    let unverified = migrate(&cluster, "?sslmode=require", None).await;
    assert!(unverified.status.success(), "{}", unverified.log);
    assert!(unverified.log.contains("nobody verifies"), "{}", unverified.log);
}
