//! The connections to the database, and how a transaction begins and is tried again.

mod retry;

use std::sync::{Arc, PoisonError, RwLock};

use jiff::Timestamp;
use sea_orm::{
    AccessMode, ConnectionTrait as _, DbBackend, IsolationLevel, SqliteTransactionMode,
    TransactionOptions,
};
use tokio::{sync::Mutex, time::timeout};
use uuid::Uuid;

use super::{
    about::{self, About},
    condition,
    connections::{Connections, PoolUse},
    disk::{self, DiskSpace},
    error::StorageError,
    event_queue::EventQueue,
    heartbeat,
    pools::{DATABASE_TIMEOUT, Occasion, Pools, check_url},
    schema,
    sqlite::{Holder, is_sqlite, sqlite_path},
    transaction::Transaction,
};
pub use super::{database_config::DatabaseConfig, error::IsConflict};
use crate::randomness::Randomness;

/// A connected database. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Database {
    config: Arc<DatabaseConfig>,
    pools: Arc<RwLock<Pools>>,
    randomness: Arc<dyn Randomness>,
    /// Whose heartbeats these are.
    server_id: Uuid,
    /// One beat after the other: none must find that of another look in its place.
    beating: Arc<Mutex<()>>,
    /// Where transactions put what other systems are to be told of, if there is anybody to be
    /// told.
    events: Option<EventQueue>,
}

impl Database {
    /// Looks at its URL, and connects to nothing.
    ///
    /// # Errors
    /// [`StorageError::Unavailable`] when it is none of a database.
    pub fn check(config: &DatabaseConfig) -> Result<(), StorageError> {
        check_url(&config.url)
    }

    /// Connects; an SQLite file is created with its folder.
    ///
    /// # Errors
    /// [`StorageError::Unavailable`] when it cannot be reached or created.
    pub async fn open(
        config: &DatabaseConfig,
        randomness: Arc<dyn Randomness>,
    ) -> Result<Self, StorageError> {
        Self::connect(config, Occasion::Start, randomness).await
    }

    /// Connects to a database that is there.
    ///
    /// # Errors
    /// [`StorageError::Unavailable`] when it cannot be reached, or is a file that does not
    /// exist.
    pub async fn open_existing(
        config: &DatabaseConfig,
        randomness: Arc<dyn Randomness>,
    ) -> Result<Self, StorageError> {
        Self::connect(config, Occasion::Visit, randomness).await
    }

    async fn connect(
        config: &DatabaseConfig,
        occasion: Occasion,
        randomness: Arc<dyn Randomness>,
    ) -> Result<Self, StorageError> {
        let pools = Pools::connect(config, occasion).await?;
        let (config, pools) = (Arc::new(config.clone()), Arc::new(RwLock::new(pools)));
        let server_id = randomness.uuid();
        Ok(Self { config, pools, randomness, server_id, beating: Arc::default(), events: None })
    }

    /// The same database, of whose transactions other systems are told.
    #[must_use]
    pub fn telling(self, events: EventQueue) -> Self {
        Self { events: Some(events), ..self }
    }

    /// Connects anew where that may help: to whichever host takes writes by now, or
    /// to the file that has the name of one that is gone. Gives whether it connected.
    ///
    /// # Errors
    /// [`StorageError::Unavailable`] when nothing can be reached, or what is there
    /// is no database of this program.
    pub async fn renew(&self) -> Result<bool, StorageError> {
        if is_sqlite(&self.config.url) {
            return self.renew_file().await;
        }
        let fresh = Pools::connect(&self.config, Occasion::Renewal).await?;
        // Calls that go on over the old connections may end as they can, and nobody
        // waits for them: a host that is gone without a word leaves its connections
        // open, and never answers.
        tokio::spawn(timeout(DATABASE_TIMEOUT, self.replace(fresh).close()));
        Ok(true)
    }

    /// Connects to the file that has the name now. The old connections are closed first:
    /// SQLite's log (`-wal`) and its index (`-shm`) belong to the file that they were made
    /// for, and the last connection removes them.
    async fn renew_file(&self) -> Result<bool, StorageError> {
        let old = self.pools();
        let Some(file) = old.lost_file() else { return Ok(false) };
        // Closed they are from here on, even when the time is over.
        let _ = timeout(DATABASE_TIMEOUT, old.clone().close()).await;
        let set_aside = file.set_log_aside();
        set_aside.map_err(|error| StorageError::unreachable(error.to_string()))?;
        let fresh = Pools::connect(&self.config, Occasion::Renewal).await?;
        if !schema::is_migrated(&fresh.reader).await? {
            fresh.close().await;
            return Err(StorageError::unreachable("its schema is not up to date".to_owned()));
        }
        self.replace(fresh);
        Ok(true)
    }

    fn replace(&self, fresh: Pools) -> Pools {
        let mut pools = self.pools.write().unwrap_or_else(PoisonError::into_inner);
        std::mem::replace(&mut *pools, fresh)
    }

    /// Tells `observer` the text of every statement from now on, without its values,
    /// so that tests can count them.
    pub fn observe_statements(&mut self, observer: impl Fn(&str) + Clone + Send + Sync + 'static) {
        self.pools.write().unwrap_or_else(PoisonError::into_inner).observe_statements(observer);
    }

    fn pools(&self) -> Pools {
        self.pools.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Brings the schema up to date, wholly or not at all. Of several servers one does
    /// so, and the others wait for it.
    pub async fn migrate(&self) -> Result<(), StorageError> {
        self.retry(|| async {
            let transaction = self.begin().await?;
            schema::migrate(&transaction).await?;
            transaction.commit().await
        })
        .await
    }

    /// Whether the schema is up to date; a newer one is, too. It changes nothing, so
    /// that a user without the right to change the schema may ask.
    pub async fn is_migrated(&self) -> Result<bool, StorageError> {
        schema::is_migrated(&self.read()).await
    }

    /// Which database it is, for the operator.
    pub async fn about(&self) -> Result<About, StorageError> {
        about::ask(&self.config.url, &self.read()).await
    }

    /// Whether there is any schema of this program, whichever release made it.
    pub async fn has_schema(&self) -> Result<bool, StorageError> {
        schema::is_made(&self.read()).await
    }

    /// The settings of the database by which a power cut loses what was acknowledged.
    pub async fn unsafe_settings(&self) -> Result<Vec<String>, StorageError> {
        condition::unsafe_settings(&self.write()).await
    }

    /// What time it is at the database; none where its clock is this machine's.
    pub async fn time(&self) -> Result<Option<Timestamp>, StorageError> {
        condition::time(&self.read()).await
    }

    /// When a server was last seen.
    pub async fn last_sign_of_life(&self) -> Result<Option<Timestamp>, StorageError> {
        condition::last_sign_of_life(&self.read()).await
    }

    /// For reading outside a transaction.
    #[must_use]
    pub fn read(&self) -> Connections {
        self.pools().in_place().reader
    }

    /// For a single statement that writes.
    #[must_use]
    pub fn write(&self) -> Connections {
        self.pools().in_place().writer
    }

    /// Begins a transaction that will write.
    pub async fn begin(&self) -> Result<Transaction, StorageError> {
        // SQLite refuses a deferred transaction, without waiting, when it turns from reading
        // to writing after another connection has written (SQLITE_BUSY_SNAPSHOT). An
        // immediate one waits for its turn when it begins.
        let options = TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        };
        let transaction = self.write().begin(options).await?;
        Ok(transaction.telling(self.events.clone()))
    }

    /// Begins a transaction that sees the database as it is at one moment, however long it reads.
    /// Nobody waits for it.
    pub async fn snapshot(&self) -> Result<Transaction, StorageError> {
        let is_postgres = self.read().backend() == DbBackend::Postgres;
        // With SQLite, every transaction that reads is such a one.
        let options = TransactionOptions {
            isolation_level: is_postgres.then_some(IsolationLevel::RepeatableRead),
            access_mode: is_postgres.then_some(AccessMode::ReadOnly),
            ..TransactionOptions::default()
        };
        let snapshot = self.read().begin(options).await?;
        if is_postgres {
            // A timeout is meant for the statements of a call.
            snapshot.execute_unprepared("SET LOCAL statement_timeout = 0").await?;
        }
        Ok(snapshot)
    }

    /// Checks that what is written is kept: writes a row, and reads it as every call
    /// reads. A transaction that begins and ends proves nothing: SQLite's only writing
    /// connection was once stuck in a transaction that nothing committed.
    pub async fn ping(&self, now: Timestamp) -> Result<(), StorageError> {
        if self.pools().lost_file().is_some() {
            let why = "its file, or its log, was removed or replaced";
            return Err(StorageError::unreachable(why.to_owned()));
        }
        let _turn = self.beating.lock().await;
        let beat = self.randomness.uuid();
        let db = self.write();
        self.retry(|| heartbeat::store(&db, self.server_id, beat, now)).await?;
        if heartbeat::find(&self.read(), self.server_id).await? == Some(beat) {
            Ok(())
        } else {
            Err(StorageError::unreachable("what is written cannot be read".to_owned()))
        }
    }

    /// Who keeps this process from writing, if the database is an SQLite file: one process
    /// writes at a time.
    #[must_use]
    pub fn held_by(&self) -> Option<Holder> {
        sqlite_path(&self.config.url).map(|path| Holder::of(&path))
    }

    /// Whether it is an SQLite file, which keeps bytes of what was deleted until it is compacted.
    #[must_use]
    pub fn is_in_file(&self) -> bool {
        is_sqlite(&self.config.url)
    }

    /// The room on the disk of its file; none for a database that is elsewhere.
    #[must_use]
    pub fn disk_space(&self) -> Option<DiskSpace> {
        sqlite_path(&self.config.url).and_then(|path| disk::space(path.parent()?))
    }

    /// Its connections, by the name of the pool that they are in.
    #[must_use]
    pub fn pools_in_use(&self) -> Vec<(&'static str, PoolUse)> {
        self.pools().in_use()
    }

    /// Closes every connection, after what runs on it.
    pub async fn close(self) {
        self.pools().close().await;
    }
}
