//! The way to one replica: a channel, which mends its connection when that breaks, and is replaced
//! when its connection may be dead without anybody having said so.
//!
//! A laptop that slept for an hour still has its connection, which the routers on the way and the
//! server have long forgotten. What is sent on it is lost: a call would wait for as long as pings
//! take to find that out, longer than its deadline, and whether it was carried out would be
//! unknown. So the question is asked before a call is sent. While a machine is awake, a connection
//! is never silent for longer than a ping and its answer take.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use gestan_account_proto::v1::{
    account_service_client::AccountServiceClient, reference_service_client::ReferenceServiceClient,
};
use tonic::transport::{Channel, Endpoint, Error};

use crate::{
    connection::{KEEP_ALIVE_INTERVAL, KEEP_ALIVE_TIMEOUT},
    dialler::Dialler,
    pulse::Pulse,
};

/// A connection that was silent for longer is not used any more.
const LONGEST_SILENCE: Duration = KEEP_ALIVE_INTERVAL.saturating_add(KEEP_ALIVE_TIMEOUT);

/// For so long after waking up, a machine may be without its network.
const WAKING: Duration = Duration::from_secs(30);

/// The services of an installation, over one connection.
#[derive(Clone)]
pub(super) struct Rpc {
    pub(super) account: AccountServiceClient<Channel>,
    pub(super) reference: ReferenceServiceClient<Channel>,
}

impl Rpc {
    fn new(channel: Channel) -> Self {
        let reference = ReferenceServiceClient::new(channel.clone());
        Self { account: AccountServiceClient::new(channel), reference }
    }
}

/// The way to one replica.
pub(super) struct Line {
    endpoint: Endpoint,
    dialler: Dialler,
    current: Mutex<Current>,
}

struct Current {
    rpc: Rpc,
    pulse: Arc<Pulse>,
    /// When it took the place of one that had slept.
    woken: Option<Instant>,
}

impl Line {
    /// The first call connects.
    pub(super) fn lazy(endpoint: Endpoint, dialler: Dialler) -> Self {
        let current = Mutex::new(Current::lazy(&endpoint, &dialler));
        Self { endpoint, dialler, current }
    }

    /// Connects.
    ///
    /// # Errors
    /// When that fails.
    pub(super) async fn connect(&self) -> Result<(), Error> {
        let pulse = Arc::default();
        let connector = self.dialler.beating(Arc::clone(&pulse));
        let channel = self.endpoint.connect_with_connector(connector).await?;
        *self.current() = Current { rpc: Rpc::new(channel), pulse, woken: None };
        Ok(())
    }

    /// For the next call. Calls that are under way stay where they are.
    pub(super) fn rpc(&self) -> Rpc {
        let mut current = self.current();
        if current.pulse.silence().is_some_and(|silence| silence > LONGEST_SILENCE) {
            let woken = Some(Instant::now());
            *current = Current { woken, ..Current::lazy(&self.endpoint, &self.dialler) };
        }
        current.rpc.clone()
    }

    /// Whether the machine has woken up a moment ago, and there has been no connection since: its
    /// network may still be on the way.
    pub(super) fn is_waking(&self) -> bool {
        let current = self.current();
        let is_new = current.woken.is_some_and(|woken| woken.elapsed() < WAKING);
        is_new && current.pulse.silence().is_none()
    }

    fn current(&self) -> MutexGuard<'_, Current> {
        // No panic leaves it half changed.
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Current {
    fn lazy(endpoint: &Endpoint, dialler: &Dialler) -> Self {
        let pulse = Arc::default();
        let connector = dialler.beating(Arc::clone(&pulse));
        let rpc = Rpc::new(endpoint.connect_with_connector_lazy(connector));
        Self { rpc, pulse, woken: None }
    }
}
