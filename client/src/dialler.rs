//! Opens the connections below a channel. tonic's own connector would try the
//! addresses of one family one after the other, each for its part of the timeout:
//! of four addresses, of which three are dead, the fourth has its turn after
//! three quarters of it.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use gestan_account_dial::{DialError, dial};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tonic::{codegen::Service, transport::Uri};

use crate::options::ClientOptions;

/// Connects to whichever address of a URL's host answers first.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Dialler {
    limit: Duration,
}

impl Dialler {
    pub(crate) fn new(options: &ClientOptions) -> Self {
        // A tenth is left to whoever bounds the whole: at the end of this limit, every address
        // is named, and at the end of the whole, only the time.
        Self { limit: options.connect_timeout / 10 * 9 }
    }
}

impl Service<Uri> for Dialler {
    type Response = TokioIo<TcpStream>;
    type Error = DialError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, DialError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), DialError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let port = uri.port_u16().unwrap_or(match uri.scheme_str() {
            Some("https") => 443,
            _ => 80,
        });
        let (host, limit) = (uri.host().unwrap_or_default().to_owned(), self.limit);
        Box::pin(async move { dial(&host, port, limit).await.map(TokioIo::new) })
    }
}
