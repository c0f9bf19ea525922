//! Brings spans to the collector, a batch at a time, over a connection that is made when there
//! is something to bring. Whatever the collector does, a batch has its time, and what it did not
//! take is dropped.

use std::{
    fmt,
    path::Path,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use hyper::Uri;
use hyper_util::rt::TokioIo;
use opentelemetry_proto::tonic::{
    collector::trace::v1::{ExportTraceServiceRequest, trace_service_client::TraceServiceClient},
    common::v1::InstrumentationScope,
    resource::v1::Resource,
    trace::v1::{ResourceSpans, ScopeSpans, Span},
};
use tokio::{
    sync::mpsc,
    time::{Instant, sleep, sleep_until, timeout},
};
use tokio_util::sync::CancellationToken;
use tonic::{
    codegen::Service,
    transport::{Channel, Endpoint},
};

use super::{Spans, Tracer, attribute};
use crate::{
    certificates::TrustError,
    clock::Clock,
    outgoing::{ConnectError, Destination, DestinationError, Stream},
    randomness::Randomness,
    version::NUMBER,
};

/// The usual port of OTLP over gRPC.
const PORT: u16 = 4317;

/// For how long spans are gathered.
const GATHERING: Duration = Duration::from_secs(1);

/// The calls of a batch.
const MAX_CALLS: usize = 256;

/// How long a connection may take, and how long a batch.
const TIMEOUT: Duration = Duration::from_secs(5);

/// How long the last batch may take when the server stops.
const LAST_TIMEOUT: Duration = Duration::from_secs(2);

/// The first pause after a batch that was not taken, and the longest.
const PAUSES: (Duration, Duration) = (Duration::from_secs(5), Duration::from_mins(1));

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

/// Brings spans to the collector.
pub struct Exporter {
    calls: mpsc::Receiver<Spans>,
    client: TraceServiceClient<Channel>,
    place: String,
    tracer: Tracer,
}

/// What makes traces, and what brings them to the collector at `url`.
///
/// # Errors
/// When the URL is none of a collector, or the file `ca` is of no use.
pub fn to_collector(
    url: &str,
    ca: Option<&Path>,
    one_in: u32,
    clock: Arc<dyn Clock>,
    randomness: Arc<dyn Randomness>,
) -> Result<(Tracer, Exporter), CollectorError> {
    let (client, place) = connect_lazily(url, ca)?;
    let (tracer, calls) = Tracer::new(one_in, clock, randomness);
    let exporter = Exporter { calls, client, place, tracer: tracer.clone() };
    Ok((tracer, exporter))
}

/// The same, to see whether it can be made.
///
/// # Errors
/// Those of [`to_collector`].
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

fn connect_lazily(
    url: &str,
    ca: Option<&Path>,
) -> Result<(TraceServiceClient<Channel>, String), CollectorError> {
    let to = Arc::new(destination(url, ca)?);
    let place = to.place();
    // TLS is what the connector makes: to tonic it is a connection like any other.
    let endpoint = Endpoint::from_shared(format!("http://{}", to.authority()));
    let endpoint = endpoint.map_err(|_| CollectorError::Url)?.connect_timeout(TIMEOUT);
    let connector = Connector(to);
    let channel = endpoint.connect_with_connector_lazy(connector);
    let client = TraceServiceClient::new(channel).max_decoding_message_size(MAX_ANSWER_BYTES);
    Ok((client, place))
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

/// What was gathered.
#[derive(Default)]
struct Batch(Vec<Spans>);

impl Batch {
    fn spans(&self) -> usize {
        self.0.iter().map(Vec::len).sum()
    }

    fn into_request(self) -> ExportTraceServiceRequest {
        let attributes =
            vec![attribute("service.name", "gestan-account"), attribute("service.version", NUMBER)];
        let scope = InstrumentationScope {
            name: env!("CARGO_PKG_NAME").to_owned(),
            version: NUMBER.to_owned(),
            ..Default::default()
        };
        let spans: Vec<Span> = self.0.into_iter().flatten().collect();
        let of_scope = ScopeSpans { scope: Some(scope), spans, ..Default::default() };
        let resource = Some(Resource { attributes, ..Default::default() });
        let spans = ResourceSpans { resource, scope_spans: vec![of_scope], ..Default::default() };
        ExportTraceServiceRequest { resource_spans: vec![spans] }
    }
}

impl Exporter {
    /// Scheme, host and port of the collector.
    #[must_use]
    pub fn place(&self) -> &str {
        &self.place
    }

    /// Brings spans until `shutdown`, and then, once more, those that have ended until then.
    pub(crate) async fn run(mut self, shutdown: CancellationToken) {
        let (mut failures, mut batch) = (0_u32, Batch::default());
        loop {
            tokio::select! {
                biased;
                () = shutdown.cancelled() => break,
                count = self.calls.recv_many(&mut batch.0, MAX_CALLS) => if count == 0 { return },
            }
            self.gather(&mut batch, &shutdown).await;
            if shutdown.is_cancelled() {
                break;
            }
            let exported = tokio::select! {
                biased;
                exported = self.export(std::mem::take(&mut batch), TIMEOUT) => exported,
                // It has had its time, or some of it.
                () = shutdown.cancelled() => break,
            };
            match exported {
                Ok(()) if failures > 0 => {
                    failures = 0;
                    tracing::info!(place = self.place, "the collector takes traces again");
                }
                Ok(()) => {}
                Err(why) => {
                    if failures == 0 {
                        tracing::warn!(
                            place = self.place,
                            why,
                            "the collector takes no traces: they are dropped until it does"
                        );
                    }
                    let (first, longest) = PAUSES;
                    let pause = first.saturating_mul(1 << failures.min(16)).min(longest);
                    failures = failures.saturating_add(1);
                    tokio::select! {
                        () = shutdown.cancelled() => break,
                        () = sleep(pause) => {}
                    }
                }
            }
        }
        while let Ok(spans) = self.calls.try_recv() {
            batch.0.push(spans);
        }
        if !batch.0.is_empty() {
            // What became of it is counted, and nobody is left to be told.
            let _ = self.export(batch, LAST_TIMEOUT).await;
        }
    }

    /// Waits a moment for more.
    async fn gather(&mut self, batch: &mut Batch, shutdown: &CancellationToken) {
        let until = Instant::now() + GATHERING;
        while batch.0.len() < MAX_CALLS {
            let more = MAX_CALLS - batch.0.len();
            tokio::select! {
                biased;
                () = shutdown.cancelled() => return,
                () = sleep_until(until) => return,
                count = self.calls.recv_many(&mut batch.0, more) => if count == 0 { return },
            }
        }
    }

    /// Brings a batch; its spans are counted, whatever becomes of them.
    async fn export(&mut self, batch: Batch, limit: Duration) -> Result<(), &'static str> {
        let mut counted = Counted { tracer: self.tracer.clone(), dropped: batch.spans() };
        let exported = timeout(limit, self.client.export(batch.into_request())).await;
        match exported {
            Ok(Ok(_)) => {
                counted.exported();
                Ok(())
            }
            Ok(Err(status)) => Err(status.code().description()),
            Err(_) => Err("no answer in time"),
        }
    }
}

/// The spans of a batch: dropped, unless it is said otherwise before this goes.
struct Counted {
    tracer: Tracer,
    dropped: usize,
}

impl Counted {
    fn exported(&mut self) {
        self.tracer.metrics().exported(std::mem::take(&mut self.dropped));
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.tracer.metrics().dropped(self.dropped);
    }
}

impl fmt::Debug for Exporter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Exporter").field(&self.place).finish()
    }
}
