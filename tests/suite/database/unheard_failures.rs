//! A transaction in which a statement did not succeed is never committed, whatever
//! its caller made of the error.

use std::task::{Context, Waker};

use gestan_account_server::storage::{error::StorageError, transaction::Transaction};
use gestan_account_tests::{TestServer, count, is_postgres};
use sea_orm::{ConnectionTrait as _, Database, TransactionTrait as _};

const WRITE: &str = "INSERT INTO throttle (key, hits, expire_time) VALUES ('written', '[]', 0)";

/// A transaction that has written a row.
async fn begun(server: &TestServer) -> Transaction {
    let transaction = server.accounts.db.begin().await.expect("it begins");
    transaction.execute_unprepared(WRITE).await.expect("it is written");
    transaction
}

async fn assert_not_committed(server: &TestServer, transaction: Transaction) {
    let refused = transaction.commit().await.expect_err("it is refused");
    assert!(matches!(refused, StorageError::Fault(_)), "{refused:?}");
    assert_eq!(count(server.db(), "SELECT count(*) FROM throttle").await, 0);
}

#[tokio::test]
async fn a_transaction_whose_statements_succeed_is_committed() {
    let server = TestServer::start().await;
    begun(&server).await.commit().await.expect("it is committed");
    assert_eq!(count(server.db(), "SELECT count(*) FROM throttle").await, 1);
}

/// PostgreSQL would answer the COMMIT with a success, and keep nothing; SQLite would
/// keep what the other statements wrote.
#[tokio::test]
async fn a_transaction_whose_statement_failed_is_not_committed() {
    let server = TestServer::start().await;
    let transaction = begun(&server).await;
    transaction.execute_unprepared("DELETE FROM nowhere").await.expect_err("no such table");
    assert_not_committed(&server, transaction).await;
}

/// Nobody knows whether a statement has failed that nobody waited for.
#[tokio::test]
async fn a_transaction_whose_statement_was_given_up_is_not_committed() {
    let server = TestServer::start().await;
    let transaction = begun(&server).await;
    let slow = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000) \
                SELECT max(i) FROM n";
    let mut statement = transaction.execute_unprepared(slow);
    // A timeout would depend on how busy the machine is.
    let first_look = statement.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    assert!(first_look.is_pending(), "it takes longer");
    drop(statement);
    assert_not_committed(&server, transaction).await;
}

/// Why the statements are watched: the driver says that such a transaction was
/// committed. Should it refuse one day, they need not be.
#[tokio::test]
async fn the_driver_alone_commits_a_transaction_whose_statement_failed() {
    let server = TestServer::start().await;
    let db = Database::connect(server.database_url()).await.expect("it connects");
    let transaction = db.begin().await.expect("it begins");
    transaction.execute_unprepared(WRITE).await.expect("it is written");
    transaction.execute_unprepared("DELETE FROM nowhere").await.expect_err("no such table");
    transaction.commit().await.expect("it says so");
    let kept = count(server.db(), "SELECT count(*) FROM throttle").await;
    assert_eq!(kept, i64::from(!is_postgres()));
}
