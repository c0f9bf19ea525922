//! A peer that asks, and takes no answer: it opens no window for one, and reads nothing.

use std::net::SocketAddr;

use gestan_account_tests::{Wire, headers, message};
use tokio::net::TcpSocket;

/// `SETTINGS_INITIAL_WINDOW_SIZE`.
const INITIAL_WINDOW: u16 = 4;

/// Calls of one peer, each of which has an answer of some bytes.
const CALLS: u32 = 100;

const CHECK: &str = "/grpc.health.v1.Health/Check";

/// Connections whose answers wait. Dropped, they are gone.
pub(crate) struct Unread {
    _wires: Vec<Wire>,
}

impl Unread {
    /// Some peers, of a network that no customer is in: what they are refused for is theirs.
    pub(crate) async fn open(server: SocketAddr) -> Self {
        let mut wires = Vec::new();
        for peer in 1..=4 {
            let socket = TcpSocket::new_v4().expect("a socket");
            socket.bind(SocketAddr::from(([127, 9, 0, peer], 0))).expect("an address");
            let stream = socket.connect(server).await.expect("a connection");
            let (mut wire, _) = Wire::begin_with(stream, &[(INITIAL_WINDOW, 0)]).await;
            for call in 0..CALLS {
                let stream = 2 * call + 1;
                let asked = [headers(stream, CHECK), message(stream, &[], true)].concat();
                if !wire.send(&asked).await {
                    break;
                }
            }
            wires.push(wire);
        }
        Self { _wires: wires }
    }
}
