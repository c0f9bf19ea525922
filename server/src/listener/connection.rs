//! A connection that ends by itself when its peer does not begin to speak
//! HTTP/2, makes no call for long, or makes calls only to give them up. It ends
//! as if the peer had closed it: what is in flight is flushed, TLS says goodbye.

use std::{
    io::{self, IoSlice},
    net::SocketAddr,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    time::{Instant, Sleep},
};
use tokio_rustls::server::TlsStream;
use tonic::transport::server::Connected;

use super::{
    calls::{Calls, RunningCall},
    caps::Permit,
};

/// The preface of HTTP/2 and the header of the SETTINGS frame that follows it.
const PREFACE_BYTES: usize = 24 + 9;

/// In the clear or not.
#[derive(Debug)]
pub(super) enum Io {
    Clear(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

/// How long a connection may wait for its peer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Patience {
    /// For the preface.
    pub(super) preface: Duration,
    /// For a call, while none runs.
    pub(super) idle: Duration,
}

/// A connection, with the permit that it holds.
#[derive(Debug)]
pub(crate) struct Connection {
    io: Io,
    peer: Peer,
    preface_bytes_left: usize,
    idle: Duration,
    timer: Pin<Box<Sleep>>,
    _permit: Permit,
}

/// What a call can know of its connection.
#[derive(Clone, Debug)]
pub(crate) struct Peer {
    /// The other end.
    pub(crate) address: SocketAddr,
    calls: Arc<Calls>,
}

impl Peer {
    /// Marks a call as running.
    pub(crate) fn begin_call(self) -> RunningCall {
        self.calls.begin()
    }
}

impl Connection {
    pub(super) fn new(io: Io, address: SocketAddr, permit: Permit, patience: Patience) -> Self {
        Self {
            io,
            peer: Peer { address, calls: Arc::new(Calls::new()) },
            preface_bytes_left: PREFACE_BYTES,
            idle: patience.idle,
            timer: Box::pin(tokio::time::sleep(patience.preface)),
            _permit: permit,
        }
    }

    /// Ready when the connection has waited long enough for its peer. What is
    /// due is only worked out when the timer ends, not at every read.
    fn poll_impatience(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            ready!(self.timer.as_mut().poll(cx));
            if self.preface_bytes_left > 0 {
                return Poll::Ready(());
            }
            let now = Instant::now();
            let due = self.peer.calls.idle_since().unwrap_or(now) + self.idle;
            if due <= now {
                return Poll::Ready(());
            }
            self.timer.as_mut().reset(due);
        }
    }
}

impl Connected for Connection {
    type ConnectInfo = Peer;

    fn connect_info(&self) -> Peer {
        self.peer.clone()
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.peer.calls.too_many_abandoned() {
            tracing::debug!("connection closed: it gives up its calls");
            return Poll::Ready(Ok(()));
        }
        let filled = buffer.filled().len();
        let read = match &mut self.io {
            Io::Clear(stream) => Pin::new(stream).poll_read(cx, buffer),
            Io::Tls(stream) => Pin::new(stream).poll_read(cx, buffer),
        };
        if read.is_ready() {
            let bytes = buffer.filled().len() - filled;
            self.preface_bytes_left = self.preface_bytes_left.saturating_sub(bytes);
            return read;
        }
        // Nothing read, and no error: the end.
        self.poll_impatience(cx).map(Ok)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match &mut self.io {
            Io::Clear(stream) => Pin::new(stream).poll_write(cx, bytes),
            Io::Tls(stream) => Pin::new(stream).poll_write(cx, bytes),
        }
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match &mut self.io {
            Io::Clear(stream) => Pin::new(stream).poll_write_vectored(cx, slices),
            Io::Tls(stream) => Pin::new(stream).poll_write_vectored(cx, slices),
        }
    }

    fn is_write_vectored(&self) -> bool {
        match &self.io {
            Io::Clear(stream) => stream.is_write_vectored(),
            Io::Tls(stream) => stream.is_write_vectored(),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.io {
            Io::Clear(stream) => Pin::new(stream).poll_flush(cx),
            Io::Tls(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.io {
            Io::Clear(stream) => Pin::new(stream).poll_shutdown(cx),
            Io::Tls(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}
