//! Gestan's account service: a gRPC server on SQLite or PostgreSQL.
//!
//! A call makes three hops: [`grpc`] decodes it into [`domain`] types, [`accounts`] holds
//! the use case, [`storage`] keeps what it changed. Imports go downwards only, and never
//! in a circle. [`reference`](mod@reference) has the use cases that need no database. [`model`]
//! has what is kept and the rules of its life, [`credentials`] makes and compares secrets,
//! [`mail`] sends the mails that a use case has queued, [`webhook`] tells another system what
//! happened.
//! [`run`] puts them together behind a [`listener`]. `docs/ARCHITECTURE.md` is the map.
//!
//! The program reads its command line in [`cli`]; each of the [`commands`] takes the
//! [`settings`] that it reads.

pub mod accounts;
mod admin;
pub mod audit;
mod backoff;
mod batching;
pub mod certificates;
pub mod cli;
pub mod clock;
pub mod commands;
pub mod credentials;
pub mod domain;
pub mod grpc;
pub mod listener;
pub mod mail;
pub mod metrics;
pub mod model;
pub mod network;
mod new_file;
mod outgoing;
pub mod panics;
pub mod private_file;
pub mod randomness;
pub mod reference;
pub mod settings;
pub mod shutdown;
pub mod storage;
pub mod supervisor;
pub mod telemetry;
pub mod testing;
pub mod throttle;
pub mod traces;
pub mod version;
pub mod webhook;
mod workers;

use std::{sync::Arc, time::Duration};

use gestan_account_proto::{
    support::v1::support_service_server::SupportServiceServer,
    v1::{
        account_service_server::AccountServiceServer,
        reference_service_server::ReferenceServiceServer,
    },
};
use prometheus_client::metrics::gauge::Gauge;
use tokio::{net::TcpListener, time::timeout};
use tokio_util::task::AbortOnDropHandle;
use tonic::service::Routes;

use workers::DatabaseWatch;
pub use workers::{Compactor, Purger, Workers};

use crate::{
    accounts::Accounts,
    grpc::{
        AccountGrpc, CallLog, Front, Gate, Health, Layered, Layers, ReferenceGrpc, Reflection,
        SupportGrpc,
    },
    listener::Transport,
    metrics::{CallMetrics, MailMetrics, WebhookMetrics},
    reference::{Reference, privacy_notice::PrivacyNotice},
    shutdown::{Shutdown, Step, Stopping},
    storage::pools::DATABASE_TIMEOUT,
    supervisor::Supervisor,
    telemetry::Output,
    testing::Testing,
    traces::Tracer,
};

/// The longest request that is read, in bytes: the largest form has a tenth of it.
const MAX_REQUEST_BYTES: usize = 64 * 1024;

/// What is told of a server beside its answers.
#[derive(Debug)]
pub struct Telemetry {
    /// One in so many answered calls leaves a line in the log; of 0, none.
    pub log_answered_one_in: u32,
    /// Where operators are answered.
    pub admin: Option<TcpListener>,
    /// The log, if it is this program's own.
    pub log: Option<Output>,
    /// Counts what becomes of mails, which need not be sent by a worker of this server.
    pub mails: MailMetrics,
    /// The same of events that another system is told of, if there is one.
    pub events: Option<WebhookMetrics>,
    /// Traces calls, if somebody collects that.
    pub tracer: Option<Tracer>,
}

/// What a server is made of.
#[derive(Debug)]
pub struct Dependencies {
    /// The account flow.
    pub accounts: Accounts,
    /// What a call passes before it is looked at.
    pub gate: Gate,
    /// Who may ask by reflection.
    pub reflection: Reflection,
    /// What people are told before they open an account.
    pub privacy_notice: PrivacyNotice,
    /// What is told of the server beside its answers.
    pub telemetry: Telemetry,
    /// What runs beside the calls; none in tests, which do that work themselves.
    pub workers: Option<Workers>,
    /// What is told that the server is ready, and how it is.
    pub supervisor: Supervisor,
    /// What only a testing server has.
    pub testing: Option<Testing>,
}

/// Serves on `listener` until `shutdown` begins; then says `NOT_SERVING`, gives
/// running calls `grace` to finish, stops the workers and closes the database. Whatever
/// hangs, it returns within `grace` and some seconds.
pub async fn run(
    listener: TcpListener,
    transport: Transport,
    dependencies: Dependencies,
    shutdown: Shutdown,
    grace: Duration,
) {
    let Dependencies {
        accounts,
        gate,
        reflection,
        privacy_notice,
        telemetry,
        workers,
        supervisor,
        testing,
    } = dependencies;
    let (calls, database_up) = (CallMetrics::default(), Gauge::default());
    let (db, clock) = (accounts.db.clone(), Arc::clone(&accounts.clock));
    let draining = shutdown.draining().clone();
    let (mut health, health_service) = Health::new(testing.is_some()).await;
    let figures = admin::Figures::new(admin::Parts {
        accounts: accounts.clone(),
        calls: calls.clone(),
        connections: transport.metrics.clone(),
        mails: telemetry.mails,
        events: telemetry.events,
        spans: telemetry.tracer.as_ref().map(|tracer| tracer.metrics().clone()),
        database_up: database_up.clone(),
        health: health.clone(),
        tls: transport.tls.clone(),
        log: telemetry.log,
    });
    let admin = telemetry.admin.map(|listener| {
        AbortOnDropHandle::new(tokio::spawn(admin::serve(listener, Arc::new(figures))))
    });
    let workers =
        workers::Running::start(&accounts, workers, transport.tls.as_ref(), &privacy_notice);

    let proxies = gate.proxies.clone();
    let front = Front {
        gate,
        shutdown: shutdown.clone(),
        clock: Arc::clone(&accounts.clock),
        randomness: Arc::clone(&accounts.randomness),
    };
    let layers = Layers {
        front: front.clone(),
        deadline: transport.call_deadline,
        longest_stream: transport.max_connection_age,
        log: CallLog::new(
            telemetry.log_answered_one_in,
            Arc::clone(&accounts.clock),
            calls,
            telemetry.tracer,
        ),
    };
    let health_service = health_service.max_decoding_message_size(MAX_REQUEST_BYTES);
    let routes = Routes::new(health_service);
    let routes = grpc::with_reflection(routes, reflection, testing.is_some(), &accounts, &proxies);
    let reference =
        Reference::new(Arc::clone(&accounts.clock), &accounts.nomenclature, privacy_notice);
    let reference = ReferenceGrpc::new(front.for_reference(), reference);
    let reference =
        ReferenceServiceServer::new(reference).max_decoding_message_size(MAX_REQUEST_BYTES);
    let support = SupportServiceServer::new(SupportGrpc::new(front.clone(), accounts.clone()))
        .max_decoding_message_size(MAX_REQUEST_BYTES);
    let routes = grpc::with_testing(routes, testing, &front);
    let accounts = AccountServiceServer::new(AccountGrpc::new(front, accounts))
        .max_decoding_message_size(MAX_REQUEST_BYTES);
    let routes = routes.add_service(accounts).add_service(reference).add_service(support);
    let layered = Layered::new(routes, layers);
    let mut serving = tokio::spawn(transport.serve(listener, layered, proxies, draining.clone()));
    // Behind it, since it says that the server is ready.
    let watching =
        DatabaseWatch::new(db.clone(), clock, health.clone(), database_up, supervisor.clone());
    let watching = tokio::spawn(watching.run_until(draining));

    // It ends by itself only when it panics, which has been logged.
    tokio::select! {
        _ = &mut serving => {}
        () = shutdown.draining().cancelled() => {}
    }
    shutdown.begin();
    let stopping = Stopping::begin(grace);
    supervisor.stopping();
    // NOT_SERVING first, so that load balancers send nobody here any more.
    let _ = timeout(stopping.left_for(Step::Calls), watching).await;
    shutdown.finish_calls(&stopping).await;
    health.end_watches().await;
    // Connections on which no call runs are no reason to wait.
    if !serving.is_finished() {
        let limit = stopping.left_for(Step::Connections).min(Duration::from_secs(1));
        let _ = timeout(limit, &mut serving).await;
    }
    serving.abort();
    workers.stop(stopping.left_for(Step::Workers)).await;
    drop(admin);
    let limit = stopping.left_for(Step::Database).min(DATABASE_TIMEOUT);
    if timeout(limit, db.close()).await.is_err() {
        tracing::warn!("connections to the database are left to the system");
    }
}
