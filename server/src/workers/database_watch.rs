//! Keeps the health service true: `NOT_SERVING` while the database is away or does not
//! keep what is written. What it finds, systemd is told, too.

use std::{sync::Arc, time::Duration};

use prometheus_client::metrics::gauge::Gauge;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::{Job, every};
use crate::{
    clock::Clock,
    grpc::Health,
    storage::{database::Database, error::StorageError, sqlite::Holder},
    supervisor::Supervisor,
};

/// How long after an answer the database is asked again.
const INTERVAL: Duration = Duration::from_secs(2);

/// Timeout of its answer.
const TIMEOUT: Duration = Duration::from_secs(3);

/// Failures in a row after which new connections are made: one may be chance.
const MAX_FAILURES: u32 = 2;

/// Timeout of a run that makes new connections: each of several hosts may take the
/// timeout of a connection, five seconds.
const RUN_TIMEOUT: Duration = Duration::from_mins(1);

/// Asks the database, and tells what it says.
#[derive(Debug)]
pub(crate) struct DatabaseWatch {
    database: Database,
    clock: Arc<dyn Clock>,
    health: Health,
    up: Gauge,
    supervisor: Supervisor,
    /// What was told last: well, or why not.
    told: Option<Result<(), String>>,
    failures: u32,
}

impl Job for DatabaseWatch {
    const NAME: &'static str = "database watch";

    async fn run(&mut self) {
        // Before the database is asked: that this comes round says of the runtime and its
        // timers that they work, and nothing of the database, which no restart mends.
        self.supervisor.alive();
        let answer = timeout(TIMEOUT, self.database.ping(self.clock.now())).await;
        let answer = answer.unwrap_or_else(|_| Err(StorageError::overdue()));
        self.failures = if answer.is_ok() { 0 } else { self.failures + 1 };
        self.tell(answer.map_err(|error| self.explain(&error))).await;
        if self.failures >= MAX_FAILURES {
            self.renew().await;
        }
    }
}

impl DatabaseWatch {
    pub(crate) fn new(
        database: Database,
        clock: Arc<dyn Clock>,
        health: Health,
        up: Gauge,
        supervisor: Supervisor,
    ) -> Self {
        Self { database, clock, health, up, supervisor, told: None, failures: 0 }
    }

    /// Asks the database immediately and then every two seconds, until `draining`; from
    /// then on nothing is served. While it does not keep what is written, connections are
    /// made anew: it may have moved, and the old ones may be dead without a sign.
    pub(crate) async fn run_until(self, draining: CancellationToken) {
        let health = self.health.clone();
        every(INTERVAL, RUN_TIMEOUT, &draining, self).await;
        health.report_end().await;
    }

    /// Tells what is new, so that an outage is a line in the log and not one every two
    /// seconds.
    async fn tell(&mut self, state: Result<(), String>) {
        if self.told.as_ref() == Some(&state) {
            return;
        }
        self.up.set(i64::from(state.is_ok()));
        self.health.report(state.is_ok()).await;
        match &state {
            Ok(()) => {
                tracing::info!("serving");
                self.supervisor.serving();
            }
            Err(error) => {
                tracing::error!(%error, "not serving");
                self.supervisor.not_serving(error);
            }
        }
        self.told = Some(state);
    }

    /// The error; and the process that may be behind it, if the system tells one.
    fn explain(&self, error: &StorageError) -> String {
        match self.database.held_by() {
            Some(holder @ Holder::Process { .. }) => {
                format!("{error}; {holder} is in a transaction that writes to it")
            }
            _ => error.to_string(),
        }
    }

    async fn renew(&self) {
        match self.database.renew().await {
            Ok(true) => tracing::info!("connected to the database anew"),
            Ok(false) => {}
            Err(error) => tracing::warn!(%error, "no connection to the database"),
        }
    }
}
