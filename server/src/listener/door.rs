//! Lets a connection in if there is a place for it, and brings it through its
//! handshake.

use std::{
    io,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use socket2::{SockRef, TcpKeepalive};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

use super::{
    Transport,
    activity::{Activity, Timeouts},
    budget::Budget,
    calls::Peer,
    connection::{Connection, Io},
    given_up::GivenUp,
    places::{Place, Places},
    proxy_header::{self, ProxyHeaderError},
    serving::{self, Answers, Http2, http2},
    tls::Tls,
};
use crate::network::TrustedProxies;

/// The kernel's own sign of life.
const TCP_KEEPALIVE: Duration = Duration::from_mins(1);
/// Size of the kernel's buffers for a peer that does not read, or that sends faster
/// than it is read; by itself the kernel would go up to several MiB. Linux takes twice
/// as much as it is asked for (socket(7)).
const SOCKET_BUFFER_BYTES: usize = 128 * 1024;

/// The parts that all connections share.
pub(super) struct Door<S> {
    transport: Transport,
    calls: S,
    proxies: TrustedProxies,
    places: Places,
    handshakes: Places,
    budget: Budget,
    given_up: GivenUp,
    callers: Http2,
    of_proxies: Http2,
    is_turning_away: AtomicBool,
    lacks_headers: AtomicBool,
}

/// A connection that was let in.
pub(super) struct Newcomer {
    stream: TcpStream,
    peer: Peer,
    place: Place,
    /// For the handshake, if there is one.
    handshake: Option<Place>,
}

impl<S: Answers> Door<S> {
    pub(super) fn new(transport: Transport, calls: S, proxies: TrustedProxies) -> Self {
        let Transport { max_connections, max_connections_per_ip, .. } = transport;
        let Transport { max_handshakes, max_handshakes_per_ip, .. } = transport;
        Self {
            places: Places::new(max_connections, max_connections_per_ip, Activity::idle_since),
            handshakes: Places::new(max_handshakes, max_handshakes_per_ip, Activity::stuck_since),
            budget: Budget::new(transport.allowances),
            given_up: GivenUp::default(),
            callers: http2(&transport, false),
            of_proxies: http2(&transport, true),
            is_turning_away: AtomicBool::new(false),
            lacks_headers: AtomicBool::new(false),
            transport,
            calls,
            proxies,
        }
    }

    /// Whether this peer tells by a PROXY header whose connection it passes on.
    pub(super) fn expects_header(&self, address: SocketAddr) -> bool {
        self.transport.proxy_protocol && self.proxies.trust(address.ip())
    }

    /// Reads the PROXY header of a trusted proxy, and serves the connection as one of the
    /// address that it tells. A connection of the proxy's own stays the proxy's.
    pub(super) async fn serve_announced(
        self: Arc<Self>,
        mut stream: TcpStream,
        proxy: SocketAddr,
        draining: CancellationToken,
    ) {
        // It counts in all, and for no network: whose it is, is not known yet.
        let place = self.places.take(None, &self.activity());
        if self.turns_away(place.as_ref()) {
            return;
        }
        let header = tokio::select! {
            () = draining.cancelled() => return,
            header = self.read_header(&mut stream) => header,
        };
        drop(place);
        let address = match header {
            Ok(told) => told.unwrap_or(proxy),
            Err(error) => return self.refuse_header(&error),
        };
        self.lacks_headers.store(false, Ordering::Relaxed);
        if let Some(newcomer) = self.admit(stream, address) {
            newcomer.serve(self, draining).await;
        }
    }

    async fn read_header(
        &self,
        stream: &mut TcpStream,
    ) -> Result<Option<SocketAddr>, ProxyHeaderError> {
        let header = proxy_header::read(stream);
        let in_time = tokio::time::timeout(self.transport.handshake_timeout, header).await;
        in_time.unwrap_or_else(|late| Err(ProxyHeaderError::Io(late.into())))
    }

    /// Told loudly once in a row: a balancer that is set up wrongly lets nobody in.
    fn refuse_header(&self, error: &ProxyHeaderError) {
        let is_wrong = !matches!(error, ProxyHeaderError::Io(_));
        if is_wrong && !self.lacks_headers.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                %error,
                "a trusted proxy is refused: with PROXY_PROTOCOL on, each of its connections \
                 begins with a PROXY header"
            );
        } else {
            tracing::debug!(%error, "no PROXY header");
        }
    }

    /// Lets a connection in if there is room. A trusted proxy counts for no network:
    /// it has as many connections as its callers need.
    pub(super) fn admit(&self, stream: TcpStream, address: SocketAddr) -> Option<Newcomer> {
        let is_proxy = self.proxies.trust(address.ip());
        let ip = (!is_proxy).then_some(address.ip());
        let activity = self.activity();
        let places = || {
            let handshake = match &self.transport.tls {
                Some(_) => Some(self.handshakes.take(ip, &activity)?),
                None => None,
            };
            Some((self.places.take(ip, &activity)?, handshake))
        };
        let places = places();
        self.turns_away(places.as_ref());
        let (place, handshake) = places?;
        prepare(&stream);
        let peer = Peer {
            address,
            activity,
            budget: self.budget.clone(),
            given_up: self.given_up.clone(),
            is_proxy,
            deadline: self.transport.call_deadline,
        };
        Some(Newcomer { stream, peer, place, handshake })
    }

    fn activity(&self) -> Arc<Activity> {
        let transport = &self.transport;
        let timeouts = Timeouts {
            first_byte: transport.first_byte_timeout.min(transport.handshake_timeout),
            handshake: transport.handshake_timeout,
            idle: transport.idle_timeout,
            farewell: transport.ping_timeout,
            unsent: transport.call_deadline,
        };
        Arc::new(Activity::new(timeouts, transport.metrics.clone()))
    }

    /// Whether there was no place. Logged once in a row: a flood must not become a flood
    /// of lines.
    fn turns_away<T>(&self, place: Option<&T>) -> bool {
        let refused = place.is_none();
        if refused && !self.is_turning_away.swap(refused, Ordering::Relaxed) {
            tracing::warn!("connections are turned away: too many");
        } else if !refused {
            self.is_turning_away.store(false, Ordering::Relaxed);
        }
        refused
    }
}

impl Newcomer {
    /// Ends the handshake, if there is one, and serves the connection to its end.
    pub(super) async fn serve<S: Answers>(self, door: Arc<Door<S>>, draining: CancellationToken) {
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
        let calls = door.calls.clone();
        let max_age = door.transport.max_connection_age;
        serving::serve(connection, peer, http2, calls, max_age, draining).await;
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
        // A byte is looked for: that the socket is readable is told of silent peers, too,
        // and would make all of them look alike when one has to make room.
        let mut first = [0];
        tokio::time::timeout(transport.first_byte_timeout, stream.peek(&mut first)).await??;
        activity.heard();
        let stream = TlsAcceptor::from(tls.config()).accept(stream).await?;
        Ok(Io::Tls(Box::new(stream)))
    };
    tokio::time::timeout(transport.handshake_timeout, handshake).await?
}

/// Has the kernel send small answers without delay, look whether the peer is alive, and
/// keep little for a peer that does not read. A connection is served without these, too.
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
