//! The connections, and how a transaction begins and is tried again.

use std::{path::PathBuf, str::FromStr as _, sync::Arc, time::Duration};

use gestan_account_migration::Migrator;
use sea_orm::{
    ConnectOptions, ConnectionTrait as _, DatabaseConnection, DatabaseTransaction, EntityName as _,
    EntityTrait as _, SqliteTransactionMode, TransactionOptions, TransactionTrait as _,
    sqlx::{
        postgres::PgConnectOptions,
        sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous},
    },
};
use sea_orm_migration::{MigratorTrait as _, SchemaManager, seaql_migrations};

use super::error::StorageError;
use crate::randomness::Randomness;

/// How long a call waits for a connection, or for a lock of another process.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);

/// How often a transaction is tried that others get in the way of.
const ATTEMPTS: u32 = 8;

/// Where the data is.
#[derive(Clone, Debug)]
pub struct DatabaseConfig {
    /// `sqlite:PATH` or `postgres://…`.
    pub url: String,
    /// Connections for reading; with PostgreSQL, for everything.
    pub connections: u32,
}

/// A connected database. SQLite lets one connection write at a time, so all
/// writing goes through one, in turn, instead of meeting in locks; PostgreSQL
/// has one pool for both. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Database {
    reader: DatabaseConnection,
    writer: DatabaseConnection,
    randomness: Arc<dyn Randomness>,
}

impl Database {
    /// Connects; an SQLite file is created with its folder.
    ///
    /// # Errors
    /// [`StorageError::Unavailable`] when it cannot be reached or created.
    pub async fn open(
        config: &DatabaseConfig,
        randomness: Arc<dyn Randomness>,
    ) -> Result<Self, StorageError> {
        check_url(&config.url)?;
        if let Some(path) = sqlite_path(&config.url) {
            if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
                std::fs::create_dir_all(folder).map_err(|error| {
                    let text = format!("cannot create {}: {error}", folder.display());
                    StorageError::Unavailable(sea_orm::DbErr::Custom(text))
                })?;
            }
            let writer = sea_orm::Database::connect(options(config, 1)).await?;
            let reader = sea_orm::Database::connect(options(config, config.connections)).await?;
            return Ok(Self { reader, writer, randomness });
        }
        let pool = sea_orm::Database::connect(options(config, config.connections)).await?;
        Ok(Self { reader: pool.clone(), writer: pool, randomness })
    }

    /// Tells `observer` the text of every statement from now on, without its
    /// values; for whoever counts them.
    pub fn observe_statements(&mut self, observer: impl Fn(&str) + Clone + Send + Sync + 'static) {
        let writes = observer.clone();
        self.reader.set_metric_callback(move |info| observer(&info.statement.sql));
        self.writer.set_metric_callback(move |info| writes(&info.statement.sql));
    }

    /// Brings the schema up to date.
    ///
    /// # Errors
    /// A [`StorageError`].
    pub async fn migrate(&self) -> Result<(), StorageError> {
        Ok(Migrator::up(&self.writer, None).await?)
    }

    /// Whether the schema is up to date; a newer one is, too. Changes nothing,
    /// so that it needs no right to.
    ///
    /// # Errors
    /// A [`StorageError`].
    pub async fn is_migrated(&self) -> Result<bool, StorageError> {
        if !SchemaManager::new(&self.reader)
            .has_table(seaql_migrations::Entity.table_name())
            .await?
        {
            return Ok(false);
        }
        let applied = seaql_migrations::Entity::find().all(&self.reader).await?;
        let is_applied = |name| applied.iter().any(|change| change.version == name);
        Ok(Migrator::migrations().iter().all(|change| is_applied(change.name())))
    }

    /// For reading outside a transaction.
    #[must_use]
    pub fn read(&self) -> &DatabaseConnection {
        &self.reader
    }

    /// For a single statement that writes.
    #[must_use]
    pub fn write(&self) -> &DatabaseConnection {
        &self.writer
    }

    /// Begins a transaction that will write. Dropped without
    /// [`commit`](DatabaseTransaction::commit), it leaves nothing behind.
    ///
    /// # Errors
    /// A [`StorageError`].
    pub async fn begin(&self) -> Result<DatabaseTransaction, StorageError> {
        // A deferred transaction of SQLite fails when it turns to writing after
        // another process has; an immediate one waits its turn.
        let options = TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        };
        Ok(self.writer.begin_with_options(options).await?)
    }

    /// Runs `attempt`, which holds one whole transaction, again when another
    /// transaction was in its way; with jitter, and not for ever.
    ///
    /// # Errors
    /// What the last attempt failed with.
    pub async fn retry<T, E, F>(&self, mut attempt: impl FnMut() -> F) -> Result<T, E>
    where
        F: Future<Output = Result<T, E>>,
        E: IsConflict,
    {
        let mut tried = 1;
        loop {
            match attempt().await {
                Err(error) if tried < ATTEMPTS && error.is_conflict() => {
                    let bound = Duration::from_millis(5 << tried);
                    let pause = bound.mul_f64(self.randomness.fraction());
                    tokio::time::sleep(pause).await;
                    tried += 1;
                }
                outcome => return outcome,
            }
        }
    }

    /// Whether the database can be read and written just now.
    ///
    /// # Errors
    /// A [`StorageError`].
    pub async fn ping(&self) -> Result<(), StorageError> {
        self.reader.ping().await?;
        let transaction = self.begin().await?;
        transaction.execute_unprepared("SELECT 1").await?;
        Ok(transaction.rollback().await?)
    }

    /// Closes every connection, after what runs on it.
    pub async fn close(self) {
        // Nothing is left to be done about a connection that does not close.
        let _ = self.reader.close().await;
        let _ = self.writer.close().await;
    }
}

/// Tells errors after which the same transaction may succeed.
pub trait IsConflict {
    /// Whether to try again.
    fn is_conflict(&self) -> bool;
}

impl IsConflict for StorageError {
    fn is_conflict(&self) -> bool {
        // A key that was free and then taken is found by the next attempt.
        matches!(self, Self::Conflict(_) | Self::Unique(_))
    }
}

/// Refuses what is no URL of a database before SeaORM does, whose words would
/// tell the URL, and its password with it.
pub(super) fn check_url(url: &str) -> Result<(), StorageError> {
    let problem = if url.starts_with("sqlite:") {
        None
    } else if url.starts_with("postgres:") || url.starts_with("postgresql:") {
        PgConnectOptions::from_str(url).err().map(|error| format!("its URL is wrong: {error}"))
    } else {
        Some("its URL must begin with sqlite: or postgres://".to_owned())
    };
    problem.map_or(Ok(()), |text| Err(StorageError::Unavailable(sea_orm::DbErr::Custom(text))))
}

/// The file of an SQLite URL; `None` for another database or one in memory.
pub(super) fn sqlite_path(url: &str) -> Option<PathBuf> {
    if !url.starts_with("sqlite:") {
        return None;
    }
    let options = SqliteConnectOptions::from_str(url).ok()?;
    Some(options.get_filename().to_path_buf())
}

fn options(config: &DatabaseConfig, connections: u32) -> ConnectOptions {
    let mut options = ConnectOptions::new(&config.url);
    options
        .max_connections(connections)
        .min_connections(1)
        .acquire_timeout(PATIENCE)
        .connect_timeout(PATIENCE)
        // Statements are logged by nobody: values might be among them one day.
        .sqlx_logging(false)
        .map_sqlx_sqlite_opts(|sqlite| {
            sqlite
                .create_if_missing(true)
                .foreign_keys(true)
                .journal_mode(SqliteJournalMode::Wal)
                // An acknowledged call is on disk, not only with the kernel.
                .synchronous(SqliteSynchronous::Full)
                .busy_timeout(PATIENCE)
                .optimize_on_close(true, None)
        });
    options
}
