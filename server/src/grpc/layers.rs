//! What every call passes, whichever service answers it, from the outside to the
//! inside: its line in the log, admission, deadline, details, panics. Each file does one job, and begins
//! with what holds because of it. When the deadline has passed or the caller has
//! gone, the work is dropped, and its transaction with it.

// They are functions around one future and no tower layers, each of which would box a
// future of its own for every call.
mod admission;
mod deadline;
mod details;
mod line;
mod panic;
mod request_body;
mod response_body;

use std::{
    convert::Infallible,
    future::ready,
    ops::ControlFlow::{Break, Continue},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use tonic::{
    body::Body,
    codegen::{BoxFuture, Service, http},
    service::Routes,
};

use super::{caller, front::Front};
use deadline::Deadline;
pub(crate) use line::CallLog;
use request_body::RequestBody;

/// What calls are held to.
#[derive(Debug)]
pub(crate) struct Layers {
    pub(crate) front: Front,
    /// How long a call may take until its answer begins.
    pub(crate) deadline: Duration,
    /// How long a stream may last.
    pub(crate) longest_stream: Duration,
    /// The line that each call leaves in the log.
    pub(crate) log: Arc<CallLog>,
}

/// The services with the layers around them.
#[derive(Clone, Debug)]
pub(crate) struct Layered {
    routes: Routes,
    layers: Arc<Layers>,
}

impl Layered {
    /// Lays `layers` around `routes`.
    pub(crate) fn new(routes: Routes, layers: Layers) -> Self {
        Self { routes: routes.prepare(), layers: Arc::new(layers) }
    }
}

impl Service<http::Request<Body>> for Layered {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<Self::Response, Infallible>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Service::<http::Request<Body>>::poll_ready(&mut self.routes, cx)
    }

    fn call(&mut self, mut request: http::Request<Body>) -> Self::Future {
        let front = &self.layers.front;
        let log = &self.layers.log;
        let line = log.begin(&request, &front.gate.proxies, &*front.randomness);
        let locale = caller::locale(request.headers());
        let deadline = Deadline::of(request.headers(), self.layers.deadline);
        let stream_life = deadline::stream_life(request.uri().path(), self.layers.longest_stream);
        let stream_end = stream_life.map(|life| Deadline::of(request.headers(), life));
        let is_stream = stream_end.is_some();
        let running = match admission::begin(&self.layers.front, &mut request, is_stream, locale) {
            Continue(running) => running,
            Break(mut refusal) => {
                line.end(&mut refusal);
                return Box::pin(ready(Ok(refusal)));
            }
        };
        let broken = Arc::new(AtomicBool::new(false));
        let request = request.map(|body| {
            Body::new(RequestBody {
                body,
                running: running.clone(),
                broken: Arc::clone(&broken),
                locale,
            })
        });
        let mut routes = self.routes.clone();
        Box::pin(async move {
            let answer = panic::caught(async move { routes.call(request).await }, locale);
            let answer = async { details::added(answer.await, locale) };
            let answer = line.call().run(deadline.bound(answer, locale)).await;
            let is_awaited = !broken.load(Ordering::Relaxed);
            if is_awaited {
                running.answered();
            }
            let mut answer = match stream_end {
                Some(end) => response_body::stream(answer, running, end, locale),
                None => response_body::whole(answer, running, locale).await,
            };
            if is_awaited {
                line.end(&mut answer);
            }
            Ok(answer)
        })
    }
}
