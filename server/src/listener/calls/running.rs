//! A call from its first byte until its answer is taken. The parts of the answer
//! hold the call: the HTTP/2 library keeps the bytes of messages, and those of
//! header values, until they are on their way or the stream is reset, so that a
//! call ends when the last of them is dropped, whatever its caller does or does not.

use std::{
    net::IpAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use tokio::time::Instant;
use tonic::codegen::{
    Bytes,
    http::{HeaderMap, HeaderValue},
};

use super::{Peer, Refused};
use crate::listener::budget::Part;

/// Every answer has it, in its head or in its trailers.
const GRPC_STATUS: &str = "grpc-status";

/// The head of every answer has it.
const CONTENT_TYPE: &str = "content-type";

/// A call. Clones are parts of it; it ends with the last.
#[derive(Clone, Debug)]
pub(crate) struct RunningCall(Arc<Call>);

#[derive(Debug)]
struct Call {
    peer: Peer,
    caller: IpAddr,
    due: Option<Instant>,
    is_stream: bool,
    answered: AtomicBool,
    refused: AtomicBool,
    /// Bytes of its message.
    read: AtomicUsize,
    part: Part,
}

/// Bytes of an answer that are not taken yet.
struct Unsent {
    bytes: Box<[u8]>,
    due: Option<Instant>,
    call: RunningCall,
}

/// The value of a header, and the call that it answers.
struct Held {
    value: HeaderValue,
    _call: RunningCall,
}

impl RunningCall {
    pub(super) fn new(
        peer: Peer,
        caller: IpAddr,
        part: Part,
        is_stream: bool,
        due: Option<Instant>,
    ) -> Self {
        let (answered, refused) = (AtomicBool::new(false), AtomicBool::new(false));
        let read = AtomicUsize::new(0);
        Self(Arc::new(Call { peer, caller, due, is_stream, answered, refused, read, part }))
    }

    /// The caller waited for the answer.
    pub(crate) fn answered(&self) {
        self.0.answered.store(true, Ordering::Relaxed);
    }

    /// The call was refused. It counts neither as answered nor as given up: a caller
    /// could otherwise make up for what it gave up by taking refusals.
    pub(crate) fn refused(&self) {
        self.0.refused.store(true, Ordering::Relaxed);
    }

    /// Returns when its connection has grown old.
    pub(crate) fn aged(&self) -> impl Future<Output = ()> + Send + use<> {
        self.0.peer.activity.aged().clone().cancelled_owned()
    }

    /// Counts bytes of its message.
    pub(crate) fn read(&self, bytes: usize) -> Result<(), Refused> {
        self.0.part.hold(bytes).map_err(Refused::Exceeded)?;
        self.0.read.fetch_add(bytes, Ordering::Relaxed);
        Ok(())
    }

    /// Bytes of an answer that hold the call until they are taken.
    pub(crate) fn unsent(&self, bytes: &[u8]) -> Result<Bytes, Refused> {
        self.0.part.hold(bytes.len()).map_err(Refused::Exceeded)?;
        // Copied, so that as many are held as are counted: tonic's own buffer has up to
        // twice as many, and at least 8 KiB.
        let bytes = bytes.into();
        let due = self.0.is_stream.then(|| self.0.peer.due_now()).flatten();
        if let Some(due) = due {
            self.0.peer.activity.begin(due);
        }
        Ok(Bytes::from_owner(Unsent { bytes, due, call: self.clone() }))
    }

    /// Has headers, or trailers, hold the call until they are on their way. An answer
    /// that has no message has no other bytes to hold it by.
    pub(crate) fn hold(&self, headers: &mut HeaderMap) {
        for name in [GRPC_STATUS, CONTENT_TYPE] {
            let Some(value) = headers.get_mut(name) else { continue };
            let held = Held { value: value.clone(), _call: self.clone() };
            // What was a header value is one again.
            if let Ok(mut held) = HeaderValue::from_maybe_shared(Bytes::from_owner(held)) {
                // HPACK keeps values in its table, for as long as the connection lasts, to
                // refer to them later; never sensitive ones.
                held.set_sensitive(true);
                *value = held;
                return;
            }
        }
    }
}

impl AsRef<[u8]> for Unsent {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl AsRef<[u8]> for Held {
    fn as_ref(&self) -> &[u8] {
        self.value.as_bytes()
    }
}

impl Drop for Unsent {
    fn drop(&mut self) {
        let Call { part, peer, .. } = &*self.call.0;
        part.release(self.bytes.len());
        if let Some(due) = self.due {
            peer.activity.end(due);
        }
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        let refused = self.refused.load(Ordering::Relaxed);
        let answered = (!refused).then(|| self.answered.load(Ordering::Relaxed));
        self.part.release(self.read.load(Ordering::Relaxed));
        if let Some(due) = self.due {
            self.peer.activity.end(due);
        }
        self.peer.activity.end_call(self.is_stream, answered);
        if self.peer.is_proxy {
            if let Some(answered) = answered {
                self.peer.given_up.note(self.caller, answered);
            }
        } else if self.peer.activity.gives_up() {
            self.peer.activity.cut("it gives up its calls");
        }
    }
}
