//! Gestan's account service: a gRPC server on SQLite or PostgreSQL.
//!
//! A call makes three hops: [`grpc`] decodes it into [`domain`] types, [`accounts`] holds
//! the use case, [`storage`] keeps what it changed. Imports go downwards only, and never
//! in a circle. [`model`] has what is kept and the rules of its life, [`credentials`]
//! makes and compares secrets, [`mail`] sends the mails that a use case has queued.
//! [`run`] puts them together behind a [`listener`]. `docs/ARCHITECTURE.md` is the map.
//!
//! The program reads its command line in [`cli`]; each of the [`commands`] takes the
//! [`settings`] that it reads.

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
mod workers;

use std::{sync::Arc, time::Duration};

use gestan_account_proto::v1::account_service_server::AccountServiceServer;
use tokio::{net::TcpListener, time::timeout};
use tonic::service::Routes;

pub use workers::Workers;

use crate::{
    accounts::Accounts,
    grpc::{AccountGrpc, Front, Gate, Health, Layered, Layers, Reflection},
    listener::Transport,
    shutdown::Shutdown,
};

/// The longest request that is read, in bytes: the largest form has a tenth of it.
const MAX_REQUEST_BYTES: usize = 64 * 1024;

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
    let (db, clock) = (accounts.db.clone(), Arc::clone(&accounts.clock));
    let draining = shutdown.draining().clone();
    let (mut health, health_service) = Health::new().await;
    let workers = workers::Running::start(&accounts, workers, transport.tls.as_ref());
    let watching = workers::watch_database(db.clone(), clock, health.clone(), draining.clone());
    let watching = tokio::spawn(watching);

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
    let mut serving = tokio::spawn(transport.serve(listener, layered, proxies, draining));

    // It ends by itself only when it panics, which has been logged.
    tokio::select! {
        _ = &mut serving => {}
        () = shutdown.draining().cancelled() => {}
    }
    shutdown.begin();
    // NOT_SERVING first, so that load balancers send nobody here any more.
    let _ = watching.await;
    shutdown.finish_calls(grace).await;
    health.end_watches().await;
    // Connections on which no call runs are no reason to wait.
    if !serving.is_finished() {
        let _ = timeout(Duration::from_secs(1), &mut serving).await;
    }
    serving.abort();
    workers.stop().await;
    db.close().await;
}
