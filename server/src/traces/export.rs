//! Brings spans to the collector, a batch at a time, over a connection that is made when there
//! is something to bring. Whatever the collector does, a batch has its time, and what it did not
//! take is dropped.

use std::{fmt, sync::Arc, time::Duration};

use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest,
    common::v1::InstrumentationScope,
    resource::v1::Resource,
    trace::v1::{ResourceSpans, ScopeSpans, Span},
};
use tokio::{
    sync::mpsc,
    time::{Instant, sleep, sleep_until},
};
use tokio_util::sync::CancellationToken;

use super::{
    Spans, Tracer, attribute,
    collector::{Collector, TIMEOUT},
};
use crate::{clock::Clock, randomness::Randomness, version::NUMBER};

/// For how long spans are gathered.
const GATHERING: Duration = Duration::from_secs(1);

/// The calls of a batch.
const MAX_CALLS: usize = 256;

/// How long the last batch may take when the server stops.
const LAST_TIMEOUT: Duration = Duration::from_secs(2);

/// The first pause after a batch that was not taken, and the longest.
const PAUSES: (Duration, Duration) = (Duration::from_secs(5), Duration::from_mins(1));

/// Brings spans to the collector.
pub struct Exporter {
    calls: mpsc::Receiver<Spans>,
    collector: Collector,
    tracer: Tracer,
}

/// What makes traces of one in so many calls, and what brings them to the collector.
#[must_use]
pub fn to_collector(
    collector: Collector,
    one_in: u32,
    clock: Arc<dyn Clock>,
    randomness: Arc<dyn Randomness>,
) -> (Tracer, Exporter) {
    let (tracer, calls) = Tracer::new(one_in, clock, randomness);
    let exporter = Exporter { calls, collector, tracer: tracer.clone() };
    (tracer, exporter)
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
        self.collector.place()
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
                    tracing::info!(place = self.place(), "the collector takes traces again");
                }
                Ok(()) => {}
                Err(why) => {
                    if failures == 0 {
                        tracing::warn!(
                            place = self.place(),
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
    async fn export(&mut self, batch: Batch, limit: Duration) -> Result<(), String> {
        let mut counted = Counted { tracer: self.tracer.clone(), dropped: batch.spans() };
        self.collector.export(batch.into_request(), limit).await?;
        counted.exported();
        Ok(())
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
        f.debug_tuple("Exporter").field(&self.place()).finish()
    }
}
