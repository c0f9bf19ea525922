//! No byte of a request is read that the listener's budget has no room for.

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
};

use http_body::{Frame, SizeHint};
use tonic::{Status, body::Body, codegen::Bytes};

use crate::{domain::locale::Locale, grpc::status, listener::RunningCall};

/// The body of a request, counted as it is read.
// Written by hand, because the combinators of `http_body_util` make no error out of a
// frame.
pub(super) struct RequestBody {
    pub(super) body: Body,
    pub(super) running: RunningCall,
    /// The request broke off. The service behind answers that, too, but nobody waits
    /// for such an answer.
    pub(super) broken: Arc<AtomicBool>,
    pub(super) locale: Locale,
}

impl http_body::Body for RequestBody {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let polled = Pin::new(&mut self.body).poll_frame(cx);
        match &polled {
            Poll::Ready(Some(Ok(frame))) => {
                let bytes = frame.data_ref().map_or(0, Bytes::len);
                if let Err(refused) = self.running.read(bytes) {
                    return Poll::Ready(Some(Err(status::refused(refused, self.locale))));
                }
            }
            Poll::Ready(Some(Err(_))) => self.broken.store(true, Ordering::Relaxed),
            Poll::Ready(None) | Poll::Pending => {}
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
