//! The connections to an SQLite file. One of them writes, and it is closed and
//! opened anew whenever what state it is in is not certain.
//!
//! SQLite ends a transaction by itself when the disk is full, fails or has no
//! memory left. sqlx counts transactions on its own and does not learn of it: its
//! ROLLBACK fails, the count stays at one, and every later "transaction" of the
//! connection would be a savepoint within one that nothing ever commits.

use std::{path::PathBuf, str::FromStr as _, time::Duration};

use sea_orm::{
    ConnectOptions, DatabaseConnection,
    sqlx::{
        self, Connection as _, SqliteConnection,
        pool::PoolOptions,
        sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous},
    },
};
use tokio::time::Instant;

use super::{
    connect_options::{PATIENCE, connect_options},
    error::{StorageError, is_in_the_way},
    sqlite_file::{self, SqliteFile},
};

/// Between two attempts to open a file that others are just making.
const PAUSE: Duration = Duration::from_millis(20);

/// Rows that SQLite reads before the first of them is taken.
const ROWS_AHEAD: usize = 512;

/// Whether a file that is not there is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum IfMissing {
    Create,
    Fail,
}

pub(super) fn is_sqlite(url: &str) -> bool {
    url.starts_with("sqlite:")
}

/// The file of an SQLite URL; `None` for another database.
pub(super) fn sqlite_path(url: &str) -> Option<PathBuf> {
    if !is_sqlite(url) {
        return None;
    }
    let options = SqliteConnectOptions::from_str(url).ok()?;
    Some(options.get_filename().to_path_buf())
}

/// The connections, and the file that they lead to.
pub(super) struct Connected {
    pub(super) reader: DatabaseConnection,
    pub(super) writer: DatabaseConnection,
    pub(super) file: Option<SqliteFile>,
}

/// Connects to the file of `url`: SQLite lets one connection write at a time, so all
/// writing goes through one, in turn, instead of meeting in locks.
pub(super) async fn connect(
    url: &str,
    connections: u32,
    if_missing: IfMissing,
) -> Result<Connected, StorageError> {
    let path = sqlite_path(url);
    if let Some(path) = path.as_deref().filter(|_| if_missing == IfMissing::Create) {
        sqlite_file::create(path)?;
    }
    let file_options = |connections| {
        let mut options = connect_options(url, connections);
        options.map_sqlx_sqlite_opts(move |sqlite| {
            sqlite_options(sqlite).create_if_missing(if_missing == IfMissing::Create)
        });
        options
    };
    let mut writing = file_options(1);
    let watched = path.clone();
    writing.map_sqlx_sqlite_pool_opts(move |pool| writing_pool(pool, watched.clone()));
    let writer = connect_to_file(writing).await?;
    let reader = connect_to_file(file_options(connections)).await?;
    let file = path.as_deref().map(SqliteFile::opened);
    Ok(Connected { reader, writer, file })
}

/// How an SQLite file is worked on.
pub(super) fn sqlite_options(sqlite: SqliteConnectOptions) -> SqliteConnectOptions {
    sqlite
        .foreign_keys(true)
        .journal_mode(SqliteJournalMode::Wal)
        // An acknowledged call is on disk, not only with the kernel.
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(PATIENCE)
        // Reading need not stop and wait for whoever takes the rows.
        .row_buffer_size(ROWS_AHEAD)
        .optimize_on_close(true, None)
}

/// A pool that gives out no connection in an unknown state, and whose connections
/// commit only into a file that still has its name.
fn writing_pool(
    pool: PoolOptions<sqlx::Sqlite>,
    path: Option<PathBuf>,
) -> PoolOptions<sqlx::Sqlite> {
    pool.after_connect(move |connection, _| {
        let file = path.as_deref().map(SqliteFile::opened);
        Box::pin(async move {
            if let Some(file) = file {
                connection.lock_handle().await?.set_commit_hook(move || file.is_in_place());
            }
            Ok(())
        })
    })
    .after_release(|connection, _| Box::pin(is_at_rest(connection)))
}

/// Whether no transaction is open, neither by SQLite's account nor by sqlx's.
async fn is_at_rest(connection: &mut SqliteConnection) -> Result<bool, sqlx::Error> {
    // Runs after a rollback that was only begun, and fails within a transaction.
    let begun = sqlx::raw_sql("BEGIN; ROLLBACK").execute(&mut *connection).await;
    let at_rest = begun.is_ok() && !connection.is_in_transaction();
    if !at_rest {
        tracing::warn!("the database connection that writes is opened anew");
    }
    Ok(at_rest)
}

/// Of several servers that start at once on a new file, one turns it to WAL; the
/// others are in its way, and SQLite refuses them instead of having them wait.
async fn connect_to_file(options: ConnectOptions) -> Result<DatabaseConnection, StorageError> {
    let begun = Instant::now();
    loop {
        match sea_orm::Database::connect(options.clone()).await {
            Err(error) if is_in_the_way(&error) && begun.elapsed() < PATIENCE => {
                tokio::time::sleep(PAUSE).await;
            }
            connected => return Ok(connected?),
        }
    }
}
