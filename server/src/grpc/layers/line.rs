//! Every call leaves a line in the log, however it ends, and is counted: an operator finds by
//! it what a customer tells. It has no text that a caller wrote, but for the correlation ID.

use std::{
    net::IpAddr,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use gestan_account_proto::v1::ErrorReason;
use tokio::time::Instant;
use tonic::{body::Body, codegen::http};

use crate::{
    clock::Clock,
    grpc::{
        caller,
        outcome::{self, Outcome},
        rpc_names::RpcNames,
    },
    listener::Peer,
    metrics::CallMetrics,
    network::TrustedProxies,
    randomness::Randomness,
    telemetry::{call::CallContext, correlation::CorrelationId},
    traces::{Ended, Tracer},
};

/// The metadata by which a caller says what its call is called, or asks to be told.
const CORRELATION_ID: &str = "x-correlation-id";

/// What balancers ask every few seconds; only at `debug` it is worth a line.
const HEALTH: &str = "Health/";

/// Lines a second of those who call too often: a flood of calls must not become one of lines.
const LINES_OF_FLOOD: u32 = 10;

/// The lines of all calls.
#[derive(Debug)]
pub(crate) struct CallLog {
    names: RpcNames,
    /// One in so many answered calls is logged; of 0, none.
    one_in: u32,
    answered: AtomicU32,
    clock: Arc<dyn Clock>,
    metrics: CallMetrics,
    tracer: Option<Tracer>,
    flood: Mutex<Flood>,
}

/// The lines of this second about those who call too often.
#[derive(Debug, Default)]
struct Flood {
    since: Duration,
    lines: u32,
    left_out: u64,
}

/// The line that a call will leave.
pub(super) struct Line {
    log: Arc<CallLog>,
    rpc: Arc<str>,
    ip: Option<IpAddr>,
    begun: Instant,
    call: Arc<CallContext>,
    /// The caller wants to read of a refusal what its call is called.
    is_asked: bool,
    is_over: bool,
}

impl CallLog {
    /// One in so many answered calls will be logged; of 0, none.
    pub(crate) fn new(
        one_in: u32,
        clock: Arc<dyn Clock>,
        metrics: CallMetrics,
        tracer: Option<Tracer>,
    ) -> Arc<Self> {
        let names = RpcNames::new();
        let fault = (Outcome::FAULT.code, Outcome::FAULT.reason_name().unwrap_or_default());
        let limits = outcome::LIMITS.iter().map(ErrorReason::as_str_name);
        metrics.begin(names.all(), fault, limits);
        let (answered, flood) = Default::default();
        Arc::new(Self { names, one_in, answered, clock, metrics, tracer, flood })
    }

    /// A call begins.
    pub(super) fn begin(
        self: &Arc<Self>,
        request: &http::Request<Body>,
        proxies: &TrustedProxies,
        randomness: &dyn Randomness,
    ) -> Line {
        let headers = request.headers();
        let peer = request.extensions().get::<Peer>();
        let asked = headers.get(CORRELATION_ID);
        let theirs = asked.and_then(|id| CorrelationId::parse(id.to_str().ok()?));
        let rpc = self.names.of(request.uri().path());
        // What balancers ask every few seconds would hide all else.
        let tracer = self.tracer.as_ref().filter(|_| !rpc.starts_with(HEALTH));
        let is_trusted = peer.is_some_and(|peer| proxies.trust(peer.address.ip().to_canonical()));
        let trace = tracer.and_then(|tracer| tracer.begin(headers, is_trusted));
        let id = theirs.unwrap_or_else(|| CorrelationId::generate(randomness));
        Line {
            log: Arc::clone(self),
            rpc,
            ip: peer.map(|peer| caller::address(headers, peer.address, proxies)),
            begun: Instant::now(),
            is_asked: asked.is_some(),
            call: CallContext::new(id, trace),
            is_over: false,
        }
    }

    fn is_sampled(&self) -> bool {
        // What wraps around is still one in so many, but for one.
        self.one_in > 0 && self.answered.fetch_add(1, Ordering::Relaxed).is_multiple_of(self.one_in)
    }

    /// How many lines were left out before this one; `None` when it is left out, too.
    fn of_flood(&self) -> Option<u64> {
        let now = self.clock.elapsed();
        let mut flood = self.flood.lock().unwrap_or_else(PoisonError::into_inner);
        if now.saturating_sub(flood.since) >= Duration::from_secs(1) {
            (flood.since, flood.lines) = (now, 0);
        }
        if flood.lines >= LINES_OF_FLOOD {
            flood.left_out += 1;
            return None;
        }
        flood.lines += 1;
        Some(std::mem::take(&mut flood.left_out))
    }
}

impl Line {
    /// The call that it is about.
    pub(super) fn call(&self) -> Arc<CallContext> {
        Arc::clone(&self.call)
    }

    /// Writes the line. The answer is not on its way yet: a refusal is told what the call
    /// is called, if its caller has asked.
    pub(super) fn end(mut self, answer: &mut http::Response<Body>) {
        let outcome = Outcome::of(answer);
        self.write(outcome);
        if self.is_asked && !outcome.is_answered() {
            outcome::name_call(answer.headers_mut(), &self.call.correlation_id);
        }
    }

    fn write(&mut self, outcome: Outcome) {
        self.is_over = true;
        let reason = outcome.reason_name();
        if let Some(trace) = self.call.trace() {
            trace.end(&Ended {
                rpc: &self.rpc,
                code: outcome.code,
                reason,
                correlation_id: self.call.correlation_id.as_str(),
            });
        }
        self.log.metrics.count(
            &self.rpc,
            outcome.code,
            reason.unwrap_or_default(),
            reason.filter(|_| outcome.is_of_limit()),
            self.begun.elapsed(),
        );
        if outcome.is_answered() {
            if self.rpc.starts_with(HEALTH) {
                tracing::debug!(
                    rpc = &*self.rpc,
                    ip = self.ip.map(tracing::field::display),
                    "answered"
                );
            } else if self.log.is_sampled() {
                self.write_answered();
            }
            return;
        }
        let left_out = if outcome.is_of_flood() {
            let Some(left_out) = self.log.of_flood() else { return };
            Some(left_out).filter(|left_out| *left_out > 0)
        } else {
            None
        };
        tracing::info!(
            rpc = &*self.rpc,
            code = outcome.code,
            reason,
            duration_ms = self.duration_millis(),
            ip = self.ip.map(tracing::field::display),
            account.id = self.call.account().map(tracing::field::display),
            machine.id = self.call.machine().map(|machine| tracing::field::display(machine.uuid())),
            support_key.id = self.call.support_key(),
            correlation_id = self.call.correlation_id.as_str(),
            left_out,
            "refused"
        );
    }

    fn write_answered(&self) {
        tracing::info!(
            rpc = &*self.rpc,
            code = Outcome::ANSWERED.code,
            duration_ms = self.duration_millis(),
            ip = self.ip.map(tracing::field::display),
            account.id = self.call.account().map(tracing::field::display),
            machine.id = self.call.machine().map(|machine| tracing::field::display(machine.uuid())),
            support_key.id = self.call.support_key(),
            correlation_id = self.call.correlation_id.as_str(),
            "answered"
        );
    }

    /// To a hundredth: more digits say nothing.
    fn duration_millis(&self) -> f64 {
        (self.begun.elapsed().as_secs_f64() * 100_000.0).round() / 100.0
    }
}

/// A call whose caller has gone is dropped, and has an end, too.
impl Drop for Line {
    fn drop(&mut self) {
        if !self.is_over {
            self.write(Outcome::GIVEN_UP);
        }
    }
}
