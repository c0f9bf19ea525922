//! Keeps the health service true: `NOT_SERVING` while the database is away.

use std::time::Duration;

use gestan_account_proto::v1::account_service_server::AccountServiceServer;
use tokio_util::sync::CancellationToken;
use tonic_health::{ServingStatus, server::HealthReporter};

use super::AccountGrpc;
use crate::storage::database::Database;

/// How often the database is asked.
const INTERVAL: Duration = Duration::from_secs(2);
/// How long it may take to answer.
const PATIENCE: Duration = Duration::from_secs(3);
/// After how many failures in a row new connections are made: one may be chance.
const FAILURES: u32 = 2;

/// Asks the database at once and then every two seconds, until `draining`; from
/// then on nothing is served. While it does not answer, connections are made
/// anew: it may have moved, and the old ones may be dead without a sign.
pub(crate) async fn watch_database(
    database: Database,
    reporter: HealthReporter,
    draining: CancellationToken,
) {
    let mut was_serving = None;
    let mut failures = 0;
    while !draining.is_cancelled() {
        let answer = tokio::time::timeout(PATIENCE, database.ping()).await;
        let serving = matches!(answer, Ok(Ok(())));
        if was_serving != Some(serving) && !draining.is_cancelled() {
            report(&reporter, serving).await;
            if serving {
                tracing::info!("serving");
            } else {
                tracing::error!("not serving: the database is away");
            }
            was_serving = Some(serving);
        }
        failures = if serving { 0 } else { failures + 1 };
        let pause = async {
            if failures >= FAILURES {
                match database.renew().await {
                    Ok(()) => tracing::info!("connected to the database anew"),
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
