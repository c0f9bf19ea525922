//! From a TCP listener to the connections that are served: places, TLS and
//! time-outs. What HTTP/2 itself limits is set in [`serving`]; what a call may take,
//! `grpc::guard` watches. Nothing here reads a request.

mod activity;
mod budget;
mod calls;
mod connection;
mod given_up;
pub mod open_files;
mod places;
mod serving;
pub mod tls;

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use socket2::{SockRef, TcpKeepalive};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use activity::{Activity, Patience};
use budget::Budget;
pub(crate) use budget::Exceeded;
pub use budget::{Allowance, Allowances};
pub(crate) use calls::{Peer, Refused, RunningCall};
use connection::{Connection, Io};
use given_up::GivenUp;
use places::{Place, Places};
use serving::{Http2, http2};
use tls::Tls;

use crate::grpc::{Guarded, TrustedProxies};

/// The kernel's own sign of life.
const TCP_KEEPALIVE: Duration = Duration::from_mins(1);
/// What the kernel keeps for a peer that does not read, or that sends faster than
/// it is read; by itself it would go up to several MiB. Twice as much is taken.
const SOCKET_BUFFER_BYTES: usize = 128 * 1024;
/// What accepting waits when the system has no room for a connection.
const PAUSE: Duration = Duration::from_millis(250);

/// How connections are taken and what they may cost.
#[derive(Clone, Debug)]
pub struct Transport {
    /// TLS; without it, in the clear.
    pub tls: Option<Arc<Tls>>,
    /// Connections in all. The idlest makes room for one more.
    pub max_connections: usize,
    /// Connections of one IPv4 address, or of one IPv6 /64; wider networks have
    /// several such shares.
    pub max_connections_per_ip: usize,
    /// How long the TLS handshake may take, and then the preface of HTTP/2.
    pub handshake_timeout: Duration,
    /// How long the first byte of either may take.
    pub first_byte_timeout: Duration,
    /// TLS handshakes under way at once. A silent one makes room for one more.
    pub max_handshakes: usize,
    /// The same for a share of a network.
    pub max_handshakes_per_ip: usize,
    /// After which a connection is asked to be made anew, between calls: so
    /// every peer sees a renewed certificate, and replicas share the load again.
    pub max_connection_age: Duration,
    /// How long a connection is kept on which no call runs.
    pub idle_timeout: Duration,
    /// After how long a silent peer is pinged.
    pub ping_interval: Duration,
    /// How long it may take to answer.
    pub ping_timeout: Duration,
    /// How long a call may take, whatever its caller would wait, until its answer
    /// is taken.
    pub call_deadline: Duration,
    /// How much may be under way.
    pub allowances: Allowances,
}

impl Default for Transport {
    fn default() -> Self {
        Self {
            tls: None,
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
        }
    }
}

impl Transport {
    /// Serves the connections that come to `listener` until the server is
    /// `draining`, and then until they have ended.
    pub(crate) async fn serve(
        self,
        listener: TcpListener,
        guarded: Guarded,
        proxies: TrustedProxies,
        draining: CancellationToken,
    ) {
        let connections = TaskTracker::new();
        let max_connections_per_ip = self.max_connections_per_ip;
        let places =
            Places::new(self.max_connections, max_connections_per_ip, Activity::idle_since);
        let handshakes =
            Places::new(self.max_handshakes, self.max_handshakes_per_ip, Activity::stuck_since);
        let door = Arc::new(Door {
            budget: Budget::new(self.allowances),
            given_up: GivenUp::default(),
            callers: http2(&self, false),
            of_proxies: http2(&self, true),
            transport: self,
            guarded,
            proxies,
            places,
            handshakes,
            draining,
        });
        let mut refusing = false;
        loop {
            let accepted = tokio::select! {
                () = door.draining.cancelled() => break,
                accepted = listener.accept() => accepted,
            };
            match accepted {
                Ok((stream, address)) => {
                    let newcomer = door.admit(stream, address);
                    // Once in a row: a flood must not become a flood of lines.
                    if newcomer.is_none() && !refusing {
                        tracing::warn!("connections are turned away: too many");
                    }
                    refusing = newcomer.is_none();
                    if let Some(newcomer) = newcomer {
                        connections.spawn(newcomer.serve(Arc::clone(&door)));
                    }
                }
                Err(error) => recover(&error).await,
            }
        }
        // Whoever comes now is to find another server at once.
        drop(listener);
        connections.close();
        connections.wait().await;
    }
}

/// What every connection needs.
struct Door {
    transport: Transport,
    guarded: Guarded,
    proxies: TrustedProxies,
    places: Places,
    handshakes: Places,
    budget: Budget,
    given_up: GivenUp,
    callers: Http2,
    of_proxies: Http2,
    draining: CancellationToken,
}

/// A connection that was let in.
struct Newcomer {
    stream: TcpStream,
    peer: Peer,
    place: Place,
    /// For the handshake, if there is one.
    handshake: Option<Place>,
}

impl Door {
    /// Lets a connection in if there is room. A trusted proxy is nobody's network:
    /// it has as many connections as its callers need.
    fn admit(&self, stream: TcpStream, address: SocketAddr) -> Option<Newcomer> {
        let transport = &self.transport;
        let is_proxy = self.proxies.trust(address.ip());
        let ip = (!is_proxy).then_some(address.ip());
        let activity = Arc::new(Activity::new(Patience {
            first_byte: transport.first_byte_timeout.min(transport.handshake_timeout),
            handshake: transport.handshake_timeout,
            idle: transport.idle_timeout,
            unsent: transport.call_deadline,
        }));
        let handshake = match &transport.tls {
            Some(_) => Some(self.handshakes.take(ip, &activity)?),
            None => None,
        };
        let place = self.places.take(ip, &activity)?;
        prepare(&stream);
        let peer = Peer {
            address,
            activity,
            budget: self.budget.clone(),
            given_up: self.given_up.clone(),
            is_proxy,
            deadline: transport.call_deadline,
        };
        Some(Newcomer { stream, peer, place, handshake })
    }
}

impl Newcomer {
    /// Ends the handshake, if there is one, and serves the connection to its end.
    async fn serve(self, door: Arc<Door>) {
        let Self { stream, peer, place, handshake } = self;
        let activity = Arc::clone(&peer.activity);
        let io = match &door.transport.tls {
            None => Io::Clear(stream),
            Some(tls) => tokio::select! {
                biased;
                () = activity.left() => return tracing::debug!("a TLS handshake made room"),
                shaken = shake_hands(stream, tls, &activity, &door.transport) => match shaken {
                    Ok(io) => io,
                    Err(error) => return tracing::debug!(%error, "no TLS handshake"),
                },
            },
        };
        drop(handshake);
        activity.shook_hands();
        let http2 = if peer.is_proxy { &door.of_proxies } else { &door.callers };
        let connection = Connection::new(io, activity, place);
        let (guarded, draining) = (door.guarded.clone(), door.draining.clone());
        let max_age = door.transport.max_connection_age;
        serving::serve(connection, peer, http2, guarded, max_age, draining).await;
    }
}

/// Makes the handshake, within the time that it may take.
async fn shake_hands(
    stream: TcpStream,
    tls: &Tls,
    activity: &Activity,
    transport: &Transport,
) -> io::Result<Io> {
    let handshake = async {
        // A look, and not the sign that the socket is readable, which may be a mistake.
        let mut first = [0];
        tokio::time::timeout(transport.first_byte_timeout, stream.peek(&mut first)).await??;
        activity.heard();
        let stream = TlsAcceptor::from(tls.config()).accept(stream).await?;
        Ok(Io::Tls(Box::new(stream)))
    };
    tokio::time::timeout(transport.handshake_timeout, handshake).await?
}

/// Small answers at once, the kernel's keep-alive, and little that the kernel keeps
/// for who does not read. A connection serves without.
fn prepare(stream: &TcpStream) {
    let keepalive = TcpKeepalive::new().with_time(TCP_KEEPALIVE);
    let socket = SockRef::from(stream);
    let set = stream
        .set_nodelay(true)
        .and_then(|()| socket.set_tcp_keepalive(&keepalive))
        .and_then(|()| socket.set_send_buffer_size(SOCKET_BUFFER_BYTES))
        .and_then(|()| socket.set_recv_buffer_size(SOCKET_BUFFER_BYTES));
    if let Err(error) = set {
        tracing::debug!(%error, "a connection's options were not set");
    }
}

/// A peer that left while it was waiting is nothing; when the system is short
/// of descriptors or memory, trying again at once would only burn a processor.
async fn recover(error: &io::Error) {
    use io::ErrorKind::{ConnectionAborted, ConnectionReset, Interrupted};
    if !matches!(error.kind(), ConnectionAborted | ConnectionReset | Interrupted) {
        tracing::warn!(%error, "no connection can be accepted for a moment");
        tokio::time::sleep(PAUSE).await;
    }
}
