//! A PostgreSQL that gives its role little: no right to change the schema, few
//! connections, another password than yesterday's.

use gestan_account_tests::{
    ledger::{Calls, Ledger},
    postgres::{Cluster, VOLATILE},
    process::{Ended, Home, ServerProcess, run_to_end},
};

const DATABASE: &str = "comptes";

/// A role and its database, of which it is the owner.
fn cluster_of(role: &str) -> Cluster {
    let cluster = Cluster::start(VOLATILE);
    cluster.execute("postgres", &format!("CREATE ROLE {role} LOGIN"));
    cluster.execute("postgres", &format!("CREATE DATABASE {DATABASE} OWNER {role}"));
    cluster
}

fn url(cluster: &Cluster, user: &str) -> String {
    cluster.url(DATABASE).replace("postgres@", &format!("{user}@"))
}

/// Customers who take no refusal for an answer.
fn customers(home: &Home, server: &ServerProcess, number: u32) -> Ledger {
    Ledger::open(Calls::Unrepeated, vec![server.address], home.mail_folder(), number)
}

async fn migrate(home: &Home) -> Ended {
    run_to_end(home.command().arg("migrate")).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_role_that_may_not_change_the_schema_serves_what_its_owner_has_migrated() {
    let cluster = cluster_of("proprietaire");
    cluster.execute("postgres", "CREATE ROLE service LOGIN");
    let home = Home::with_database(url(&cluster, "service"));
    let refused = migrate(&home).await;
    assert!(!refused.status.success());
    assert!(refused.log.contains("run the command `migrate`"), "{}", refused.log);

    let owner = Home::with_database(url(&cluster, "proprietaire"));
    let migrated = migrate(&owner).await;
    assert!(migrated.status.success(), "{}", migrated.log);
    let grant = "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO service";
    cluster.execute(DATABASE, grant);
    // Nothing is left to be done.
    let migrated = migrate(&home).await;
    assert!(migrated.status.success(), "{}", migrated.log);
    let server = ServerProcess::start(&home, &[]).await;
    let mut ledger = customers(&home, &server, 2);
    ledger.get_on(40).await;
    ledger.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_three_connections_where_eight_are_wanted_everybody_is_served() {
    let cluster = cluster_of("caisse");
    cluster.execute("postgres", "ALTER ROLE caisse CONNECTION LIMIT 3");
    let home = Home::with_database(url(&cluster, "caisse"));
    let server = ServerProcess::start(&home, &[]).await;
    server.wait_for_log("fewer connections than DATABASE_CONNECTIONS").await;
    let mut ledger = customers(&home, &server, 10);
    ledger.get_on(150).await;
    // It is refused for some seconds before it is told, and nobody waits for that.
    server.wait_for_log("too many connections").await;
    ledger.get_on(50).await;
    ledger.close().await;
    let open = "SELECT count(*) FROM pg_stat_activity WHERE usename = 'caisse'";
    assert_eq!(cluster.query("postgres", open).trim(), "3", "all that there are are used");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_goes_on_over_the_connections_from_before_its_password_was_changed() {
    let cluster = cluster_of("caisse");
    cluster.execute("postgres", "ALTER ROLE caisse PASSWORD 'd''hier'");
    cluster.ask_for_the_password_of("caisse");
    let home = Home::with_database(url(&cluster, "caisse:d%27hier"));
    let server = ServerProcess::start(&home, &[]).await;
    cluster.execute("postgres", "ALTER ROLE caisse PASSWORD 'd''aujourd''hui'");
    let mut ledger = customers(&home, &server, 10);
    server.wait_for_log("no further connection to the database").await;
    ledger.get_on(100).await;
    // Told once, however often it was refused.
    let told = server.log().matches("no further connection to the database").count();
    assert_eq!(told, 1, "{}", server.log());
    // Once the password is right, there are more of them again.
    cluster.execute("postgres", "ALTER ROLE caisse PASSWORD 'd''hier'");
    server.wait_for_log("gives connections again").await;
    ledger.get_on(50).await;
    ledger.close().await;
}
