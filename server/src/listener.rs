//! From a TCP listener to the connections that are served: caps, TLS and
//! time-outs. What HTTP/2 itself limits is set in `Transport::server`; what a
//! call may take, `grpc::guard` watches. Nothing here reads a request.

mod calls;
mod caps;
mod connection;
pub mod open_files;
pub mod tls;

use std::{convert::Infallible, io, net::SocketAddr, sync::Arc, time::Duration};

use socket2::{SockRef, TcpKeepalive};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::mpsc,
    task::JoinSet,
};
use tokio_rustls::TlsAcceptor;
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::Server;

pub(crate) use calls::RunningCall;
use caps::{Caps, Permit};
pub(crate) use connection::Peer;
use connection::{Connection, Io, Patience};
use tls::Tls;

/// Calls at once on one connection.
const MAX_CONCURRENT_STREAMS: u32 = 100;
/// All headers of a request together, as HTTP/2 counts them.
const MAX_HEADER_LIST_BYTES: u32 = 16 * 1024;
/// One frame: the smallest bound that HTTP/2 allows.
const MAX_FRAME_BYTES: u32 = 16 * 1024;
/// What a call, and a connection, may send ahead of being read.
const STREAM_WINDOW_BYTES: u32 = 64 * 1024;
const CONNECTION_WINDOW_BYTES: u32 = 256 * 1024;
/// Streams that were reset before the server took them up; beyond, the
/// connection is closed ("rapid reset", CVE-2023-44487).
const MAX_PENDING_RESETS: usize = 20;
/// Streams that the server itself had to reset for errors of the peer.
const MAX_ERROR_RESETS: usize = 100;
/// The kernel's own sign of life.
const TCP_KEEPALIVE: Duration = Duration::from_mins(1);
/// What accepting waits when the system has no room for a connection.
const PAUSE: Duration = Duration::from_millis(250);

/// How connections are taken and what they may cost.
#[derive(Clone, Debug)]
pub struct Transport {
    /// TLS; without it, in the clear.
    pub tls: Option<Arc<Tls>>,
    /// Connections in all.
    pub max_connections: usize,
    /// Connections of one IPv4 address, or of one IPv6 /64.
    pub max_connections_per_ip: usize,
    /// How long the TLS handshake may take, and then the preface of HTTP/2.
    pub handshake_timeout: Duration,
    /// TLS handshakes under way at once; who comes then is turned away.
    pub max_handshakes: usize,
    /// After which a connection is asked to be made anew, between calls: so
    /// every peer sees a renewed certificate, and replicas share the load again.
    pub max_connection_age: Duration,
    /// How long a connection is kept on which no call runs.
    pub idle_timeout: Duration,
    /// After how long a silent peer is pinged.
    pub ping_interval: Duration,
    /// How long it may take to answer.
    pub ping_timeout: Duration,
    /// How long a call may take, whatever its caller would wait.
    pub call_deadline: Duration,
}

impl Default for Transport {
    fn default() -> Self {
        Self {
            tls: None,
            max_connections: 10_000,
            max_connections_per_ip: 200,
            handshake_timeout: Duration::from_secs(10),
            max_handshakes: 1024,
            max_connection_age: Duration::from_hours(1),
            idle_timeout: Duration::from_mins(15),
            ping_interval: Duration::from_mins(1),
            ping_timeout: Duration::from_secs(20),
            call_deadline: Duration::from_secs(20),
        }
    }
}

impl Transport {
    /// The server with the limits of HTTP/2.
    pub(crate) fn server(&self) -> Server {
        Server::builder()
            .max_concurrent_streams(MAX_CONCURRENT_STREAMS)
            .http2_max_header_list_size(MAX_HEADER_LIST_BYTES)
            .max_frame_size(MAX_FRAME_BYTES)
            .initial_stream_window_size(STREAM_WINDOW_BYTES)
            .initial_connection_window_size(CONNECTION_WINDOW_BYTES)
            .http2_max_pending_accept_reset_streams(Some(MAX_PENDING_RESETS))
            .http2_max_local_error_reset_streams(Some(MAX_ERROR_RESETS))
            .http2_keepalive_interval(Some(self.ping_interval))
            .http2_keepalive_timeout(Some(self.ping_timeout))
            .max_connection_age(self.max_connection_age)
    }

    /// Takes connections from `listener` until the stream is dropped.
    pub(crate) fn accept(
        self,
        listener: TcpListener,
    ) -> ReceiverStream<Result<Connection, Infallible>> {
        let (ready, connections) = mpsc::channel(64);
        tokio::spawn(self.accept_into(listener, ready));
        ReceiverStream::new(connections)
    }

    async fn accept_into(self, listener: TcpListener, ready: Ready) {
        let caps = Caps::new(self.max_connections, self.max_connections_per_ip);
        let mut handshakes = JoinSet::new();
        let mut refusing = false;
        loop {
            let accepted = tokio::select! {
                () = ready.closed() => return,
                Some(_) = handshakes.join_next() => continue,
                accepted = listener.accept() => accepted,
            };
            let (stream, address) = match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    recover(&error).await;
                    continue;
                }
            };
            // Those that have ended take no place.
            while handshakes.try_join_next().is_some() {}
            let permit = caps.admit(address.ip());
            let Some(permit) = permit.filter(|_| handshakes.len() < self.max_handshakes) else {
                // Once in a row: a flood must not become a flood of lines.
                if !refusing {
                    tracing::warn!("connections are turned away: too many");
                }
                refusing = true;
                continue;
            };
            refusing = false;
            prepare(&stream);
            let taken = Taken { transport: self.clone(), stream, address, permit };
            if self.tls.is_some() {
                handshakes.spawn(taken.hand_over(ready.clone()));
            } else {
                taken.hand_over(ready.clone()).await;
            }
        }
    }
}

type Ready = mpsc::Sender<Result<Connection, Infallible>>;

/// A connection that was let in.
struct Taken {
    transport: Transport,
    stream: TcpStream,
    address: SocketAddr,
    permit: Permit,
}

impl Taken {
    /// Ends the handshake, if there is one, and hands the connection over.
    async fn hand_over(self, ready: Ready) {
        let Self { transport, stream, address, permit } = self;
        let io = match &transport.tls {
            None => Io::Clear(stream),
            Some(tls) => {
                let handshake = TlsAcceptor::from(tls.config()).accept(stream);
                match tokio::time::timeout(transport.handshake_timeout, handshake).await {
                    Ok(Ok(stream)) => Io::Tls(Box::new(stream)),
                    Ok(Err(error)) => return tracing::debug!(%error, "no TLS handshake"),
                    Err(_) => return tracing::debug!("TLS handshake too slow"),
                }
            }
        };
        let patience =
            Patience { preface: transport.handshake_timeout, idle: transport.idle_timeout };
        // The server has stopped: nobody takes the connection any more.
        let _ = ready.send(Ok(Connection::new(io, address, permit, patience))).await;
    }
}

/// Small answers at once, and the kernel's keep-alive. A connection serves without.
fn prepare(stream: &TcpStream) {
    let keepalive = TcpKeepalive::new().with_time(TCP_KEEPALIVE);
    let set = stream.set_nodelay(true);
    if let Err(error) = set.and_then(|()| SockRef::from(stream).set_tcp_keepalive(&keepalive)) {
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
