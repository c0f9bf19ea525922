//! What binds connections to one file, and gives up one whose state is not certain.
//!
//! SQLite ends a transaction by itself when the disk is full, fails or has no
//! memory left. sqlx counts transactions on its own and does not learn of it: its
//! ROLLBACK fails, the count stays at one, and every later "transaction" of the
//! connection would be a savepoint within one that nothing ever commits.

use std::{path::PathBuf, sync::OnceLock, time::Duration};

use sea_orm::sqlx::{self, Connection as _, SqliteConnection};
use tokio_util::sync::CancellationToken;

use crate::storage::sqlite_file::SqliteFile;

/// How long to wait between two looks at a file that was taken away.
const PAUSE: Duration = Duration::from_millis(20);

/// What a connection is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Reads,
    Writes,
    /// Nothing: it is closed as soon as it is made.
    Nowhere,
}

/// What binds all connections to the one file that the first of them has opened.
pub(super) struct Binding {
    path: PathBuf,
    file: OnceLock<SqliteFile>,
    /// Cancelled when the connections are about to be closed.
    pub(super) leaving: CancellationToken,
}

impl Binding {
    pub(super) fn to(path: PathBuf) -> Self {
        Self { path, file: OnceLock::new(), leaving: CancellationToken::new() }
    }

    /// The file as it was when the first connection opened it.
    pub(super) fn file(&self) -> SqliteFile {
        self.file.get_or_init(|| SqliteFile::opened(&self.path)).clone()
    }

    /// Refuses a connection to another file; one that writes commits nothing once
    /// the file has lost its name.
    pub(super) async fn bind(
        &self,
        connection: &mut SqliteConnection,
        role: Role,
    ) -> sqlx::Result<()> {
        // SQLite opens its log with the first statement that reads: from here on there is one.
        sqlx::raw_sql("SELECT count(*) FROM sqlite_schema").execute(&mut *connection).await?;
        let file = self.file();
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
    pub(super) async fn may_be_used_again(&self, connection: &mut SqliteConnection) -> bool {
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
