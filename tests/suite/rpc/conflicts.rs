//! Transactions that get in each other's way are tried again.

use std::{sync::Arc, time::Duration};

use gestan_account_server::{
    accounts::error::Error,
    storage::{database::IsConflict as _, error::StorageError},
};
use gestan_account_tests::{TestServer, count};
use sea_orm::{ConnectionTrait as _, DbErr};
use tokio::{sync::Barrier, time::timeout};

/// Each locks one account and then the other's. SQLite lets the second begin
/// only when the first has ended; PostgreSQL ends one of the two (40P01).
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_transactions_in_a_deadlock_both_get_through() {
    let server = TestServer::start().await;
    let one = server.open_account("jeanne@exemple.fr", 1).await.account_id;
    let other = server.open_account("paul@exemple.fr", 2).await.account_id;
    let before = count(server.db(), "SELECT min(version) FROM account").await;
    let both_hold_one = Arc::new(Barrier::new(2));
    let both = [(one, other), (other, one)].map(|(first, second)| {
        let (db, both_hold_one) = (server.accounts.db.clone(), Arc::clone(&both_hold_one));
        tokio::spawn(async move {
            let attempt = || async {
                let transaction = db.begin().await?;
                let visit =
                    |id: u32| format!("UPDATE account SET version = version + 1 WHERE id = {id}");
                transaction.execute_unprepared(&visit(first)).await?;
                let _ = timeout(Duration::from_millis(500), both_hold_one.wait()).await;
                transaction.execute_unprepared(&visit(second)).await?;
                transaction.commit().await
            };
            db.retry(attempt).await
        })
    });
    for transaction in both {
        transaction.await.expect("no panic").expect("it gets through");
    }
    let visited = format!("SELECT count(*) FROM account WHERE version = {before} + 2");
    assert_eq!(count(server.db(), &visited).await, 2);
}

/// A key that another transaction took meanwhile, too: the next attempt finds the row.
#[test]
fn a_use_case_tries_again_after_whatever_the_storage_would() {
    for make in [
        StorageError::Unavailable,
        StorageError::Conflict,
        StorageError::Unique,
        StorageError::Fault,
    ] {
        let error = make(DbErr::Custom("of a test".to_owned()));
        assert_eq!(Error::from(error.clone()).is_conflict(), error.is_conflict(), "{error:?}");
    }
}
