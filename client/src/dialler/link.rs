//! A connection as tonic takes it, straight or through a proxy.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
};

use hyper::{
    rt::{Read, ReadBufCursor, Write},
    upgrade::Upgraded,
};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// A connection to the service.
pub(crate) enum Link {
    /// Straight.
    Direct(TokioIo<TcpStream>),
    /// Through a proxy.
    Tunnel(Upgraded),
}

macro_rules! forward {
    ($link:expr, $method:path, $($argument:expr),*) => {
        match $link.get_mut() {
            Self::Direct(stream) => $method(Pin::new(stream), $($argument),*),
            Self::Tunnel(tunnel) => $method(Pin::new(tunnel), $($argument),*),
        }
    };
}

impl Read for Link {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        forward!(self, Read::poll_read, context, buffer)
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
        match self {
            Self::Direct(stream) => stream.is_write_vectored(),
            Self::Tunnel(tunnel) => tunnel.is_write_vectored(),
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
