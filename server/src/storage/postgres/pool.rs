//! As many connections as are asked for and the database gives. A call takes whichever is
//! free first; more are made beside the calls, so that none fails or waits because the
//! database refuses a further one (too many of them, a password that was changed) while
//! there are some that live.
//!
//! None is closed for its age: it might be the last one that is to be had.

use std::{
    fmt,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use bb8::{ManageConnection, PooledConnection, RunError};
use sea_orm::{ConnAcquireErr, DatabaseConnection, DbErr, Statement};
use sqlx::postgres::PgConnectOptions;
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;

use super::{
    Connection,
    sqlstate::{Remedy, remedy},
};
use crate::storage::{connect_options::DATABASE_TIMEOUT, connections::PoolUse, error::code};

/// Is told the text of every statement.
pub(in crate::storage) type Observer = Arc<dyn Fn(&str) + Send + Sync>;

/// What a statement comes to, as SeaORM's traits give it.
pub(in crate::storage) type Answer<'a, T> =
    Pin<Box<dyn Future<Output = Result<T, DbErr>> + Send + 'a>>;

/// How many times a statement of its own is asked for, while others get in its way.
const ATTEMPTS: u32 = 4;

/// The connections. Clones share them.
#[derive(Clone)]
pub(in crate::storage) struct PostgresPool {
    pool: bb8::Pool<Connector>,
    /// Whose turn it is. In bb8 whoever comes may take a connection before one that has
    /// waited, who then stands last: with three connections and sixteen customers calls
    /// waited until their deadline.
    turn: Arc<tokio::sync::Mutex<()>>,
    refusal: Refusal,
    closed: CancellationToken,
    pub(in crate::storage) observer: Option<Observer>,
}

/// A connection for one statement, or one transaction.
pub(in crate::storage) struct Lease(PooledConnection<'static, Connector>);

impl PostgresPool {
    /// Up to so many connections, of which some are made already.
    pub(in crate::storage) fn new(
        options: PgConnectOptions,
        made: impl IntoIterator<Item = Connection>,
        connections: u32,
    ) -> Self {
        let (refusal, closed) = (Refusal::default(), CancellationToken::new());
        let connector = Connector { options, refusal: refusal.clone(), closed: closed.clone() };
        let pool = bb8::Pool::builder()
            .max_size(connections)
            .connection_timeout(DATABASE_TIMEOUT)
            .max_lifetime(None)
            .idle_timeout(None)
            .build_unchecked(connector);
        for connection in made {
            // More than are wanted are let go.
            let _ = pool.add(connection);
        }
        Self { pool, turn: Arc::default(), refusal, closed, observer: None }
    }

    /// The connection that is free first, for whoever has waited longest.
    ///
    /// # Errors
    /// After [`DATABASE_TIMEOUT`]: why no further one was made, or that all were in use.
    pub(in crate::storage) async fn lend(&self) -> Result<Lease, DbErr> {
        let lent = timeout(DATABASE_TIMEOUT, async {
            let _turn = self.turn.lock().await;
            self.pool.get_owned().await
        });
        let lent = tokio::select! {
            biased;
            () = self.closed.cancelled() => return Err(is_closed()),
            // In a box: it would be a part of every future that asks the database.
            lent = Box::pin(lent) => lent,
        };
        let mut lent = match lent {
            Ok(Ok(lent)) => lent,
            Ok(Err(RunError::User(error))) => return Err(error),
            Ok(Err(RunError::TimedOut)) | Err(_) => {
                let timed_out = DbErr::ConnectionAcquire(ConnAcquireErr::Timeout);
                return Err(self.refusal.last().unwrap_or(timed_out));
            }
        };
        if let Some(observer) = self.observer.clone() {
            lent.db.set_metric_callback(move |info| observer(&info.statement.sql));
        }
        Ok(Lease(lent))
    }

    /// Asks for a statement that is a transaction by itself, and again if it was ended for a
    /// reason that may be over: its caller need not know that it was.
    pub(in crate::storage) async fn ask<T>(
        &self,
        statement: Statement,
        ask: impl for<'a> Fn(&'a DatabaseConnection, Statement) -> Answer<'a, T> + Send + Sync,
    ) -> Result<T, DbErr> {
        let begun = Instant::now();
        let mut asked = 1;
        loop {
            let mut lease = self.lend().await?;
            let answer = ask(lease.db(), statement.clone()).await;
            match lease.settle(answer) {
                Err(error)
                    if asked < ATTEMPTS
                        && begun.elapsed() < DATABASE_TIMEOUT
                        && code(&error).is_some_and(|code| remedy(&code) == Remedy::TryAgain) =>
                {
                    asked += 1;
                }
                outcome => return outcome,
            }
        }
    }

    pub(in crate::storage) fn in_use(&self) -> PoolUse {
        let state = self.pool.state();
        let idle = state.idle_connections.min(state.connections);
        PoolUse { open: state.connections, idle }
    }

    /// Closes every connection, after what runs on it.
    pub(in crate::storage) async fn close(&self) {
        self.closed.cancel();
        while self.pool.state().connections > 0 {
            let Ok(connection) = self.pool.get().await else { break };
            connection.close().await;
        }
    }
}

impl fmt::Debug for PostgresPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresPool").field("state", &self.pool.state()).finish_non_exhaustive()
    }
}

impl Lease {
    /// The connection. It is in doubt from now on, until it is [settled](Self::settle).
    pub(in crate::storage) fn db(&mut self) -> &DatabaseConnection {
        self.0.begin_use()
    }

    /// Gives it back, with what was answered.
    pub(in crate::storage) fn settle<T>(mut self, answer: Result<T, DbErr>) -> Result<T, DbErr> {
        if answer.is_ok() {
            self.0.end_use();
        }
        answer
    }
}

impl fmt::Debug for Lease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Lease").field(&*self.0).finish()
    }
}

/// Makes connections.
struct Connector {
    options: PgConnectOptions,
    refusal: Refusal,
    closed: CancellationToken,
}

impl ManageConnection for Connector {
    type Connection = Connection;
    type Error = DbErr;

    async fn connect(&self) -> Result<Connection, DbErr> {
        let opened = tokio::select! {
            biased;
            () = self.closed.cancelled() => return Err(is_closed()),
            opened = Connection::open(&self.options, Duration::ZERO) => opened,
        };
        self.refusal.note(opened.as_ref().err());
        opened.map(|(connection, _)| connection)
    }

    async fn is_valid(&self, connection: &mut Connection) -> Result<(), DbErr> {
        if self.closed.is_cancelled() { Ok(()) } else { connection.verify().await }
    }

    fn has_broken(&self, connection: &mut Connection) -> bool {
        connection.is_lost()
    }
}

/// Why the last connection that was asked for was not made, if it was not. It is told once,
/// and so is its end.
#[derive(Clone, Default)]
struct Refusal(Arc<Mutex<Option<DbErr>>>);

impl Refusal {
    fn last(&self) -> Option<DbErr> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn note(&self, refusal: Option<&DbErr>) {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match (refusal, &*last) {
            (Some(error), None) => tracing::warn!(
                %error,
                "no further connection to the database: calls share those that there are"
            ),
            (None, Some(_)) => tracing::info!("the database gives connections again"),
            _ => {}
        }
        *last = refusal.cloned();
    }
}

fn is_closed() -> DbErr {
    DbErr::ConnectionAcquire(ConnAcquireErr::ConnectionClosed)
}
