//! Keeps the health service true: `NOT_SERVING` while the database is away or
//! does not keep what is written.

use std::{sync::Arc, time::Duration};

use gestan_account_proto::v1::account_service_server::AccountServiceServer;
use tokio_util::sync::CancellationToken;
use tonic_health::{ServingStatus, server::HealthReporter};

use super::AccountGrpc;
use crate::{
    clock::Clock,
    storage::{database::Database, error::StorageError},
};

/// How often the database is asked.
const INTERVAL: Duration = Duration::from_secs(2);
/// How long it may take to answer.
const PATIENCE: Duration = Duration::from_secs(3);
/// After how many failures in a row new connections are made: one may be chance.
const FAILURES: u32 = 2;

/// Asks the database immediately and then every two seconds, until `draining`; from
/// then on nothing is served. While it does not keep what is written, connections
/// are made anew: it may have moved, and the old ones may be dead without a sign.
pub(crate) async fn watch_database(
    database: Database,
    clock: Arc<dyn Clock>,
    reporter: HealthReporter,
    draining: CancellationToken,
) {
    let mut before = None;
    let mut failures = 0;
    while !draining.is_cancelled() {
        let answer = tokio::time::timeout(PATIENCE, database.ping(clock.now())).await;
        let trouble = answer.unwrap_or_else(|_| Err(StorageError::overdue())).err();
        let serving = trouble.is_none();
        let state = trouble.map(|error| error.to_string());
        if before.as_ref() != Some(&state) && !draining.is_cancelled() {
            report(&reporter, serving).await;
            match &state {
                None => tracing::info!("serving"),
                Some(error) => tracing::error!(%error, "not serving"),
            }
            before = Some(state);
        }
        failures = if serving { 0 } else { failures + 1 };
        let pause = async {
            if failures >= FAILURES {
                match database.renew().await {
                    Ok(true) => tracing::info!("connected to the database anew"),
                    Ok(false) => {}
                    Err(error) => tracing::warn!(%error, "no connection to the database"),
                }
            }
            tokio::time::sleep(INTERVAL).await;
        };
        tokio::select! {
            () = draining.cancelled() => {}
            () = pause => {}
        }
    }
    report(&reporter, false).await;
}

async fn report(reporter: &HealthReporter, serving: bool) {
    let status = if serving { ServingStatus::Serving } else { ServingStatus::NotServing };
    reporter.set_service_status("", status).await;
    if serving {
        reporter.set_serving::<AccountServiceServer<AccountGrpc>>().await;
    } else {
        reporter.set_not_serving::<AccountServiceServer<AccountGrpc>>().await;
    }
}
