//! What stands between the window and its server: it lets bytes through, holds what the server
//! sends, or lets nobody in.

use std::net::SocketAddr;

use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::watch,
};

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    Open,
    /// Answers do not come, for now.
    Held,
    /// Connections are cut, and no new one comes about.
    Gone,
}

pub(crate) struct Gate {
    pub(crate) address: SocketAddr,
    state: watch::Sender<State>,
}

impl Gate {
    pub(crate) async fn before(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let (state, watched) = watch::channel(State::Open);
        tokio::spawn(async move {
            while let Ok((caller, _)) = listener.accept().await {
                if *watched.borrow() != State::Gone {
                    tokio::spawn(carry(caller, server, watched.clone()));
                }
            }
        });
        Self { address, state }
    }

    pub(crate) fn set(&self, state: State) {
        self.state.send_replace(state);
    }
}

async fn carry(caller: TcpStream, server: SocketAddr, mut state: watch::Receiver<State>) {
    let Ok(server) = TcpStream::connect(server).await else { return };
    let (from_caller, to_caller) = caller.into_split();
    let (from_server, to_server) = server.into_split();
    let held = state.clone();
    tokio::select! {
        () = copy(from_caller, to_server, None) => {}
        () = copy(from_server, to_caller, Some(held)) => {}
        _ = state.wait_for(|state| *state == State::Gone) => {}
    }
}

async fn copy(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    mut held: Option<watch::Receiver<State>>,
) {
    let mut bytes = vec![0; 16 * 1024];
    while let Ok(length @ 1..) = from.read(&mut bytes).await {
        if let Some(held) = &mut held {
            // What is held when the connection is cut never arrives.
            match held.wait_for(|state| *state != State::Held).await {
                Ok(state) if *state == State::Open => {}
                _ => return,
            }
        }
        if to.write_all(&bytes[..length]).await.is_err() {
            return;
        }
    }
}
