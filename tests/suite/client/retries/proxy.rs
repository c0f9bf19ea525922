//! A way to the server that can be cut.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use gestan_account_client::{Client, ClientOptions, LinkToken};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, copy},
    net::{TcpListener, TcpStream},
    sync::watch,
};

/// Hands bytes on, in both directions.
pub(super) struct Proxy {
    address: SocketAddr,
    state: Arc<State>,
}

struct State {
    losing: AtomicU32,
    lost: AtomicU32,
    closed: watch::Sender<bool>,
}

impl Proxy {
    pub(super) async fn start(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let state = Arc::new(State {
            losing: AtomicU32::new(0),
            lost: AtomicU32::new(0),
            closed: watch::Sender::new(false),
        });
        let shared = Arc::clone(&state);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                if !*shared.closed.borrow() {
                    tokio::spawn(hand_on(client, server, Arc::clone(&shared)));
                }
            }
        });
        Self { address, state }
    }

    /// A client of the server on the other side; its connection is ready.
    pub(super) async fn connect(&self, options: ClientOptions, link_token: &str) -> Client {
        let url = format!("http://{}", self.address);
        let client = Client::connect(&url, options).await.expect("the proxy answers");
        // What opens a connection must not be taken for an answer.
        let refused = client.get(gestan_account_client::v1::GetRequest::default()).await;
        refused.expect_err("no token").rejection().expect("the server answers");
        match link_token {
            "" => client,
            token => client.with_link_token(&LinkToken::parse(token).expect("a token")),
        }
    }

    /// Cuts the connection in place of the next answer.
    pub(super) fn lose_next_answer(&self) {
        self.state.losing.fetch_add(1, Ordering::SeqCst);
    }

    /// How many answers were lost.
    pub(super) fn lost(&self) -> u32 {
        self.state.lost.load(Ordering::SeqCst)
    }

    /// Cuts everything off, and lets nobody in again. The port stays taken: the server of
    /// another test would get it, and answer.
    pub(super) fn close(&self) {
        self.state.closed.send_replace(true);
    }
}

/// An answer is a HEADERS frame of HTTP/2: anything else is small talk.
const HEADERS: u8 = 1;

async fn hand_on(client: TcpStream, server: SocketAddr, state: Arc<State>) {
    let server = TcpStream::connect(server).await.expect("the server");
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let mut closed = state.closed.subscribe();
    let answers = async {
        let mut frame = vec![0; 9];
        while from_server.read_exact(&mut frame[..9]).await.is_ok() {
            let length = u32::from_be_bytes([0, frame[0], frame[1], frame[2]]);
            frame.resize(9 + usize::try_from(length).expect("a length"), 0);
            from_server.read_exact(&mut frame[9..]).await.expect("a frame");
            if frame[3] == HEADERS && state.losing.load(Ordering::SeqCst) > 0 {
                state.losing.fetch_sub(1, Ordering::SeqCst);
                state.lost.fetch_add(1, Ordering::SeqCst);
                return;
            }
            if to_client.write_all(&frame).await.is_err() {
                return;
            }
        }
    };
    tokio::select! {
        () = answers => {}
        _ = copy(&mut from_client, &mut to_server) => {}
        _ = closed.wait_for(|closed| *closed) => {}
    }
}
