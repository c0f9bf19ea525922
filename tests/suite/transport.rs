//! The way of a call to its RPC: TLS, HTTP/2, deadlines, and peers that are slow,
//! broken or hostile.

mod deadlines;
mod dialling;
mod goodbye;
mod health;
mod http2;
mod in_front;
mod panic;
mod proxy_header;
mod raw_bytes;
mod slow_peers;
mod tls;
mod tls_files;
mod too_many;
mod unread;
mod unread_memory;
mod unreadable;

use std::{net::SocketAddr, time::Duration};

use gestan_account_server::listener::Transport;
use gestan_account_tests::{PREFACE, TestServer, TestServerOptions, Wire};
use tokio::{net::TcpStream, time::timeout};

/// What a slow machine may take.
const TIMEOUT: Duration = Duration::from_secs(30);

async fn start(transport: Transport) -> TestServer {
    TestServer::start_with(TestServerOptions { transport, ..Default::default() }).await
}

async fn connect(address: SocketAddr) -> TcpStream {
    TcpStream::connect(address).await.expect("a connection")
}

/// Whether a connection is taken: the server speaks first once it is.
async fn taken(stream: TcpStream) -> Option<Wire> {
    let mut wire = Wire::new(stream);
    wire.send(PREFACE).await;
    wire.send(&[0, 0, 0, 4, 0, 0, 0, 0, 0]).await;
    let settings = timeout(TIMEOUT, wire.next()).await.expect("an answer or the end");
    settings.map(|_| wire)
}
