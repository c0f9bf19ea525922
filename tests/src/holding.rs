//! An account that is held, so that calls wait for it: what meets in a moment is brought about.

use gestan_account_server::storage::transaction::Transaction;
use sea_orm::{ConnectionTrait as _, Database};
use tokio::task::yield_now;

use crate::{TestServer, count, is_postgres};

const WAITING: &str = "SELECT count(*) FROM pg_stat_activity \
                       WHERE datname = current_database() AND wait_event_type = 'Lock'";

/// Holds an account's row: whoever locks it waits, in the order in which they come, until the
/// transaction ends.
///
/// # Panics
/// When the database refuses.
pub async fn hold_account(server: &TestServer, account_id: u32) -> Transaction {
    let transaction = server.accounts.db.begin().await.expect("a transaction");
    let hold = format!("UPDATE account SET version = version WHERE id = {account_id}");
    transaction.execute_unprepared(&hold).await.expect("the account is held");
    transaction
}

/// Waits until so many connections wait for locks; SQLite's writers wait before they have any.
/// It looks over a connection of its own: those of the server are few.
///
/// # Panics
/// When the database refuses.
pub async fn until_waiting(server: &TestServer, waiting: i64) {
    if is_postgres() {
        let db = Database::connect(server.database_url()).await.expect("a database");
        while count(&db, WAITING).await < waiting {
            yield_now().await;
        }
        db.close().await.expect("it closes");
    }
}
