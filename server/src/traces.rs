//! Traces, for a collector that speaks OTLP: a span for each call, and one in it for each hash
//! and each unit of work. Off by default.
//!
//! A span says what the line of its call says, less who called and from where: the RPC, what
//! became of it, and what it is called. To end one never waits: what the collector does not take
//! is dropped, and counted.

pub mod collector;
mod context;
pub mod export;

use std::{
    fmt,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use jiff::Timestamp;
use opentelemetry_proto::tonic::{
    common::v1::{AnyValue, KeyValue, any_value::Value},
    trace::v1::{Span, Status, span::SpanKind, status::StatusCode},
};
use tokio::{sync::mpsc, time::Instant};
use tonic::codegen::http::HeaderMap;

use self::context::TraceContext;
use crate::{clock::Clock, metrics::TraceMetrics, randomness::Randomness};

/// Calls whose spans wait for the collector. Beyond, they are dropped.
const MAX_WAITING: usize = 2_048;

/// Spans in that of a call.
const MAX_PARTS: usize = 16;

/// What a server fails with by its own fault, as the conventions of OpenTelemetry have it: what
/// a caller did wrong is no error of a server.
const FAULTS: [&str; 6] =
    ["UNKNOWN", "DEADLINE_EXCEEDED", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS"];

/// The spans of a call.
type Spans = Vec<Span>;

/// Begins traces. Clones share one way to the collector.
#[derive(Clone)]
pub struct Tracer {
    inner: Arc<Inner>,
}

struct Inner {
    ended: mpsc::Sender<Spans>,
    /// One in so many calls is traced, unless a trusted proxy has decided.
    one_in: u32,
    begun: AtomicU32,
    clock: Arc<dyn Clock>,
    randomness: Arc<dyn Randomness>,
    metrics: TraceMetrics,
}

/// The trace of a call that runs.
pub(crate) struct CallTrace {
    tracer: Tracer,
    trace_id: [u8; 16],
    span_id: [u8; 8],
    parent_id: Option<[u8; 8]>,
    begin_time: Timestamp,
    begun: Instant,
    parts: Mutex<Vec<EndedPart>>,
}

/// Something that a call does, from the beginning to when it is dropped.
pub(crate) struct Part {
    trace: Arc<CallTrace>,
    name: &'static str,
    begun: Instant,
}

/// Something that a call did, and when.
struct EndedPart {
    name: &'static str,
    begun: Instant,
    ended: Instant,
}

/// What became of a call.
pub(crate) struct Ended<'a> {
    pub(crate) rpc: &'a str,
    pub(crate) code: &'static str,
    pub(crate) reason: Option<&'static str>,
    pub(crate) correlation_id: &'a str,
}

impl Tracer {
    /// Traces one in so many calls; gives where their spans come out, too.
    fn new(
        one_in: u32,
        clock: Arc<dyn Clock>,
        randomness: Arc<dyn Randomness>,
    ) -> (Self, mpsc::Receiver<Spans>) {
        let (ended, spans) = mpsc::channel(MAX_WAITING);
        let (begun, metrics) = Default::default();
        let inner = Inner { ended, one_in, begun, clock, randomness, metrics };
        (Self { inner: Arc::new(inner) }, spans)
    }

    /// What became of the spans.
    pub(crate) fn metrics(&self) -> &TraceMetrics {
        &self.inner.metrics
    }

    /// A call begins. What its head says of a trace is taken from a trusted proxy only: anybody
    /// else could have all its calls traced, or put them into a trace of others.
    pub(crate) fn begin(&self, headers: &HeaderMap, is_trusted: bool) -> Option<Arc<CallTrace>> {
        let theirs = if is_trusted { TraceContext::of(headers) } else { None };
        let is_traced = theirs.as_ref().map_or_else(|| self.is_sampled(), |it| it.is_sampled);
        is_traced.then(|| {
            let randomness = &*self.inner.randomness;
            let (trace_id, parent_id) = match theirs {
                Some(theirs) => (theirs.trace_id, Some(theirs.span_id)),
                None => (randomness.bytes(), None),
            };
            Arc::new(CallTrace {
                tracer: self.clone(),
                trace_id,
                span_id: randomness.bytes(),
                parent_id,
                begin_time: self.inner.clock.now(),
                begun: Instant::now(),
                parts: Mutex::default(),
            })
        })
    }

    fn is_sampled(&self) -> bool {
        // What wraps around is still one in so many, but for one.
        let begun = self.inner.begun.fetch_add(1, Ordering::Relaxed);
        self.inner.one_in > 0 && begun.is_multiple_of(self.inner.one_in)
    }
}

impl fmt::Debug for Tracer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tracer").finish_non_exhaustive()
    }
}

impl CallTrace {
    /// The call has ended.
    pub(crate) fn end(&self, ended: &Ended<'_>) {
        let parts = std::mem::take(&mut *self.parts.lock().unwrap_or_else(PoisonError::into_inner));
        let mut spans: Spans = vec![self.span_of_call(ended)];
        spans.extend(parts.iter().map(|part| self.span_of_part(part)));
        let inner = &self.tracer.inner;
        let count = spans.len();
        if inner.ended.try_send(spans).is_err() {
            inner.metrics.dropped(count);
        }
    }

    fn span_of_call(&self, ended: &Ended<'_>) -> Span {
        let mut attributes = vec![
            attribute("rpc.system.name", "grpc"),
            attribute("rpc.method", ended.rpc),
            attribute("rpc.response.status_code", ended.code),
            attribute("gestan.correlation_id", ended.correlation_id),
        ];
        attributes.extend(ended.reason.map(|reason| attribute("gestan.reason", reason)));
        let mut status = Status::default();
        if FAULTS.contains(&ended.code) {
            status.set_code(StatusCode::Error);
            attributes.push(attribute("error.type", ended.code));
        }
        Span {
            span_id: self.span_id.to_vec(),
            parent_span_id: self.parent_id.map(|id| id.to_vec()).unwrap_or_default(),
            name: ended.rpc.to_owned(),
            kind: SpanKind::Server.into(),
            attributes,
            status: Some(status),
            ..self.span(self.begun, Instant::now())
        }
    }

    fn span_of_part(&self, part: &EndedPart) -> Span {
        let id: [u8; 8] = self.tracer.inner.randomness.bytes();
        Span {
            span_id: id.to_vec(),
            parent_span_id: self.span_id.to_vec(),
            name: part.name.to_owned(),
            kind: SpanKind::Internal.into(),
            ..self.span(part.begun, part.ended)
        }
    }

    fn span(&self, begun: Instant, ended: Instant) -> Span {
        let nanos = |moment: Instant| {
            let later = moment.saturating_duration_since(self.begun);
            let nanos = self.begin_time.as_nanosecond().saturating_add(as_nanos(later));
            u64::try_from(nanos).unwrap_or_default()
        };
        Span {
            trace_id: self.trace_id.to_vec(),
            start_time_unix_nano: nanos(begun),
            end_time_unix_nano: nanos(ended),
            ..Span::default()
        }
    }
}

impl fmt::Debug for CallTrace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallTrace").finish_non_exhaustive()
    }
}

impl Part {
    pub(crate) fn begin(trace: Arc<CallTrace>, name: &'static str) -> Self {
        Self { trace, name, begun: Instant::now() }
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        let mut parts = self.trace.parts.lock().unwrap_or_else(PoisonError::into_inner);
        if parts.len() < MAX_PARTS {
            parts.push(EndedPart { name: self.name, begun: self.begun, ended: Instant::now() });
        }
    }
}

fn as_nanos(duration: Duration) -> i128 {
    i128::try_from(duration.as_nanos()).unwrap_or(i128::MAX)
}

fn attribute(key: &str, value: &str) -> KeyValue {
    let value = AnyValue { value: Some(Value::StringValue(value.to_owned())) };
    KeyValue { key: key.to_owned(), value: Some(value), ..KeyValue::default() }
}
