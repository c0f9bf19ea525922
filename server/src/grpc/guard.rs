//! What every call goes through, whichever service answers it: the budget, a
//! deadline that counts from its first byte, a net under panics, and details for what
//! tonic refuses by itself. When the deadline has passed or the caller has gone the
//! work is dropped, and its transaction with it. That its answer is taken in time,
//! the listener sees to.

mod bodies;
mod watch;

use std::{
    convert::Infallible,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use http_body::Body as _;
use tonic::{
    Status,
    body::Body,
    codegen::{BoxFuture, Service, http},
    service::Routes,
};

use super::{caller, status};
use crate::{domain::locale::Locale, listener::RunningCall, panics};
use bodies::{Answer, Life, Question};
pub(crate) use watch::Watch;

/// Where a refusal of a compressed message tells what is read instead.
const ACCEPT_ENCODING: &str = "grpc-accept-encoding";

/// The services, watched over.
#[derive(Clone, Debug)]
pub(crate) struct Guarded {
    routes: Routes,
    watch: Watch,
}

impl Guarded {
    /// Has every call of `routes` watched.
    pub(crate) fn new(routes: Routes, watch: Watch) -> Self {
        Self { routes: routes.prepare(), watch }
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
        let life = self.watch.stream_life(request.uri().path());
        let longest = life.unwrap_or(self.watch.deadline);
        let callers = grpc_timeout(request.headers()).filter(|callers| *callers < longest);
        let by_caller = callers.is_some();
        let over = tokio::time::sleep(callers.unwrap_or(longest));
        let (running, begun) = self.watch.begin(&mut request, locale, life.is_some());
        if let Err(refusal) = begun {
            return Box::pin(async move { Ok(refused(refusal, running.as_ref())) });
        }
        let broken = Arc::new(AtomicBool::new(false));
        let request = request.map(|body| {
            let (broken, running) = (Arc::clone(&broken), running.clone());
            Body::new(Question { body, broken, running, locale })
        });
        let (mut routes, randomness) = (self.routes.clone(), Arc::clone(&self.watch.randomness));
        let head = self.watch.deadline;
        Box::pin(async move {
            let aged = running.as_ref().filter(|running| running.is_stream());
            let aged = aged.map(RunningCall::aged);
            let over = Box::pin(async move {
                match aged {
                    None => over.await,
                    Some(aged) => tokio::select! {
                        () = over => {}
                        () = aged => {}
                    },
                }
            });
            let mut life = Life { over, end: status::call_too_long(by_caller, locale) };
            let work = panics::catch(async move { routes.call(request).await });
            let response = tokio::select! {
                biased;
                outcome = work => match outcome {
                    Ok(Ok(response)) => with_details(response, locale),
                    Err(panicked) => {
                        status::panicked(&panicked, locale, randomness.uuid()).into_http()
                    }
                },
                () = &mut life.over => {
                    tracing::debug!(callers = by_caller, "deadline exceeded");
                    life.end.clone().into_http()
                }
                () = tokio::time::sleep(head) => {
                    status::call_too_long(false, locale).into_http()
                }
            };
            let Some(running) = running else { return Ok(response) };
            if !broken.load(Ordering::Relaxed) {
                running.answered();
            }
            let is_stream = running.is_stream();
            Ok(handed_over(response, running, is_stream.then_some(life), locale).await)
        })
    }
}

/// A refusal, counted until it is taken.
fn refused(refusal: Status, running: Option<&RunningCall>) -> http::Response<Body> {
    let mut response = refusal.into_http();
    if let Some(running) = running {
        running.refused();
        running.hold(response.headers_mut());
    }
    response
}

/// An answer whose parts hold its call.
async fn handed_over(
    response: http::Response<Body>,
    running: RunningCall,
    life: Option<Life>,
    locale: Locale,
) -> http::Response<Body> {
    let (mut head, body) = response.into_parts();
    if body.is_end_stream() {
        running.hold(&mut head.headers);
        return http::Response::from_parts(head, body);
    }
    let body = match life {
        Some(life) => Answer::stream(body, running, life),
        None => match Answer::whole(body, running.clone()).await {
            Ok(body) => body,
            Err(why) => return refused(status::refused(why, locale), Some(&running)),
        },
    };
    http::Response::from_parts(head, Body::new(body))
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
