//! The way to the database, whichever it is, for statements of their own and for
//! transactions.

use sea_orm::{
    ConnectionTrait, DatabaseConnection, DbBackend, DbErr, ExecResult, QueryResult, Statement,
    TransactionOptions, TransactionTrait as _, prelude::async_trait::async_trait,
};
use sea_orm_migration::SchemaManager;

use super::{
    error::StorageError,
    postgres::{Observer, PostgresPool},
    transaction::Transaction,
};

/// Connections to the database. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Connections(Kind);

#[derive(Clone, Debug)]
enum Kind {
    Sqlite(DatabaseConnection),
    Postgres(PostgresPool),
}

/// The connections of a pool.
#[derive(Clone, Copy, Debug)]
pub struct PoolUse {
    /// How many there are.
    pub open: u32,
    /// How many of them nobody uses.
    pub idle: u32,
}

impl Connections {
    /// How many connections there are, and how many of them nobody uses.
    pub(super) fn in_use(&self) -> PoolUse {
        match &self.0 {
            Kind::Sqlite(db) => {
                let pool = db.get_sqlite_connection_pool();
                let open = pool.size();
                let idle = u32::try_from(pool.num_idle()).unwrap_or(u32::MAX);
                PoolUse { open, idle: idle.min(open) }
            }
            Kind::Postgres(pool) => pool.in_use(),
        }
    }

    /// The file that these lead to, if it is one.
    pub(super) fn sqlite(&self) -> Option<&DatabaseConnection> {
        match &self.0 {
            Kind::Sqlite(db) => Some(db),
            Kind::Postgres(_) => None,
        }
    }

    /// Which database it is.
    #[must_use]
    pub fn backend(&self) -> DbBackend {
        match self.0 {
            Kind::Sqlite(_) => DbBackend::Sqlite,
            Kind::Postgres(_) => DbBackend::Postgres,
        }
    }

    pub(super) async fn begin(
        &self,
        options: TransactionOptions,
    ) -> Result<Transaction, StorageError> {
        match &self.0 {
            Kind::Sqlite(db) => Ok(Transaction::new(db.begin_with_options(options).await?, None)),
            Kind::Postgres(pool) => {
                let mut lease = pool.lend().await?;
                let begun = lease.db().begin_with_options(options).await?;
                Ok(Transaction::new(begun, Some(lease)))
            }
        }
    }

    /// Whether there is such a table, as far as this role may see it.
    pub(super) async fn has_table(&self, name: &str) -> Result<bool, DbErr> {
        match &self.0 {
            Kind::Sqlite(db) => SchemaManager::new(db).has_table(name).await,
            Kind::Postgres(pool) => {
                let mut lease = pool.lend().await?;
                let answer = SchemaManager::new(lease.db()).has_table(name).await;
                lease.settle(answer)
            }
        }
    }

    pub(super) fn observe_statements(&mut self, observer: Observer) {
        match &mut self.0 {
            Kind::Sqlite(db) => db.set_metric_callback(move |info| observer(&info.statement.sql)),
            Kind::Postgres(pool) => pool.observer = Some(observer),
        }
    }

    /// Closes every connection, after what runs on it.
    pub(super) async fn close(&self) {
        match &self.0 {
            // Nothing can be done about a connection that does not close.
            Kind::Sqlite(db) => drop(db.close_by_ref().await),
            Kind::Postgres(pool) => pool.close().await,
        }
    }
}

impl From<DatabaseConnection> for Connections {
    fn from(sqlite: DatabaseConnection) -> Self {
        Self(Kind::Sqlite(sqlite))
    }
}

impl From<PostgresPool> for Connections {
    fn from(pool: PostgresPool) -> Self {
        Self(Kind::Postgres(pool))
    }
}

#[async_trait]
impl ConnectionTrait for Connections {
    fn get_database_backend(&self) -> DbBackend {
        self.backend()
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        match &self.0 {
            Kind::Sqlite(db) => db.execute_raw(statement).await,
            Kind::Postgres(pool) => pool.ask(statement, |db, asked| db.execute_raw(asked)).await,
        }
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        match &self.0 {
            Kind::Sqlite(db) => db.execute_unprepared(sql).await,
            Kind::Postgres(pool) => {
                let mut lease = pool.lend().await?;
                let answer = lease.db().execute_unprepared(sql).await;
                lease.settle(answer)
            }
        }
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        match &self.0 {
            Kind::Sqlite(db) => db.query_one_raw(statement).await,
            Kind::Postgres(pool) => pool.ask(statement, |db, asked| db.query_one_raw(asked)).await,
        }
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        match &self.0 {
            Kind::Sqlite(db) => db.query_all_raw(statement).await,
            Kind::Postgres(pool) => pool.ask(statement, |db, asked| db.query_all_raw(asked)).await,
        }
    }
}
