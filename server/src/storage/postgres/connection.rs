//! One connection to PostgreSQL: a pool of SeaORM's that never has more than one, since
//! SeaORM speaks through pools only. It is lost when that one is.

use std::time::Duration;

use sea_orm::{DatabaseConnection, DbErr, RuntimeErr, SqlxPostgresConnector};
use sqlx::{
    ConnectOptions as _, Connection as _, PgPool,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use tokio::time::{Instant, timeout, timeout_at};

use super::session::{Session, WHY};
use crate::storage::{
    connect_options::{DATABASE_TIMEOUT, TRUSTED_FOR},
    database_host::Dialled,
};

/// A connection, and what is known of it.
#[derive(Debug)]
pub(in crate::storage) struct Connection {
    pub(super) db: DatabaseConnection,
    used: Instant,
    /// Whether what was last asked of it did not come to its end, or failed.
    in_doubt: bool,
}

impl Connection {
    /// Connects; a host that refuses, because it starts, is tried again as long as `patience`
    /// lasts. Gives what the server says of itself.
    ///
    /// # Errors
    /// Why not, after [`DATABASE_TIMEOUT`] at the latest.
    pub(super) async fn open(
        options: &PgConnectOptions,
        patience: Duration,
    ) -> Result<(Self, Session), DbErr> {
        let deadline = Instant::now() + DATABASE_TIMEOUT;
        let dialled = Dialled::find(options.clone(), patience, DATABASE_TIMEOUT).await?;
        let left = deadline.saturating_duration_since(Instant::now());
        let pool = PgPoolOptions::new()
            .max_connections(1)
            .min_connections(0)
            .acquire_timeout(left.saturating_sub(WHY).max(WHY))
            .idle_timeout(None)
            .max_lifetime(None)
            // Checked by whoever lends it.
            .test_before_acquire(false)
            .connect_with(dialled.options.clone());
        let pool = match pool.await {
            Ok(pool) => pool,
            // Refused time and again, for a reason that the driver keeps to itself.
            Err(sqlx::Error::PoolTimedOut) => return Err(why(&dialled.options, deadline).await),
            Err(error) => return Err(not_connected(error)),
        };
        dialled.keep_until(pool.close_event());
        match Session::begin(&pool, deadline).await {
            Ok(session) => Ok((Self::new(pool), session)),
            Err(error) => {
                // In the background: a server that says nothing does not hear a goodbye.
                tokio::spawn(async move { timeout(DATABASE_TIMEOUT, pool.close()).await });
                Err(not_connected(error))
            }
        }
    }

    fn new(pool: PgPool) -> Self {
        let db = SqlxPostgresConnector::from_sqlx_postgres_pool(pool);
        Self { db, used: Instant::now(), in_doubt: false }
    }

    /// For one statement, or one transaction. Until [`end_use`](Self::end_use) tells that it
    /// went well, the connection is in doubt.
    pub(super) fn begin_use(&mut self) -> &DatabaseConnection {
        self.in_doubt = true;
        &self.db
    }

    pub(super) fn end_use(&mut self) {
        self.in_doubt = false;
        self.used = Instant::now();
    }

    /// Whether there is no connection any more, as far as is known.
    pub(super) fn is_lost(&self) -> bool {
        let pool = self.db.get_postgres_connection_pool();
        pool.is_closed() || pool.size() == 0
    }

    /// Asks for a sign of life, if the last one was long ago or there was none. The wait is
    /// short: a connection may be stuck in a statement that nobody waits for any more, and
    /// others are free.
    pub(super) async fn verify(&mut self) -> Result<(), DbErr> {
        if self.in_doubt || self.used.elapsed() > TRUSTED_FOR {
            let answer = timeout(TRUSTED_FOR, self.db.ping()).await;
            answer.unwrap_or(Err(not_connected(sqlx::Error::PoolTimedOut)))?;
            self.end_use();
        }
        Ok(())
    }

    /// Closes it, after what runs on it.
    pub(in crate::storage) async fn close(&self) {
        // Nothing can be done about a connection that does not close.
        let _ = self.db.close_by_ref().await;
    }

    /// As SeaORM has it.
    pub(in crate::storage) fn into_inner(self) -> DatabaseConnection {
        self.db
    }
}

async fn why(options: &PgConnectOptions, deadline: Instant) -> DbErr {
    match timeout_at(deadline, options.connect()).await {
        Ok(Err(error)) => not_connected(error),
        // That was only for once.
        Ok(Ok(connection)) => {
            let _ = timeout_at(deadline, connection.close()).await;
            not_connected(sqlx::Error::PoolTimedOut)
        }
        Err(_) => not_connected(sqlx::Error::PoolTimedOut),
    }
}

fn not_connected(error: sqlx::Error) -> DbErr {
    DbErr::Conn(RuntimeErr::SqlxError(error.into()))
}
