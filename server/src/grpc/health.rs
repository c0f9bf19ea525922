//! What the health service answers, for the server as a whole and for the account
//! service. It is `NOT_SERVING` until somebody reports otherwise.

use gestan_account_proto::v1::account_service_server::{AccountServiceServer, SERVICE_NAME};
use tonic_health::{
    ServingStatus,
    pb::health_server::{Health as HealthService, HealthServer},
    server::{HealthReporter, health_reporter},
};

use super::AccountGrpc;

/// Reports to the health service. Clones report to the same.
#[derive(Clone, Debug)]
pub(crate) struct Health(HealthReporter);

impl Health {
    /// The service, and what reports to it.
    pub(crate) async fn new() -> (Self, HealthServer<impl HealthService>) {
        let (reporter, service) = health_reporter();
        let health = Self(reporter);
        health.report(false).await;
        (health, service)
    }

    /// Answers `SERVING`, or `NOT_SERVING`, from now on.
    pub(crate) async fn report(&self, serving: bool) {
        let status = if serving { ServingStatus::Serving } else { ServingStatus::NotServing };
        self.0.set_service_status("", status).await;
        if serving {
            self.0.set_serving::<AccountServiceServer<AccountGrpc>>().await;
        } else {
            self.0.set_not_serving::<AccountServiceServer<AccountGrpc>>().await;
        }
    }

    /// Ends every `Watch`: such a stream has no end of its own, and would keep its
    /// connection open, and the server running, until it is cut off.
    pub(crate) async fn end_watches(&mut self) {
        self.0.clear_service_status("").await;
        self.0.clear_service_status(SERVICE_NAME).await;
    }
}
