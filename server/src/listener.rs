//! From a TCP listener to the connections that are served: places, TLS and timeouts.
//! The limits of HTTP/2 itself are set in `serving`. Nothing here reads a request:
//! [`grpc`](crate::grpc) does, and keeps the deadline of a call.

mod activity;
mod budget;
mod calls;
mod connection;
mod door;
mod given_up;
pub mod open_files;
mod places;
pub mod proxy_header;
mod serving;
pub mod tls;

use std::{io, sync::Arc, time::Duration};

use tokio::net::TcpListener;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

pub(crate) use budget::Exceeded;
pub use budget::{Allowance, Allowances};
pub(crate) use calls::{Peer, Refused, RunningCall};
use door::Door;
use serving::Answers;
use tls::Tls;

use crate::{metrics::ConnectionMetrics, network::TrustedProxies};

/// Pause before the next connection is accepted, when the system has no room for one.
const PAUSE: Duration = Duration::from_millis(250);

/// How connections are taken and what they may cost.
#[derive(Clone, Debug)]
pub struct Transport {
    /// TLS; without it, in the clear.
    pub tls: Option<Arc<Tls>>,
    /// Whether connections of trusted proxies begin with a PROXY header, which tells
    /// whose they are.
    pub proxy_protocol: bool,
    /// Most open connections. The idlest makes room for one more.
    pub max_connections: usize,
    /// Most open connections of one IPv4 address, or of one IPv6 /64; wider networks
    /// have several such shares.
    pub max_connections_per_ip: usize,
    /// How long the TLS handshake may take, and then the preface of HTTP/2.
    pub handshake_timeout: Duration,
    /// How long the first byte of either may take.
    pub first_byte_timeout: Duration,
    /// Most concurrent TLS handshakes. A silent one makes room for one more.
    pub max_handshakes: usize,
    /// The same for a share of a network.
    pub max_handshakes_per_ip: usize,
    /// After so long a connection is ended between calls, and its client makes a new
    /// one: so every peer sees a renewed certificate, and replicas share the load again.
    pub max_connection_age: Duration,
    /// How long a connection is kept on which no call runs.
    pub idle_timeout: Duration,
    /// After how long a silent peer is pinged.
    pub ping_interval: Duration,
    /// How long it may take to answer: that ping, and the one that comes with a goodbye.
    pub ping_timeout: Duration,
    /// How long a call may take, whatever its caller would wait, until its answer
    /// is taken.
    pub call_deadline: Duration,
    /// The calls that may be in progress, and the bytes that they may hold.
    pub allowances: Allowances,
    /// Counts the connections.
    pub metrics: ConnectionMetrics,
}

impl Default for Transport {
    fn default() -> Self {
        Self {
            tls: None,
            proxy_protocol: false,
            max_connections: 10_000,
            max_connections_per_ip: 200,
            handshake_timeout: Duration::from_secs(10),
            first_byte_timeout: Duration::from_secs(3),
            max_handshakes: 1024,
            max_handshakes_per_ip: 64,
            max_connection_age: Duration::from_hours(1),
            idle_timeout: Duration::from_mins(15),
            ping_interval: Duration::from_mins(1),
            ping_timeout: Duration::from_secs(20),
            call_deadline: Duration::from_secs(20),
            allowances: Allowances {
                calls: Allowance { max: 8192, per_share: 512 },
                streams: Allowance { max: 1024, per_share: 32 },
                bytes: Allowance { max: 128 * 1024 * 1024, per_share: 8 * 1024 * 1024 },
            },
            metrics: ConnectionMetrics::default(),
        }
    }
}

impl Transport {
    /// Serves the connections that come to `listener` until the server is
    /// `draining`, and then until they have ended.
    pub(crate) async fn serve(
        self,
        listener: TcpListener,
        calls: impl Answers,
        proxies: TrustedProxies,
        draining: CancellationToken,
    ) {
        let connections = TaskTracker::new();
        let door = Arc::new(Door::new(self, calls, proxies));
        loop {
            let accepted = tokio::select! {
                () = draining.cancelled() => break,
                accepted = listener.accept() => accepted,
            };
            match accepted {
                Ok((stream, address)) => {
                    let (door, draining) = (Arc::clone(&door), draining.clone());
                    if door.expects_header(address) {
                        connections.spawn(door.serve_announced(stream, address, draining));
                    } else if let Some(newcomer) = door.admit(stream, address) {
                        connections.spawn(newcomer.serve(door, draining));
                    }
                }
                Err(error) => recover(&error).await,
            }
        }
        // Clients that connect from now on are refused immediately, and find another server.
        drop(listener);
        connections.close();
        connections.wait().await;
    }
}

/// A peer that left while it was waiting is no fault. When the system is short of
/// descriptors or memory, to try again immediately would only burn a processor.
async fn recover(error: &io::Error) {
    use io::ErrorKind::{ConnectionAborted, ConnectionReset, Interrupted};
    if !matches!(error.kind(), ConnectionAborted | ConnectionReset | Interrupted) {
        tracing::warn!(%error, "no connection can be accepted for a moment");
        tokio::time::sleep(PAUSE).await;
    }
}
