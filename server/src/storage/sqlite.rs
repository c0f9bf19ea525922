//! The connections to an SQLite file. One of them writes; it is closed and opened anew
//! whenever its state is not certain.

mod binding;
mod foreign_log;
mod holder;
mod place;

use std::{path::Path, sync::Arc, time::Duration};

use sea_orm::{
    ConnectOptions, DatabaseConnection, DbErr, RuntimeErr, SqlxError,
    sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteLockingMode, SqliteSynchronous},
};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use self::binding::{Binding, Role};
pub use self::{
    foreign_log::check as check_log,
    holder::Holder,
    place::{file, missing_file},
};
pub(super) use self::{
    foreign_log::{MAGIC, say_without_log},
    place::{check_names_file, is_sqlite, sqlite_path},
};
use super::{
    connect_options::{DATABASE_TIMEOUT, connect_options},
    error::{StorageError, is_in_the_way},
    sqlite_file::{self, SqliteFile},
    unwritable,
};

/// How long to wait before another attempt to open a file that others are making.
const PAUSE: Duration = Duration::from_millis(20);

/// What the log is cut to when it begins anew: twice what it has when it is written into the file.
const LOG_BYTES: &str = "8388608";

/// Rows that SQLite reads before the first of them is taken.
const ROWS_AHEAD: usize = 512;

/// Whether a file that is not there is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum IfMissing {
    Create,
    Fail,
}

/// The connections to a file.
pub(super) struct Connected {
    pub(super) reader: DatabaseConnection,
    pub(super) writer: DatabaseConnection,
    pub(super) bond: Bond,
}

/// What is to be known of the file behind the connections. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Bond {
    pub(super) file: SqliteFile,
    /// A connection that is closed, and refuses everything.
    pub(super) nowhere: DatabaseConnection,
    leaving: CancellationToken,
}

impl Bond {
    /// Lets go a connection that is held because its file is gone. To be called when the
    /// pool that writes has been told to close.
    pub(super) fn leave(&self) {
        self.leaving.cancel();
    }
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
    let binding = Arc::new(Binding::to(path.clone()));
    let writer = connect_to_file(options(url, 1, &binding, Role::Writes), &path).await;
    let writer = writer.map_err(|error| unwritable::explained(&path, error))?;
    let reader = connect_to_file(options(url, connections, &binding, Role::Reads), &path).await?;
    let nowhere = connect_to_file(options(url, 1, &binding, Role::Nowhere), &path).await?;
    nowhere.close_by_ref().await?;
    let file = binding.file();
    let leaving = binding.leaving.clone();
    Ok(Connected { reader, writer, bond: Bond { file, nowhere, leaving } })
}

fn options(url: &str, connections: u32, binding: &Arc<Binding>, role: Role) -> ConnectOptions {
    let binding = Arc::clone(binding);
    let mut options = connect_options(url, connections);
    options
        // An open connection keeps the log alive, so none is closed for its age. And none
        // is opened in the background: a connection to the replacement of a file that is
        // gone would share the index (`-shm`) of those to the old one, and what only the
        // log has would be lost.
        .min_connections(0)
        .idle_timeout(None)
        .max_lifetime(None)
        // The file was created above: one that is gone must not come back empty.
        .map_sqlx_sqlite_opts(move |sqlite| {
            let sqlite = sqlite_options(sqlite).create_if_missing(false);
            // Whoever notes at its end what it has learnt waits for another process that
            // writes; this one has learnt nothing.
            if role == Role::Nowhere { sqlite.optimize_on_close(false, None) } else { sqlite }
        })
        .map_sqlx_sqlite_pool_opts(move |pool| {
            let (connected, released) = (Arc::clone(&binding), Arc::clone(&binding));
            let pool = pool.after_connect(move |connection, _| {
                let binding = Arc::clone(&connected);
                Box::pin(async move { binding.bind(connection, role).await })
            });
            match role {
                Role::Reads | Role::Nowhere => pool,
                Role::Writes => pool.after_release(move |connection, _| {
                    let binding = Arc::clone(&released);
                    Box::pin(async move { Ok(binding.may_be_used_again(connection).await) })
                }),
            }
        });
    options
}

/// How an SQLite file is worked on.
pub(super) fn sqlite_options(sqlite: SqliteConnectOptions) -> SqliteConnectOptions {
    sqlite
        .foreign_keys(true)
        .journal_mode(SqliteJournalMode::Wal)
        // An acknowledged call is on disk: with NORMAL, the log is flushed only at its
        // checkpoints, and a power cut takes back the last commits.
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(DATABASE_TIMEOUT)
        // What is deleted is overwritten: a seed or a code's hash must not outlive its row in
        // the file's free room.
        .pragma("secure_delete", "ON")
        // The log grows as long as anybody reads the state of before, and would keep that size.
        .pragma("journal_size_limit", LOG_BYTES)
        // The thread that reads need not stop after each 50 rows, sqlx's usual number, until
        // the task has taken them.
        .row_buffer_size(ROWS_AHEAD)
        .optimize_on_close(true, None)
}

/// One connection to a file, which lets in nobody else; not for serving.
pub(super) async fn open_alone(url: &str) -> Result<DatabaseConnection, DbErr> {
    let mut options = connect_options(url, 1);
    options.map_sqlx_sqlite_opts(|sqlite| {
        sqlite_options(sqlite)
            .create_if_missing(false)
            .locking_mode(SqliteLockingMode::Exclusive)
            .optimize_on_close(false, None)
    });
    sea_orm::Database::connect(options).await
}

/// Connects, and tries again while others are in the way: of several servers that start
/// together on a new file one turns it to WAL, and SQLite refuses the others instead of
/// having them wait (`busy_timeout` does not hold for that change).
async fn connect_to_file(
    options: ConnectOptions,
    path: &Path,
) -> Result<DatabaseConnection, StorageError> {
    let begun = Instant::now();
    loop {
        match sea_orm::Database::connect(options.clone()).await {
            Err(error) if is_in_the_way(&error) && begun.elapsed() < DATABASE_TIMEOUT => {
                tokio::time::sleep(PAUSE).await;
            }
            Err(error) if is_in_the_way(&error) || is_timeout(&error) => {
                return Err(match Holder::of(path) {
                    Holder::Unknown => error.into(),
                    holder @ Holder::Process { .. } => StorageError::unreachable(format!(
                        "{holder} has locked it against all others: let that end first"
                    )),
                });
            }
            connected => return Ok(connected?),
        }
    }
}

/// Whether the time was over before a connection was there: one that meets a lock waits.
fn is_timeout(error: &DbErr) -> bool {
    matches!(error, DbErr::Conn(RuntimeErr::SqlxError(cause))
        if matches!(**cause, SqlxError::PoolTimedOut))
}
