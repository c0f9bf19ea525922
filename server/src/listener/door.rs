//! Lets a connection in if there is a place for it, and brings it through its
//! handshake.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

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
            transport,
            calls,
            proxies,
        }
    }

    /// Lets a connection in if there is room. A trusted proxy counts for no network:
    /// it has as many connections as its callers need.
    pub(super) fn admit(&self, stream: TcpStream, address: SocketAddr) -> Option<Newcomer> {
        let transport = &self.transport;
        let is_proxy = self.proxies.trust(address.ip());
        let ip = (!is_proxy).then_some(address.ip());
        let activity = Arc::new(Activity::new(Timeouts {
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
