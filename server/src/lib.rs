//! Gestan's account service: a gRPC server on SQLite or PostgreSQL.
//!
//! A call makes three hops, and nothing calls across: [`grpc`] decodes it into
//! [`domain`] types, [`accounts`] holds the use case, [`storage`] keeps what it
//! changed. [`credentials`] makes and compares secrets, [`mail`] pays the mails
//! that a use case owes. [`run`] puts them together behind a listener.

pub mod accounts;
pub mod audit;
mod batching;
pub mod cli;
pub mod clock;
pub mod commands;
pub mod credentials;
pub mod domain;
pub mod grpc;
pub mod listener;
pub mod mail;
pub mod model;
pub mod network;
mod new_file;
pub mod panics;
pub mod randomness;
pub mod settings;
pub mod shutdown;
pub mod storage;
pub mod telemetry;
pub mod throttle;

use std::{sync::Arc, time::Duration};

use gestan_account_proto::v1::account_service_server::AccountServiceServer;
use tokio::net::TcpListener;
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tonic::service::Routes;
use tonic_health::ServingStatus;

use crate::{
    accounts::Accounts,
    grpc::{AccountGrpc, Front, Gate, Layered, Layers, Reflection},
    listener::Transport,
    mail::outbox::Outbox,
    shutdown::Shutdown,
    storage::purge::{self, Retention},
};

/// The longest request that is read, in bytes: the largest form has a tenth of it.
const MAX_REQUEST_BYTES: usize = 64 * 1024;

/// How often the database is purged.
const PURGE_INTERVAL: Duration = Duration::from_mins(1);

/// How long a purge may take; what it has not come to, the next one takes up.
const PURGE_PATIENCE: Duration = Duration::from_mins(1);

/// What a server is made of.
#[derive(Debug)]
pub struct Dependencies {
    /// The account flow.
    pub accounts: Accounts,
    /// What a call passes before it is looked at.
    pub gate: Gate,
    /// Who may ask by reflection.
    pub reflection: Reflection,
    /// What runs beside the calls; none in tests, which do that work themselves.
    pub workers: Option<Workers>,
}

/// What runs beside the calls.
#[derive(Debug)]
pub struct Workers {
    /// Sends mail.
    pub outbox: Outbox,
    /// For how long things are kept.
    pub retention: Retention,
}

/// Serves on `listener` until `shutdown` begins; then says `NOT_SERVING`, gives
/// running calls `grace` to finish, stops the workers and closes the database.
pub async fn run(
    listener: TcpListener,
    transport: Transport,
    dependencies: Dependencies,
    shutdown: Shutdown,
    grace: Duration,
) {
    let Dependencies { accounts, gate, reflection, workers } = dependencies;
    let db = accounts.db.clone();
    let (mut health, health_service) = tonic_health::server::health_reporter();
    health.set_service_status("", ServingStatus::NotServing).await;
    health.set_not_serving::<AccountServiceServer<AccountGrpc>>().await;

    let stop_workers = CancellationToken::new();
    let running = TaskTracker::new();
    if let Some(Workers { outbox, retention }) = workers {
        let mail_owed = Arc::clone(&accounts.mail_owed);
        running.spawn(purge_regularly(accounts.clone(), retention, stop_workers.clone()));
        running.spawn(outbox.run(mail_owed, stop_workers.clone()));
    }
    if let Some(tls) = &transport.tls {
        running.spawn(Arc::clone(tls).watch(stop_workers.clone()));
    }
    let watching = tokio::spawn(grpc::watch_database(
        db.clone(),
        Arc::clone(&accounts.clock),
        health.clone(),
        shutdown.draining().clone(),
    ));

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
    };
    let health_service = health_service.max_decoding_message_size(MAX_REQUEST_BYTES);
    let routes = grpc::with_reflection(Routes::new(health_service), reflection, &accounts);
    let accounts = AccountServiceServer::new(AccountGrpc::new(front, accounts))
        .max_decoding_message_size(MAX_REQUEST_BYTES);
    let layered = Layered::new(routes.add_service(accounts), layers);
    let draining = shutdown.draining().clone();
    let mut serving = tokio::spawn(transport.serve(listener, layered, proxies, draining));

    // It ends by itself only when it panics, which has been logged.
    tokio::select! {
        _ = &mut serving => {}
        () = shutdown.draining().cancelled() => {}
    }
    shutdown.begin();
    // NOT_SERVING first, so that nobody is sent here any more.
    let _ = watching.await;
    shutdown.finish_calls(grace).await;
    // Whoever watches the health would keep the connection open for ever.
    health.clear_service_status("").await;
    health
        .clear_service_status(gestan_account_proto::v1::account_service_server::SERVICE_NAME)
        .await;
    // Connections that idle are no reason to wait.
    if !serving.is_finished() {
        let _ = tokio::time::timeout(Duration::from_secs(1), &mut serving).await;
    }
    serving.abort();
    stop_workers.cancel();
    running.close();
    running.wait().await;
    db.close().await;
}

async fn purge_regularly(accounts: Accounts, retention: Retention, stop: CancellationToken) {
    while !stop.is_cancelled() {
        let purged = purge::purge(&accounts.db, retention, accounts.clock.now());
        // One that never ends, on a connection whose other side is gone, keeps
        // neither the next one nor the end of the program waiting.
        let purged = tokio::select! {
            () = stop.cancelled() => return,
            purged = tokio::time::timeout(PURGE_PATIENCE, purged) => purged,
        };
        match purged {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(%error, "not purged"),
            Err(_) => tracing::warn!("not purged in time: the next purge goes on"),
        }
        tokio::select! {
            () = stop.cancelled() => {}
            () = tokio::time::sleep(PURGE_INTERVAL) => {}
        }
    }
}
