//! Opens the connections below a channel, straight or by a proxy. tonic's own connector would try
//! the addresses of one family one after the other, each for its part of the timeout: of four
//! addresses, of which three are dead, the fourth has its turn after three quarters of it. Of
//! proxies it knows nothing.

mod link;

use std::{
    error::Error as StdError,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use gestan_account_dial::dial;
use hyper_util::rt::TokioIo;
use tonic::{codegen::Service, transport::Uri};

pub(crate) use self::link::Link;
use self::link::Way;
use crate::{
    error::Error,
    options::{ClientOptions, Resolved},
    pulse::Pulse,
    tunnel,
};

type BoxError = Box<dyn StdError + Send + Sync>;

/// Connects to whichever address of a URL's host answers first, or has a proxy do so.
#[derive(Clone)]
pub(crate) struct Dialler {
    limit: Duration,
    proxy: Arc<Resolved>,
    pulse: Arc<Pulse>,
}

impl Dialler {
    pub(crate) fn new(options: &ClientOptions) -> Result<Self, Error> {
        // A tenth is left to whoever bounds the whole: at the end of this limit, every address
        // is named, and at the end of the whole, only the time.
        let limit = options.connect_timeout / 10 * 9;
        let proxy = Arc::new(options.proxy.resolve()?);
        Ok(Self { limit, proxy, pulse: Arc::default() })
    }

    /// The same, whose connections are felt by `pulse`.
    pub(crate) fn beating(&self, pulse: Arc<Pulse>) -> Self {
        Self { pulse, ..self.clone() }
    }

    async fn dial(self, uri: Uri) -> Result<Link, BoxError> {
        let host = uri.host().unwrap_or_default();
        let port = uri.port_u16().unwrap_or(match uri.scheme_str() {
            Some("https") => 443,
            _ => 80,
        });
        let way = match self.proxy.on_the_way_to(&uri)? {
            None => Way::Direct(TokioIo::new(dial(host, port, self.limit).await?)),
            Some(hop) => {
                let target = format!("{host}:{port}");
                Way::Tunnel(tunnel::open(&hop, &target, self.limit).await?)
            }
        };
        Ok(Link::new(way, self.pulse))
    }
}

impl Service<Uri> for Dialler {
    type Response = Link;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Link, BoxError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        Box::pin(self.clone().dial(uri))
    }
}
