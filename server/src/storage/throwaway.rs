//! The database of a testing server: a file in a folder of its own, which goes when the server
//! ends.
//!
//! Everything in it can be deleted by a call. So it makes its folder itself, and takes neither a
//! path nor a URL: there is no way to have it empty a database that is somebody's.

use std::{fs, io, sync::Arc};

use sea_orm::{ConnectionTrait as _, DbBackend, Statement};
use tempfile::TempDir;

use super::{
    database::{Database, DatabaseConfig},
    error::StorageError,
};
use crate::randomness::Randomness;

/// What its folder is called, with a random ending.
const PREFIX: &str = "gestan-account-testing-";

/// The tables whose rows are no customer's: they are about the schema, and about servers.
const KEPT: &str = "('seaql_migrations', 'heartbeat', 'copy_progress')";

/// A database that is gone when this is dropped.
#[derive(Debug)]
pub struct ThrowawayDatabase {
    database: Database,
    folder: TempDir,
}

impl ThrowawayDatabase {
    /// Makes one, with the schema.
    ///
    /// # Errors
    /// When the system has no room for temporary files, or the database cannot be made.
    pub async fn create(randomness: Arc<dyn Randomness>) -> Result<Self, StorageError> {
        let folder = tempfile::Builder::new().prefix(PREFIX).tempdir();
        let folder = folder.map_err(|error| StorageError::unreachable(error.to_string()))?;
        let url = format!("sqlite:{}", folder.path().join("account.sqlite").display());
        let database = Database::open(&DatabaseConfig::new(url, None), randomness).await?;
        database.migrate().await?;
        Ok(Self { database, folder })
    }

    /// The database.
    #[must_use]
    pub fn database(&self) -> &Database {
        &self.database
    }

    /// Deletes every row that a call has written.
    pub async fn empty(&self) -> Result<(), StorageError> {
        self.database
            .retry(|| async {
                let transaction = self.database.begin().await?;
                // Whatever refers to a row goes with it.
                transaction.execute_unprepared("PRAGMA defer_foreign_keys = ON").await?;
                let tables = format!(
                    "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE \
                     'sqlite%' AND name NOT IN {KEPT}"
                );
                let tables = Statement::from_string(DbBackend::Sqlite, tables);
                for table in transaction.query_all_raw(tables).await? {
                    let name: String = table.try_get_by_index(0)?;
                    transaction.execute_unprepared(&format!("DELETE FROM \"{name}\"")).await?;
                }
                transaction.commit().await
            })
            .await
    }

    /// Removes the folder, with the database in it, which must be closed.
    ///
    /// # Errors
    /// When something of it cannot be removed.
    pub fn remove(&self) -> io::Result<()> {
        fs::remove_dir_all(self.folder.path())
    }
}
