//! The connections, and how a transaction begins and is tried again.

use std::{
    fmt,
    sync::{Arc, PoisonError, RwLock},
    thread,
    time::Duration,
};

use gestan_account_migration::Migrator;
use sea_orm::{
    ConnectionTrait as _, DatabaseConnection, DatabaseTransaction, DbBackend, EntityName as _,
    EntityTrait as _, SqliteTransactionMode, TransactionOptions, TransactionTrait as _,
};
use sea_orm_migration::{MigratorTrait as _, SchemaManager, seaql_migrations};
use tokio::time::Instant;

use super::{
    error::StorageError,
    pools::{PATIENCE, Pools, check_takes_writes, is_sqlite},
};
use crate::randomness::Randomness;

/// How often a transaction is tried that others get in the way of.
const ATTEMPTS: u32 = 8;

/// PostgreSQL's advisory lock that whoever migrates holds: any number, always the same.
const MIGRATION_LOCK: i64 = 0x6765_7374_616e;

/// Where the data is.
#[derive(Clone)]
pub struct DatabaseConfig {
    /// `sqlite:PATH` or `postgres://…`, where several hosts may stand, with
    /// commas between: the one that takes writes is worked with.
    pub url: String,
    /// Connections for reading; with PostgreSQL, for everything.
    pub connections: u32,
}

impl DatabaseConfig {
    /// That URL, and, unless it is given, a usual number of connections: reading
    /// SQLite is work for this program's own processors, and more connections than
    /// there are of them only take memory.
    #[must_use]
    pub fn new(url: String, connections: Option<u32>) -> Self {
        let processors = thread::available_parallelism().map_or(1, usize::from);
        let processors = u32::try_from(processors).unwrap_or(u32::MAX);
        let usual = if is_sqlite(&url) { processors.clamp(2, 8) } else { 8 };
        Self { connections: connections.unwrap_or(usual), url }
    }
}

/// The address may have a password in it.
impl fmt::Debug for DatabaseConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DatabaseConfig")
            .field("connections", &self.connections)
            .finish_non_exhaustive()
    }
}

/// A connected database. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Database {
    config: Arc<DatabaseConfig>,
    pools: Arc<RwLock<Pools>>,
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
        let pools = Arc::new(RwLock::new(Pools::connect(config).await?));
        Ok(Self { config: Arc::new(config.clone()), pools, randomness })
    }

    /// Connects anew, to whichever host takes writes by now. What goes on over
    /// the old connections may end as it can: a host that is gone without a word
    /// leaves them open, and whoever waits for an answer there waits for ever.
    ///
    /// # Errors
    /// [`StorageError::Unavailable`] when no host can be reached; the old
    /// connections are kept then.
    pub async fn renew(&self) -> Result<(), StorageError> {
        if is_sqlite(&self.config.url) {
            return Ok(());
        }
        let fresh = Pools::connect(&self.config).await?;
        let mut pools = self.pools.write().unwrap_or_else(PoisonError::into_inner);
        let old = std::mem::replace(&mut *pools, fresh);
        tokio::spawn(tokio::time::timeout(PATIENCE, old.close()));
        Ok(())
    }

    /// Tells `observer` the text of every statement from now on, without its
    /// values; for whoever counts them.
    pub fn observe_statements(&mut self, observer: impl Fn(&str) + Clone + Send + Sync + 'static) {
        self.pools.write().unwrap_or_else(PoisonError::into_inner).observe_statements(observer);
    }

    fn pools(&self) -> Pools {
        self.pools.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Brings the schema up to date, wholly or not at all. Of several servers
    /// one does so while the others wait.
    ///
    /// # Errors
    /// A [`StorageError`].
    pub async fn migrate(&self) -> Result<(), StorageError> {
        self.retry(|| async {
            // With SQLite, a transaction that writes is a lock by itself.
            let transaction = self.begin().await?;
            if transaction.get_database_backend() == DbBackend::Postgres {
                let lock = format!("SELECT pg_advisory_xact_lock({MIGRATION_LOCK})");
                transaction.execute_unprepared(&lock).await?;
            }
            Migrator::up(&transaction, None).await?;
            Ok(transaction.commit().await?)
        })
        .await
    }

    /// Whether the schema is up to date; a newer one is, too. Changes nothing,
    /// so that it needs no right to.
    ///
    /// # Errors
    /// A [`StorageError`].
    pub async fn is_migrated(&self) -> Result<bool, StorageError> {
        let reader = self.read();
        let table = seaql_migrations::Entity.table_name();
        if !SchemaManager::new(&reader).has_table(table).await? {
            return Ok(false);
        }
        let applied = seaql_migrations::Entity::find().all(&reader).await?;
        let is_applied = |name| applied.iter().any(|change| change.version == name);
        Ok(Migrator::migrations().iter().all(|change| is_applied(change.name())))
    }

    /// For reading outside a transaction.
    #[must_use]
    pub fn read(&self) -> DatabaseConnection {
        self.pools().reader
    }

    /// For a single statement that writes.
    #[must_use]
    pub fn write(&self) -> DatabaseConnection {
        self.pools().writer
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
        Ok(self.write().begin_with_options(options).await?)
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
        let begun = Instant::now();
        let mut tried = 1;
        loop {
            match attempt().await {
                // Who waited long for a lock already waits no more.
                Err(error)
                    if tried < ATTEMPTS && begun.elapsed() < PATIENCE && error.is_conflict() =>
                {
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
        self.read().ping().await?;
        let transaction = self.begin().await?;
        check_takes_writes(&transaction).await?;
        Ok(transaction.rollback().await?)
    }

    /// Closes every connection, after what runs on it.
    pub async fn close(self) {
        self.pools().close().await;
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
