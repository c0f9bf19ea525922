//! The connections to an SQLite file. One of them writes; it is closed and opened anew
//! whenever its state is not certain.
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
        self, Connection as _, SqliteConnection,
        sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous},
    },
};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::{
    connect_options::{DATABASE_TIMEOUT, connect_options},
    error::{StorageError, is_in_the_way},
    sqlite_file::{self, SqliteFile},
};

/// How long to wait between two looks at a file that others are making, or have taken
/// away.
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
    let binding = Arc::new(Binding::to(path));
    let writer = connect_to_file(options(url, 1, &binding, Role::Writes)).await?;
    let reader = connect_to_file(options(url, connections, &binding, Role::Reads)).await?;
    let nowhere = connect_to_file(options(url, 1, &binding, Role::Reads)).await?;
    nowhere.close_by_ref().await?;
    let file = binding.file.get_or_init(|| SqliteFile::opened(&binding.path)).clone();
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
        .map_sqlx_sqlite_opts(|sqlite| sqlite_options(sqlite).create_if_missing(false))
        .map_sqlx_sqlite_pool_opts(move |pool| {
            let (connected, released) = (Arc::clone(&binding), Arc::clone(&binding));
            let pool = pool.after_connect(move |connection, _| {
                let binding = Arc::clone(&connected);
                Box::pin(async move { binding.bind(connection, role).await })
            });
            match role {
                Role::Reads => pool,
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
        // The thread that reads need not stop after each 50 rows, sqlx's usual number, until
        // the task has taken them.
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
    /// Cancelled when the connections are about to be closed.
    leaving: CancellationToken,
}

impl Binding {
    fn to(path: PathBuf) -> Self {
        Self { path, file: OnceLock::new(), leaving: CancellationToken::new() }
    }

    /// Refuses a connection to another file; one that writes commits nothing once
    /// the file has lost its name.
    async fn bind(&self, connection: &mut SqliteConnection, role: Role) -> sqlx::Result<()> {
        // SQLite opens its log with the first statement that reads: from here on there is one.
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

    /// Whether the connection that writes is in a certain state. One that is not is held
    /// as long as the file is gone: a caller that waits for a connection must not get one
    /// to the replacement, which would write the old log into the new file.
    async fn may_be_used_again(&self, connection: &mut SqliteConnection) -> bool {
        if is_at_rest(connection).await {
            return true;
        }
        while self.file.get().is_some_and(|file| !file.is_in_place()) {
            tokio::select! {
                () = self.leaving.cancelled() => break,
                () = tokio::time::sleep(PAUSE) => {}
            }
        }
        tracing::warn!("the database connection that writes is opened anew");
        false
    }
}

/// Whether no transaction is open, neither by SQLite's account nor by sqlx's.
async fn is_at_rest(connection: &mut SqliteConnection) -> bool {
    // Runs after a rollback that was only begun, and fails within a transaction.
    let begun = sqlx::raw_sql("BEGIN; ROLLBACK").execute(&mut *connection).await;
    begun.is_ok() && !connection.is_in_transaction()
}

/// Connects, and tries again while others are in the way: of several servers that start
/// together on a new file one turns it to WAL, and SQLite refuses the others instead of
/// having them wait (`busy_timeout` does not hold for that change).
async fn connect_to_file(options: ConnectOptions) -> Result<DatabaseConnection, StorageError> {
    let begun = Instant::now();
    loop {
        match sea_orm::Database::connect(options.clone()).await {
            Err(error) if is_in_the_way(&error) && begun.elapsed() < DATABASE_TIMEOUT => {
                tokio::time::sleep(PAUSE).await;
            }
            connected => return Ok(connected?),
        }
    }
}
