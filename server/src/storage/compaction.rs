//! Rewrites an SQLite file so that it has nothing but its rows.
//!
//! Deleted rows are overwritten (`secure_delete`), and yet bytes of them stay: between the
//! pointers and the cells of index pages that were split or merged, and in the log. Only `VACUUM`
//! and a log that is cut to nothing leave none. Both are single statements outside any
//! transaction; meanwhile nobody else writes, and everybody reads.

use std::time::Duration;

use jiff::Timestamp;
use sea_orm::{ConnectionTrait as _, DbBackend, Statement};

use super::{database::Database, error::StorageError, maintenance};

/// How often the log is tried to be cut, five seconds each: whoever reads from it holds it.
const TRIES: u32 = 2;

/// How long to wait between two tries.
const PAUSE: Duration = Duration::from_millis(200);

/// What a compaction came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compacted {
    /// The file has nothing but its rows.
    File,
    /// There is no file of this program's: a PostgreSQL sees to its own.
    Elsewhere,
}

/// Takes the mark, compacts the file, and notes that it is done. When it fails, or is dropped,
/// the mark stays taken, and a server takes it over after a while.
pub async fn compact(database: &Database, now: Timestamp) -> Result<Compacted, StorageError> {
    database
        .retry(|| async {
            let transaction = database.begin().await?;
            maintenance::take(&transaction, now).await?;
            transaction.commit().await
        })
        .await?;
    let db = database.write();
    let compacted = match db.backend() {
        DbBackend::Sqlite => {
            // The writer's own connection: whoever writes waits for it in turn.
            db.execute_unprepared("VACUUM").await?;
            cut_log(database).await?;
            Compacted::File
        }
        _ => Compacted::Elsewhere,
    };
    maintenance::finish(&database.write()).await?;
    Ok(compacted)
}

/// Writes the whole log into the file, and cuts it to nothing.
async fn cut_log(database: &Database) -> Result<(), StorageError> {
    for _ in 0..TRIES {
        let cut = Statement::from_string(DbBackend::Sqlite, "PRAGMA wal_checkpoint(TRUNCATE)");
        let row = database.write().query_one_raw(cut).await?;
        let busy: Option<i32> = row.map(|row| row.try_get_by_index(0)).transpose()?;
        if busy == Some(0) {
            return Ok(());
        }
        tokio::time::sleep(PAUSE).await;
    }
    Err(StorageError::unreachable("somebody reads from its log without an end".to_owned()))
}
