//! What is PostgreSQL's: a database that is away, its backup, its password, and the move to it.

use gestan_account_client::v1;
use gestan_account_tests::{
    is_postgres,
    postgres::{Cluster, VOLATILE},
};

use super::{operator::Operator, runbook};

/// A cluster that asks the role `compte` for its password, and a terminal from which `psql` reaches
/// it.
fn beside(cluster: &Cluster, operator: &mut Operator) {
    operator.set("PGHOST", "127.0.0.1");
    operator.set("PGPORT", &cluster.port.to_string());
    operator.set("PGUSER", "postgres");
    operator.call("db.exemple.fr", &format!("127.0.0.1:{}", cluster.port));
}

#[tokio::test]
async fn a_server_moves_to_postgresql_as_the_runbook_says_and_gets_another_password() {
    // Each of the two databases is named in it, so that it is the same in both runs.
    if !is_postgres() {
        return;
    }
    let cluster = Cluster::start(VOLATILE);
    cluster.ask_for_the_password_of("compte");
    let mut operator = Operator::with_database(None, "");
    beside(&cluster, &mut operator);
    operator.run("systemctl start gestan-account-server").await;
    let member = operator.open_account(1).await;
    let mut runbook_of_move = runbook("Move to PostgreSQL");
    runbook_of_move.next(&operator).await;
    let moved = runbook_of_move.next(&operator).await;
    assert!(moved.contains("email: client1@exemple.fr"), "{moved}");
    assert_eq!(cluster.query("comptes", "SELECT count(*) FROM account").trim(), "1");
    member.client.get(v1::GetRequest::default()).await.expect("it is served there");

    let hash = "SELECT rolpassword FROM pg_authid WHERE rolname = 'compte'";
    let before = cluster.query("postgres", hash);
    let mut runbook_of_password = runbook("Change the password of the database");
    runbook_of_password.next(&operator).await;
    let ready = runbook_of_password.next(&operator).await;
    assert!(ready.contains("serving"), "{ready}");
    assert_ne!(cluster.query("postgres", hash), before);
    member.client.get(v1::GetRequest::default()).await.expect("it is served");
}

#[tokio::test]
async fn a_postgresql_is_dumped_and_restored_as_the_runbook_says() {
    if !is_postgres() {
        return;
    }
    let cluster = Cluster::start(VOLATILE);
    cluster.execute("postgres", "CREATE DATABASE comptes");
    let mut operator = Operator::with_database(Some(cluster.url("comptes")), "");
    beside(&cluster, &mut operator);
    operator.run("systemctl start gestan-account-server").await;
    operator.open_account(1).await;
    std::fs::create_dir_all(operator.path("var/backups/gestan-account")).expect("a folder");
    let mut runbook = runbook("Back up and restore, PostgreSQL");
    runbook.next(&operator).await;
    let lost = operator.open_account(2).await;
    runbook.next(&operator).await;
    let shown = runbook.next(&operator).await;
    assert!(shown.contains("email: client1@exemple.fr"), "{shown}");
    let later = operator.open_account(3).await;
    assert!(later.account_id > lost.account_id + 1_000, "no ID twice: {}", later.account_id);
}

#[tokio::test]
async fn a_postgresql_that_is_gone_is_told_and_the_server_comes_back_by_itself() {
    if !is_postgres() {
        return;
    }
    // What was acknowledged must outlive it.
    let cluster = Cluster::start(&[]);
    cluster.execute("postgres", "CREATE DATABASE comptes");
    let operator = Operator::with_database(Some(cluster.url("comptes")), "");
    operator.run("systemctl start gestan-account-server").await;
    let member = operator.open_account(1).await;
    cluster.stop_hard();
    operator.wait_for_figure("database_up", |up| up == 0.0).await;
    let mut runbook = runbook("The database is away");
    runbook.logged(&operator).await;
    let told = runbook.next(&operator).await;
    assert!(told.contains("PROBLEM\tdatabase"), "{told}");
    cluster.start_again();
    operator.wait_for_figure("database_up", |up| up > 0.0).await;
    let over = runbook.next(&operator).await;
    assert!(over.contains("database_up 1"), "{over}");
    member.client.get(v1::GetRequest::default()).await.expect("it is served");
}
