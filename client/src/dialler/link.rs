//! A connection as tonic takes it, straight or through a proxy, and the pulse that is felt at it.

use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use hyper::{
    rt::{Read, ReadBufCursor, Write},
    upgrade::Upgraded,
};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use crate::pulse::Pulse;

/// A connection to the service.
pub(crate) struct Link {
    way: Way,
    pulse: Arc<Pulse>,
}

/// How a connection comes to the service.
pub(crate) enum Way {
    /// Straight.
    Direct(TokioIo<TcpStream>),
    /// Through a proxy.
    Tunnel(Upgraded),
}

impl Link {
    pub(super) fn new(way: Way, pulse: Arc<Pulse>) -> Self {
        pulse.beat();
        Self { way, pulse }
    }
}

macro_rules! forward {
    ($link:expr, $method:path, $($argument:expr),*) => {
        match &mut $link.get_mut().way {
            Way::Direct(stream) => $method(Pin::new(stream), $($argument),*),
            Way::Tunnel(tunnel) => $method(Pin::new(tunnel), $($argument),*),
        }
    };
}

impl Read for Link {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        let link = self.get_mut();
        let read = match &mut link.way {
            Way::Direct(stream) => Pin::new(stream).poll_read(context, buffer),
            Way::Tunnel(tunnel) => Pin::new(tunnel).poll_read(context, buffer),
        };
        if matches!(read, Poll::Ready(Ok(()))) {
            link.pulse.beat();
        }
        read
    }
}

impl Write for Link {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        forward!(self, Write::poll_write, context, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        forward!(self, Write::poll_flush, context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        forward!(self, Write::poll_shutdown, context)
    }

    fn is_write_vectored(&self) -> bool {
        match &self.way {
            Way::Direct(stream) => stream.is_write_vectored(),
            Way::Tunnel(tunnel) => tunnel.is_write_vectored(),
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        forward!(self, Write::poll_write_vectored, context, parts)
    }
}
