//! The collector, and the way to it: OTLP over gRPC, over a connection that is made when there is
//! something to bring.

use std::{
    error::Error,
    fmt,
    path::Path,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use hyper::Uri;
use hyper_util::rt::TokioIo;
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, trace_service_client::TraceServiceClient,
};
use tokio::time::timeout;
use tonic::{
    Status,
    codegen::Service,
    transport::{Channel, Endpoint},
};

use crate::{
    certificates::TrustError,
    outgoing::{ConnectError, Destination, DestinationError, Stream},
};

/// The usual port of OTLP over gRPC.
const PORT: u16 = 4317;

/// How long a connection may take, and how long a request.
pub(super) const TIMEOUT: Duration = Duration::from_secs(5);

/// The longest answer that is read.
const MAX_ANSWER_BYTES: usize = 64 * 1024;

/// Why there is no way to a collector.
#[derive(Debug, thiserror::Error)]
pub enum CollectorError {
    /// Its URL is none.
    #[error("it must be https://HOST or http://HOST, without a user, a fragment or blanks")]
    Url,
    /// The certificate file beside it is of no use.
    #[error(transparent)]
    Trust(TrustError),
    /// There is a path in it, or a query.
    #[error("behind the host and the port there must be nothing: OTLP over gRPC has its own paths")]
    Path,
}

/// Takes spans.
pub struct Collector {
    client: TraceServiceClient<Channel>,
    place: String,
}

impl Collector {
    /// The one at `url`; nothing is connected.
    ///
    /// # Errors
    /// When the URL is none of a collector, or the file `ca` is of no use.
    pub fn new(url: &str, ca: Option<&Path>) -> Result<Self, CollectorError> {
        let to = Arc::new(destination(url, ca)?);
        let place = to.place();
        // TLS is what the connector makes: to tonic it is a connection like any other.
        let endpoint = Endpoint::from_shared(format!("http://{}", to.authority()));
        let endpoint = endpoint.map_err(|_| CollectorError::Url)?.connect_timeout(TIMEOUT);
        let channel = endpoint.connect_with_connector_lazy(Connector(to));
        let client = TraceServiceClient::new(channel).max_decoding_message_size(MAX_ANSWER_BYTES);
        Ok(Self { client, place })
    }

    /// Scheme, host and port.
    #[must_use]
    pub fn place(&self) -> &str {
        &self.place
    }

    /// Sends a request without spans, which a collector answers well (OTLP, *Full Success*).
    ///
    /// # Errors
    /// What is in the way, in words without a secret.
    pub async fn try_out(&mut self) -> Result<(), String> {
        self.export(ExportTraceServiceRequest::default(), TIMEOUT).await
    }

    /// Brings spans.
    ///
    /// # Errors
    /// What is in the way, in words without a secret; the collector may have taken them all the
    /// same.
    pub(super) async fn export(
        &mut self,
        spans: ExportTraceServiceRequest,
        limit: Duration,
    ) -> Result<(), String> {
        match timeout(limit, self.client.export(spans)).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(status)) => Err(in_the_way(&status)),
            Err(_) => Err("no answer in time".to_owned()),
        }
    }
}

impl fmt::Debug for Collector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Collector").field(&self.place).finish()
    }
}

/// Looks at what [`Collector::new`] takes.
///
/// # Errors
/// Those of it.
pub fn check(url: &str, ca: Option<&Path>) -> Result<(), CollectorError> {
    destination(url, ca).map(drop)
}

fn destination(url: &str, ca: Option<&Path>) -> Result<Destination, CollectorError> {
    // A fragment would be dropped in silence.
    if url.contains('#') {
        return Err(CollectorError::Path);
    }
    let url: Uri = url.parse().map_err(|_| CollectorError::Url)?;
    if url.path_and_query().is_some_and(|path| path.as_str() != "/") {
        return Err(CollectorError::Path);
    }
    Destination::of(&url, ca, b"h2", Some(PORT)).map_err(|error| match error {
        DestinationError::Url => CollectorError::Url,
        DestinationError::Trust(error) => CollectorError::Trust(error),
    })
}

/// What the connection failed of, or else what the status means. The collector's own message is
/// none of the operator's words, and may hold anything.
fn in_the_way(status: &Status) -> String {
    let mut cause = Error::source(status);
    while let Some(error) = cause {
        if let Some(error) = error.downcast_ref::<ConnectError>() {
            return error.to_string();
        }
        cause = error.source();
    }
    status.code().description().to_owned()
}

/// Connects to the collector, whatever URI is asked for.
#[derive(Clone)]
struct Connector(Arc<Destination>);

impl Service<Uri> for Connector {
    type Response = TokioIo<Box<dyn Stream>>;
    type Error = ConnectError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, ConnectError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), ConnectError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Uri) -> Self::Future {
        let to = Arc::clone(&self.0);
        Box::pin(async move { to.connect(TIMEOUT).await.map(TokioIo::new) })
    }
}
