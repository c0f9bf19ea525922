//! Keeps the health service true: `NOT_SERVING` while the database is away or does not
//! keep what is written.

use std::{sync::Arc, time::Duration};

use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::{Job, every};
use crate::{
    clock::Clock,
    grpc::Health,
    storage::{database::Database, error::StorageError},
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

struct Watch {
    database: Database,
    clock: Arc<dyn Clock>,
    health: Health,
    /// What was told last: well, or why not.
    told: Option<Result<(), String>>,
    failures: u32,
}

/// Asks the database immediately and then every two seconds, until `draining`; from
/// then on nothing is served. While it does not keep what is written, connections are
/// made anew: it may have moved, and the old ones may be dead without a sign.
pub(crate) async fn watch_database(
    database: Database,
    clock: Arc<dyn Clock>,
    health: Health,
    draining: CancellationToken,
) {
    let watch = Watch { database, clock, health: health.clone(), told: None, failures: 0 };
    every(INTERVAL, RUN_TIMEOUT, &draining, watch).await;
    health.report(false).await;
}

impl Job for Watch {
    const NAME: &'static str = "database watch";

    async fn run(&mut self) {
        let answer = timeout(TIMEOUT, self.database.ping(self.clock.now())).await;
        let answer = answer.unwrap_or_else(|_| Err(StorageError::overdue()));
        self.failures = if answer.is_ok() { 0 } else { self.failures + 1 };
        self.tell(answer.map_err(|error| error.to_string())).await;
        if self.failures >= MAX_FAILURES {
            self.renew().await;
        }
    }
}

impl Watch {
    /// Tells what is new, so that an outage is a line in the log and not one every two
    /// seconds.
    async fn tell(&mut self, state: Result<(), String>) {
        if self.told.as_ref() == Some(&state) {
            return;
        }
        self.health.report(state.is_ok()).await;
        match &state {
            Ok(()) => tracing::info!("serving"),
            Err(error) => tracing::error!(%error, "not serving"),
        }
        self.told = Some(state);
    }

    async fn renew(&self) {
        match self.database.renew().await {
            Ok(true) => tracing::info!("connected to the database anew"),
            Ok(false) => {}
            Err(error) => tracing::warn!(%error, "no connection to the database"),
        }
    }
}
