//! The bodies of a call: what comes in is counted, and what goes out holds the call
//! until it is taken.

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
};

use http_body::{Body as _, Frame, SizeHint};
use tonic::{
    Status,
    body::Body,
    codegen::{Bytes, http::HeaderMap},
};

use crate::{
    domain::locale::Locale,
    grpc::status,
    listener::{Refused, RunningCall},
};

/// The body of a request. One that breaks off is answered, too, by the service
/// behind, but nobody waits for that answer.
pub(super) struct Question {
    pub(super) body: Body,
    pub(super) broken: Arc<AtomicBool>,
    pub(super) running: Option<RunningCall>,
    pub(super) locale: Locale,
}

impl http_body::Body for Question {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let frame = Pin::new(&mut self.body).poll_frame(cx);
        match (&frame, &self.running) {
            (Poll::Ready(Some(Err(_))), _) => self.broken.store(true, Ordering::Relaxed),
            (Poll::Ready(Some(Ok(frame))), Some(running)) => {
                let bytes = frame.data_ref().map_or(0, Bytes::len);
                if let Err(refused) = running.read(bytes) {
                    return Poll::Ready(Some(Err(status::refused(refused, self.locale))));
                }
            }
            _ => {}
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

/// The body of an answer.
pub(super) struct Answer {
    body: Body,
    /// What was already asked of the body.
    first: Option<Frame<Bytes>>,
    running: RunningCall,
    life: Option<Life>,
    is_over: bool,
}

/// How long a stream lasts that has no end of its own.
pub(super) struct Life {
    pub(super) over: Pin<Box<dyn Future<Output = ()> + Send>>,
    pub(super) end: Status,
}

impl Answer {
    /// The answer of a call that has an end. Its message is asked for at once, so
    /// that it can still be refused if there is no room for it.
    pub(super) async fn whole(mut body: Body, running: RunningCall) -> Result<Self, Refused> {
        let mut first = None;
        if !body.is_end_stream() {
            let asked = std::future::poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await;
            // What goes wrong inside a body is said by tonic in its trailers.
            let frame = asked.and_then(Result::ok);
            first = frame.map(|frame| hold(frame, &running)).transpose()?;
        }
        Ok(Self { body, first, running, life: None, is_over: false })
    }

    /// The answer of a call that lasts.
    pub(super) fn stream(body: Body, running: RunningCall, life: Life) -> Self {
        Self { body, first: None, running, life: Some(life), is_over: false }
    }

    fn last(&mut self, status: &Status) -> Frame<Bytes> {
        self.is_over = true;
        let mut trailers = HeaderMap::new();
        if status.add_header(&mut trailers).is_err() {
            tracing::error!("a status that is no header");
        }
        self.running.hold(&mut trailers);
        Frame::trailers(trailers)
    }
}

impl http_body::Body for Answer {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        if let Some(first) = self.first.take() {
            return Poll::Ready(Some(Ok(first)));
        }
        if self.is_over {
            return Poll::Ready(None);
        }
        if let Some(life) = &mut self.life
            && life.over.as_mut().poll(cx).is_ready()
        {
            let end = life.end.clone();
            return Poll::Ready(Some(Ok(self.last(&end))));
        }
        let frame = Pin::new(&mut self.body).poll_frame(cx);
        frame.map(|frame| {
            Some(frame?.map(|frame| match hold(frame, &self.running) {
                Ok(frame) => frame,
                Err(refused) => self.last(&status::refused(refused, Locale::default())),
            }))
        })
    }

    fn is_end_stream(&self) -> bool {
        self.is_over || (self.first.is_none() && self.body.is_end_stream())
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::default()
    }
}

/// Has a part of an answer hold its call.
fn hold(frame: Frame<Bytes>, running: &RunningCall) -> Result<Frame<Bytes>, Refused> {
    let frame = match frame.into_data() {
        Ok(bytes) => return Ok(Frame::data(running.unsent(&bytes)?)),
        Err(frame) => frame,
    };
    Ok(match frame.into_trailers() {
        Ok(mut trailers) => {
            running.hold(&mut trailers);
            Frame::trailers(trailers)
        }
        Err(frame) => frame,
    })
}
