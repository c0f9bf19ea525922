//! The connections to an SQLite file. One of them writes, and it is closed and
//! opened anew whenever what state it is in is not certain.
//!
//! SQLite ends a transaction by itself when the disk is full, fails or has no
//! memory left. sqlx counts transactions on its own and does not learn of it: its
//! ROLLBACK fails, the count stays at one, and every later "transaction" of the
//! connection would be a savepoint within one that nothing ever commits.

use std::{
    path::PathBuf,
    str::FromStr as _,
    sync::{Arc, OnceLock},
    time::Duration,
};

use sea_orm::{
    ConnectOptions, DatabaseConnection,
    sqlx::{
        self, Connection as _, SqliteConnection, SqlitePool,
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
    /// Is closed, and refuses everything.
    pub(super) nowhere: DatabaseConnection,
}

/// Connects to the file of `url`: SQLite lets one connection write at a time, so all
/// writing goes through one, in turn, instead of meeting in locks.
pub(super) async fn connect(
    url: &str,
    connections: u32,
    if_missing: IfMissing,
) -> Result<Connected, StorageError> {
    let path = sqlite_path(url)
        .ok_or_else(|| StorageError::unreachable("its URL must be sqlite:FILE".to_owned()))?;
    if if_missing == IfMissing::Create {
        sqlite_file::create(&path)?;
    }
    let binding = Arc::new(Binding::to(path));
    let writer = connect_to_file(options(url, 1, &binding, Role::Writes)).await?;
    let _ = binding.writer.set(writer.get_sqlite_connection_pool().clone());
    let reader = connect_to_file(options(url, connections, &binding, Role::Reads)).await?;
    let nowhere = connect_to_file(options(url, 1, &binding, Role::Reads)).await?;
    nowhere.close_by_ref().await?;
    Ok(Connected { reader, writer, file: binding.file.get().cloned(), nowhere })
}

fn options(url: &str, connections: u32, binding: &Arc<Binding>, role: Role) -> ConnectOptions {
    let binding = Arc::clone(binding);
    let mut options = connect_options(url, connections);
    options
        // One that is open keeps the log alive. And none is opened in the background:
        // beside those of a file that is gone, its replacement would share their
        // index, and lose them what only the log has.
        .min_connections(0)
        .idle_timeout(None)
        .max_lifetime(None)
        // It was made above: one that is gone must not come back empty.
        .map_sqlx_sqlite_opts(|sqlite| sqlite_options(sqlite).create_if_missing(false))
        .map_sqlx_sqlite_pool_opts(move |pool| {
            let (connected, released) = (Arc::clone(&binding), Arc::clone(&binding));
            let pool = pool.after_connect(move |connection, _| {
                let binding = Arc::clone(&connected);
                Box::pin(async move { binding.bind(connection, role).await })
            });
            if role == Role::Reads {
                return pool;
            }
            pool.after_release(move |connection, _| {
                let binding = Arc::clone(&released);
                Box::pin(async move { binding.may_be_used_again(connection).await })
            })
        });
    options
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

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    Reads,
    Writes,
}

/// What binds all connections to the one file that the first of them has opened.
struct Binding {
    path: PathBuf,
    file: OnceLock<SqliteFile>,
    writer: OnceLock<SqlitePool>,
}

impl Binding {
    fn to(path: PathBuf) -> Self {
        Self { path, file: OnceLock::new(), writer: OnceLock::new() }
    }

    /// Refuses a connection to another file; one that writes commits nothing once
    /// the file has lost its name.
    async fn bind(&self, connection: &mut SqliteConnection, role: Role) -> sqlx::Result<()> {
        // From the first look on, there is a log.
        sqlx::raw_sql("SELECT count(*) FROM sqlite_schema").execute(&mut *connection).await?;
        let file = self.file.get_or_init(|| SqliteFile::opened(&self.path)).clone();
        if !file.is_in_place() {
            return Err(sqlx::Error::Io(std::io::ErrorKind::NotFound.into()));
        }
        if role == Role::Writes {
            connection.lock_handle().await?.set_commit_hook(move || file.is_in_place());
        }
        Ok(())
    }

    /// Whether no transaction is open, neither by SQLite's account nor by sqlx's. When
    /// one is because the file is gone, nobody may wait for another connection.
    async fn may_be_used_again(&self, connection: &mut SqliteConnection) -> sqlx::Result<bool> {
        // Runs after a rollback that was only begun, and fails within a transaction.
        let begun = sqlx::raw_sql("BEGIN; ROLLBACK").execute(&mut *connection).await;
        if begun.is_ok() && !connection.is_in_transaction() {
            return Ok(true);
        }
        if self.file.get().is_some_and(SqliteFile::is_in_place) {
            tracing::warn!("the database connection that writes is opened anew");
        } else if let Some(pool) = self.writer.get() {
            // That is marked immediately; whoever connects anew waits for the rest.
            drop(pool.close());
        }
        Ok(false)
    }
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
