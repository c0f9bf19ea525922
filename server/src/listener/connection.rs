//! The bytes of a connection, in the clear or not. It tells its [`Activity`] what
//! comes and goes, and holds its place. When it is to end, `serving` decides.

use std::{
    io::{self, IoSlice},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use socket2::SockRef;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    time::{Sleep, sleep},
};
use tokio_rustls::server::TlsStream;

use super::{activity::Activity, places::Place};

/// The preface of HTTP/2 and the header of the SETTINGS frame that follows it.
const PREFACE_BYTES: usize = 24 + 9;

/// How long what a peer still sends is read when all is said, until it ends the
/// connection, too. Whatever it opened meanwhile lies behind the last stream that it was
/// told, so that it knows that this was not processed.
const LINGER: Duration = Duration::from_secs(2);

/// As much of it at a time.
const LINGER_BYTES: usize = 1024;

/// In the clear or not.
#[derive(Debug)]
pub(super) enum Io {
    Clear(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

/// A connection, with the place that it holds.
#[derive(Debug)]
pub(super) struct Connection {
    io: Io,
    activity: Arc<Activity>,
    preface_bytes_left: usize,
    /// The system took not all at the last attempt.
    is_blocked: bool,
    /// Runs from the moment at which nothing more is sent.
    lingering: Option<Pin<Box<Sleep>>>,
    _place: Place,
}

impl Connection {
    pub(super) fn new(io: Io, activity: Arc<Activity>, place: Place) -> Self {
        Self {
            io,
            activity,
            preface_bytes_left: PREFACE_BYTES,
            is_blocked: false,
            lingering: None,
            _place: place,
        }
    }

    /// Ends what is sent.
    fn poll_end(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let ended = match &mut self.io {
            Io::Clear(stream) => Pin::new(stream).poll_shutdown(cx),
            Io::Tls(stream) => Pin::new(stream).poll_shutdown(cx),
        };
        self.note_written(&ended, true);
        ended
    }

    /// Reads, and drops, what the peer sends before it has seen the end. A socket that is
    /// closed before resets the connection when more comes, and some systems then take
    /// away from the peer what it has not read yet: an answer, or the number of the last
    /// stream.
    fn poll_linger(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let mut bytes = [0; LINGER_BYTES];
        loop {
            let lingering = self.lingering.get_or_insert_with(|| Box::pin(sleep(LINGER)));
            if lingering.as_mut().poll(cx).is_ready() {
                return Poll::Ready(());
            }
            let mut buffer = ReadBuf::new(&mut bytes);
            let read = match &mut self.io {
                Io::Clear(stream) => Pin::new(stream).poll_read(cx, &mut buffer),
                Io::Tls(stream) => Pin::new(stream).poll_read(cx, &mut buffer),
            };
            if ready!(read).is_err() || buffer.filled().is_empty() {
                return Poll::Ready(());
            }
        }
    }

    fn note_read(&mut self, bytes: usize) {
        if self.preface_bytes_left == 0 || bytes == 0 {
            return;
        }
        self.preface_bytes_left = self.preface_bytes_left.saturating_sub(bytes);
        if self.preface_bytes_left == 0 {
            self.activity.began();
        } else {
            self.activity.heard();
        }
    }

    fn note_written<T>(&mut self, written: &Poll<T>, is_all: bool) {
        if written.is_pending() {
            self.is_blocked = true;
            self.activity.blocked();
        } else if is_all && self.is_blocked {
            self.is_blocked = false;
            self.activity.flushed();
        }
    }
}

impl Drop for Connection {
    /// Has the system drop what the peer does not take, too: a closed socket would keep
    /// its buffer, and try again for minutes.
    fn drop(&mut self) {
        if !self.is_blocked {
            return;
        }
        let stream = match &self.io {
            Io::Clear(stream) => stream,
            Io::Tls(stream) => stream.get_ref().0,
        };
        if let Err(error) = SockRef::from(stream).set_linger(Some(Duration::ZERO)) {
            tracing::debug!(%error, "a connection's rest is left to the system");
        }
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let filled = buffer.filled().len();
        let read = match &mut self.io {
            Io::Clear(stream) => Pin::new(stream).poll_read(cx, buffer),
            Io::Tls(stream) => Pin::new(stream).poll_read(cx, buffer),
        };
        let bytes = buffer.filled().len() - filled;
        self.note_read(bytes);
        read
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = match &mut self.io {
            Io::Clear(stream) => Pin::new(stream).poll_write(cx, bytes),
            Io::Tls(stream) => Pin::new(stream).poll_write(cx, bytes),
        };
        self.note_written(&written, false);
        written
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = match &mut self.io {
            Io::Clear(stream) => Pin::new(stream).poll_write_vectored(cx, slices),
            Io::Tls(stream) => Pin::new(stream).poll_write_vectored(cx, slices),
        };
        self.note_written(&written, false);
        written
    }

    fn is_write_vectored(&self) -> bool {
        match &self.io {
            Io::Clear(stream) => stream.is_write_vectored(),
            Io::Tls(stream) => stream.is_write_vectored(),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = match &mut self.io {
            Io::Clear(stream) => Pin::new(stream).poll_flush(cx),
            Io::Tls(stream) => Pin::new(stream).poll_flush(cx),
        };
        // The HTTP/2 library flushes when it has nothing left that it may send.
        self.note_written(&flushed, true);
        flushed
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.lingering.is_none() {
            ready!(self.poll_end(cx))?;
        }
        self.poll_linger(cx).map(Ok)
    }
}
