//! A transaction that is committed whole, or not at all: a statement that failed
//! cannot be overlooked.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use jiff::Timestamp;
use sea_orm::{
    ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, ExecResult, QueryResult, Statement,
    prelude::async_trait::async_trait,
};

use super::{
    error::StorageError,
    event_outbox::{self, NewEvent},
    event_queue::EventQueue,
    postgres::Lease,
};

/// A transaction that writes. Dropped without [`commit`](Self::commit), it leaves
/// nothing behind.
//
// After an error PostgreSQL ignores every further statement of a transaction, and
// answers its COMMIT with the command tag ROLLBACK, which is no error. sqlx 0.9 does
// not look at that tag (`transaction.rs` of sqlx-postgres), and keeps to itself what
// it knows of the transaction's state. So a caller that passed over an error would be
// told that everything is stored, when nothing is. SQLite would store all the rest.
//
// Any statement before the COMMIT would fail in such a transaction, too, but it would
// cost every writing call another way to the database and back while it holds its
// locks. To count here costs none, and is the same for both databases.
#[derive(Debug)]
pub struct Transaction {
    inner: DatabaseTransaction,
    /// The connection that it runs on, if that was lent. Given back after the transaction.
    lease: Option<Lease>,
    /// Statements that failed, or that were dropped before their answer came.
    without_success: AtomicUsize,
    /// Where it puts what other systems are to be told of, if there is anybody to be told.
    events: Option<EventQueue>,
    /// Whether it has put an event there.
    has_event: AtomicBool,
}

impl Transaction {
    pub(super) fn new(inner: DatabaseTransaction, lease: Option<Lease>) -> Self {
        let (without_success, has_event) = Default::default();
        Self { inner, lease, without_success, events: None, has_event }
    }

    /// The same, whose events are told.
    pub(super) fn telling(self, events: Option<EventQueue>) -> Self {
        Self { events, ..self }
    }

    /// Enqueues events that other systems are told of once this is committed; without anybody to
    /// be told, it does nothing.
    pub async fn tell(&self, events: Vec<NewEvent>, now: Timestamp) -> Result<(), StorageError> {
        let Some(queue) = self.events.as_ref().filter(|_| !events.is_empty()) else {
            return Ok(());
        };
        let events = events.into_iter().map(|event| (queue.new_id(), event));
        event_outbox::insert(self, events, now).await?;
        self.has_event.store(true, Ordering::Relaxed);
        Ok(())
    }

    /// Keeps what was written.
    ///
    /// # Errors
    /// A [`StorageError`], and nothing is kept: a [`StorageError::Fault`] when a
    /// statement did not succeed, whatever was made of its error.
    pub async fn commit(self) -> Result<(), StorageError> {
        if self.without_success.into_inner() > 0 {
            return Err(StorageError::unfinished());
        }
        let ended = self.inner.commit().await;
        settle(self.lease, ended)?;
        if let Some(queue) = self.events.filter(|_| self.has_event.into_inner()) {
            queue.wake();
        }
        Ok(())
    }

    /// Takes back what was written. To drop the transaction does so, too, but leaves
    /// the statement to whichever transaction has the connection next.
    pub async fn rollback(self) -> Result<(), StorageError> {
        let ended = self.inner.rollback().await;
        Ok(settle(self.lease, ended)?)
    }

    /// The transaction as SeaORM's migrations ask for it. Failures in it are not
    /// counted.
    pub(super) fn for_migrations(&self) -> &DatabaseTransaction {
        &self.inner
    }

    async fn count_unless_successful<T>(
        &self,
        statement: impl Future<Output = Result<T, DbErr>> + Send,
    ) -> Result<T, DbErr> {
        // Counted first: nobody comes back here when the statement is dropped.
        self.without_success.fetch_add(1, Ordering::Relaxed);
        let answer = statement.await?;
        self.without_success.fetch_sub(1, Ordering::Relaxed);
        Ok(answer)
    }
}

fn settle(lease: Option<Lease>, ended: Result<(), DbErr>) -> Result<(), DbErr> {
    match lease {
        Some(lease) => lease.settle(ended),
        None => ended,
    }
}

#[async_trait]
impl ConnectionTrait for Transaction {
    fn get_database_backend(&self) -> DbBackend {
        self.inner.get_database_backend()
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        self.count_unless_successful(self.inner.execute_raw(statement)).await
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        self.count_unless_successful(self.inner.execute_unprepared(sql)).await
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        self.count_unless_successful(self.inner.query_one_raw(statement)).await
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        self.count_unless_successful(self.inner.query_all_raw(statement)).await
    }
}
