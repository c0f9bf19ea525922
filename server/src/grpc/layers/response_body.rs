//! An answer holds its call until it is taken: each of its parts has a share in the
//! [`RunningCall`], which ends with the last of them.

use std::{
    convert::Infallible,
    future::ready,
    pin::Pin,
    task::{Context, Poll},
};

use http_body::{Body as _, Frame};
use http_body_util::{BodyExt as _, Full};
use tonic::{
    Status,
    body::Body,
    codegen::{
        Bytes,
        http::{HeaderMap, Response},
    },
};

use super::deadline::Deadline;
use crate::{domain::locale::Locale, grpc::status, listener::RunningCall};

/// A refusal of a call that was not begun. It is counted until it is taken.
pub(super) fn refusal(refusal: Status, running: &RunningCall) -> Response<Body> {
    running.refused();
    head_only(refusal.into_http(), running)
}

/// The answer of a call that has an end. Its message is asked for before its head is
/// sent, so that it can still be refused if there is no room for it.
pub(super) async fn whole(
    response: Response<Body>,
    running: RunningCall,
    locale: Locale,
) -> Response<Body> {
    if response.body().is_end_stream() {
        return head_only(response, &running);
    }
    let (head, body) = response.into_parts();
    let answer = match body.collect().await {
        Ok(answer) => answer,
        // tonic says in the trailers what goes wrong inside its bodies.
        Err(status) => return head_only(status.into_http(), &running),
    };
    let mut trailers = answer.trailers().cloned().unwrap_or_default();
    running.hold(&mut trailers);
    match running.unsent(&answer.to_bytes()) {
        Ok(message) => {
            let trailers = ready(Some(Ok::<_, Infallible>(trailers)));
            Response::from_parts(head, Body::new(Full::new(message).with_trailers(trailers)))
        }
        Err(refused) => refusal(status::refused(refused, locale), &running),
    }
}

/// The answer of a call that lasts, until `end` or until its connection grows old.
pub(super) fn stream(
    response: Response<Body>,
    running: RunningCall,
    end: Deadline,
    locale: Locale,
) -> Response<Body> {
    if response.body().is_end_stream() {
        return head_only(response, &running);
    }
    let aged = running.aged();
    let over = Box::pin(async move {
        tokio::select! {
            () = tokio::time::sleep_until(end.at) => {}
            () = aged => {}
        }
        end.passed(locale)
    });
    response.map(|body| Body::new(ResponseBody { body, running, over, is_over: false, locale }))
}

fn head_only(mut response: Response<Body>, running: &RunningCall) -> Response<Body> {
    running.hold(response.headers_mut());
    response
}

/// The body of a stream.
// Written by hand, because it ends between two frames, and no combinator of
// `http_body_util` does that.
struct ResponseBody {
    body: Body,
    running: RunningCall,
    /// Gives the status with which the stream ends when its time is over.
    over: Pin<Box<dyn Future<Output = Status> + Send>>,
    is_over: bool,
    locale: Locale,
}

impl ResponseBody {
    fn hold(&mut self, frame: Frame<Bytes>) -> Frame<Bytes> {
        match frame.into_data() {
            Ok(bytes) => match self.running.unsent(&bytes) {
                Ok(bytes) => Frame::data(bytes),
                Err(refused) => self.last(&status::refused(refused, self.locale)),
            },
            Err(frame) => self.trailers(frame.into_trailers().unwrap_or_default()),
        }
    }

    fn last(&mut self, status: &Status) -> Frame<Bytes> {
        self.is_over = true;
        let mut trailers = HeaderMap::new();
        if status.add_header(&mut trailers).is_err() {
            tracing::error!("a status that is no header");
        }
        self.trailers(trailers)
    }

    fn trailers(&self, mut trailers: HeaderMap) -> Frame<Bytes> {
        self.running.hold(&mut trailers);
        Frame::trailers(trailers)
    }
}

impl http_body::Body for ResponseBody {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        if self.is_over {
            return Poll::Ready(None);
        }
        if let Poll::Ready(end) = self.over.as_mut().poll(cx) {
            return Poll::Ready(Some(Ok(self.last(&end))));
        }
        let polled = Pin::new(&mut self.body).poll_frame(cx);
        polled.map(|frame| Some(frame?.map(|frame| self.hold(frame))))
    }

    fn is_end_stream(&self) -> bool {
        self.is_over || self.body.is_end_stream()
    }
}
