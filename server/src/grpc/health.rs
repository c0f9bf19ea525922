//! What the health service answers, for the server as a whole and for each of its
//! services. It is `NOT_SERVING` until somebody reports otherwise. The service that needs no
//! database is serving from the start until the server stops.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use gestan_account_proto::{
    support::v1::support_service_server::SERVICE_NAME as SUPPORT_SERVICE,
    testing::v1::testing_service_server::SERVICE_NAME as TESTING_SERVICE,
    v1::{
        account_service_server::SERVICE_NAME as ACCOUNT_SERVICE,
        reference_service_server::SERVICE_NAME as REFERENCE_SERVICE,
    },
};
use tonic_health::{
    ServingStatus,
    pb::health_server::{Health as HealthService, HealthServer},
    server::{HealthReporter, health_reporter},
};

/// The server as a whole, and the services that need its database.
const SERVICES: [&str; 3] = ["", ACCOUNT_SERVICE, SUPPORT_SERVICE];

/// What is known to a testing server beside: it is asked for by who must not be one.
const OF_TESTING: [&str; 1] = [TESTING_SERVICE];

/// Reports to the health service. Clones report to the same.
#[derive(Clone, Debug)]
pub(crate) struct Health {
    reporter: HealthReporter,
    is_serving: Arc<AtomicBool>,
    of_testing: &'static [&'static str],
}

impl Health {
    /// The service, and what reports to it.
    pub(crate) async fn new(is_testing: bool) -> (Self, HealthServer<impl HealthService>) {
        let (reporter, service) = health_reporter();
        let of_testing = if is_testing { &OF_TESTING[..] } else { &[] };
        let health = Self { reporter, is_serving: Arc::default(), of_testing };
        health.report(false).await;
        health.set(REFERENCE_SERVICE, true).await;
        (health, service)
    }

    /// Answers `NOT_SERVING` for everything, from now on: the server stops.
    pub(crate) async fn report_end(&self) {
        self.report(false).await;
        self.set(REFERENCE_SERVICE, false).await;
    }

    /// Answers `SERVING`, or `NOT_SERVING`, from now on, wherever the database is needed.
    pub(crate) async fn report(&self, serving: bool) {
        self.is_serving.store(serving, Ordering::Relaxed);
        for service in SERVICES.iter().chain(self.of_testing) {
            self.set(service, serving).await;
        }
    }

    async fn set(&self, service: &str, serving: bool) {
        let status = if serving { ServingStatus::Serving } else { ServingStatus::NotServing };
        self.reporter.set_service_status(service, status).await;
    }

    /// What it answers.
    pub(crate) fn is_serving(&self) -> bool {
        self.is_serving.load(Ordering::Relaxed)
    }

    /// Ends every `Watch`: such a stream has no end of its own, and would keep its
    /// connection open, and the server running, until it is cut off.
    pub(crate) async fn end_watches(&mut self) {
        for service in SERVICES.iter().chain(self.of_testing).chain(&[REFERENCE_SERVICE]) {
            self.reporter.clear_service_status(service).await;
        }
    }
}
