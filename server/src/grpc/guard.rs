//! What every call goes through, whichever service answers it: a deadline that
//! counts from its first byte, a net under panics, and details for what tonic
//! refuses by itself. When the deadline has
//! passed or the caller has gone the work is dropped, and its transaction with it.

use std::{
    convert::Infallible,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use http_body::{Frame, SizeHint};
use tonic::{
    Status,
    body::Body,
    codegen::{BoxFuture, Bytes, Service, http},
    service::Routes,
    transport::server::TcpConnectInfo,
};

use super::{caller, status};
use crate::{
    domain::locale::Locale,
    listener::{Peer, RunningCall},
    panics,
    randomness::Randomness,
};

/// Where a refusal of a compressed message tells what is read instead.
const ACCEPT_ENCODING: &str = "grpc-accept-encoding";

/// The services, watched over.
#[derive(Clone, Debug)]
pub(crate) struct Guarded {
    routes: Routes,
    deadline: Duration,
    randomness: Arc<dyn Randomness>,
}

impl Guarded {
    /// Gives every call of `routes` at most `deadline`.
    pub(crate) fn new(routes: Routes, deadline: Duration, randomness: Arc<dyn Randomness>) -> Self {
        Self { routes: routes.prepare(), deadline, randomness }
    }
}

impl Service<http::Request<Body>> for Guarded {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<Self::Response, Infallible>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Service::<http::Request<Body>>::poll_ready(&mut self.routes, cx)
    }

    fn call(&mut self, mut request: http::Request<Body>) -> Self::Future {
        let locale = caller::locale(request.headers());
        let callers = grpc_timeout(request.headers()).filter(|callers| *callers < self.deadline);
        // Begun here, and so before the timer by which tonic would say CANCELLED.
        let expiry = tokio::time::sleep(callers.unwrap_or(self.deadline));
        let mut running = request.extensions_mut().remove::<Peer>().map(|peer| {
            // What `Request::remote_addr` looks for, with TLS and without.
            let info = TcpConnectInfo { local_addr: None, remote_addr: Some(peer.address) };
            request.extensions_mut().insert(info);
            peer.begin_call()
        });
        let broken = Arc::new(AtomicBool::new(false));
        let request = request.map(|body| {
            let broken = Arc::clone(&broken);
            Body::new(Question { body, broken })
        });
        let (mut routes, randomness) = (self.routes.clone(), Arc::clone(&self.randomness));
        Box::pin(async move {
            let work = panics::catch(async move { routes.call(request).await });
            let response = tokio::select! {
                biased;
                outcome = work => match outcome {
                    Ok(Ok(response)) => with_details(response, locale),
                    Err(panicked) => {
                        status::panicked(&panicked, locale, randomness.uuid()).into_http()
                    }
                },
                () = expiry => {
                    tracing::debug!(callers = callers.is_some(), "deadline exceeded");
                    let by_caller = callers.is_some();
                    status::call_too_long(by_caller, locale).into_http()
                }
            };
            if let Some(running) = running.as_mut().filter(|_| !broken.load(Ordering::Relaxed)) {
                running.answered();
            }
            Ok(response.map(|body| Body::new(Answer { body, _running: running })))
        })
    }
}

/// What tonic refused by itself, with the details that every refusal has. What
/// it adds to its refusal stays: which encodings are read, for one.
fn with_details(response: http::Response<Body>, locale: Locale) -> http::Response<Body> {
    let theirs = Status::from_header_map(response.headers());
    let Some(ours) = theirs.and_then(|theirs| status::unread(&theirs, locale)) else {
        return response;
    };
    tracing::debug!("a call that cannot be read");
    let mut ours = ours.into_http();
    if let Some(encodings) = response.headers().get(ACCEPT_ENCODING) {
        ours.headers_mut().insert(ACCEPT_ENCODING, encodings.clone());
    }
    ours
}

/// The body of a request. One that breaks off is answered, too, by the service
/// behind, but nobody waits for that answer.
struct Question {
    body: Body,
    broken: Arc<AtomicBool>,
}

impl http_body::Body for Question {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let frame = Pin::new(&mut self.body).poll_frame(cx);
        if let Poll::Ready(Some(Err(_))) = frame {
            self.broken.store(true, Ordering::Relaxed);
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// The body of an answer; the call runs until it is sent.
struct Answer {
    body: Body,
    _running: Option<RunningCall>,
}

impl http_body::Body for Answer {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// How long the caller waits: at most eight digits and a unit. What is
/// malformed is passed over.
fn grpc_timeout(headers: &http::HeaderMap) -> Option<Duration> {
    let value = headers.get("grpc-timeout")?.to_str().ok()?;
    let (digits, unit) = value.split_at_checked(value.len().checked_sub(1)?)?;
    if digits.is_empty() || digits.len() > 8 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let number: u32 = digits.parse().ok()?;
    let unit = match unit {
        "H" => Duration::from_hours(1),
        "M" => Duration::from_mins(1),
        "S" => Duration::from_secs(1),
        "m" => Duration::from_millis(1),
        "u" => Duration::from_micros(1),
        "n" => Duration::from_nanos(1),
        _ => return None,
    };
    Some(unit * number)
}
