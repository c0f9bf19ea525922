//! A bound on the statements of workers, which no deadline of a call ends.

use tokio::time::timeout;

use super::{error::StorageError, pools::DATABASE_TIMEOUT};

/// A statement never ends on a connection whose other side is gone without a word. Whoever
/// waits for one meanwhile renews the lease over another connection, and so keeps the row
/// from the servers that could work on it.
pub(crate) async fn in_time<T>(
    statements: impl Future<Output = Result<T, StorageError>>,
) -> Result<T, StorageError> {
    let outcome = timeout(DATABASE_TIMEOUT * 2, statements).await;
    outcome.unwrap_or_else(|_| Err(StorageError::overdue()))
}
