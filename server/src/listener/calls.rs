//! A call from its first byte until its answer is taken. The parts of the answer
//! hold the call: the HTTP/2 library keeps the bytes of messages, and those of
//! header values, until they are on their way or the stream is reset, so that a
//! call ends when the last of them is dropped, whatever its caller does or does not.

use std::{
    net::{IpAddr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::time::Instant;
use tonic::codegen::{
    Bytes,
    http::{HeaderMap, HeaderValue},
};

use super::{
    activity::Activity,
    budget::{Budget, Exceeded, Part},
    given_up::GivenUp,
};

/// Streams that have no end of their own, on one connection.
const MAX_STREAMS: u32 = 4;

/// What comes on top of a deadline before the connection is ended: the refusal
/// that says so is to arrive first.
const GRACE: Duration = Duration::from_secs(1);

/// Every answer has it, in its head or in its trailers.
const GRPC_STATUS: &str = "grpc-status";

/// The head of every answer has it.
const CONTENT_TYPE: &str = "content-type";

/// What a call can know of its connection.
#[derive(Clone, Debug)]
pub(crate) struct Peer {
    /// The other end.
    pub(crate) address: SocketAddr,
    pub(super) activity: Arc<Activity>,
    pub(super) budget: Budget,
    pub(super) given_up: GivenUp,
    /// Many callers share this connection.
    pub(crate) is_proxy: bool,
    pub(super) deadline: Duration,
}

/// Why a call is not begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    /// Too much is under way.
    Exceeded(Exceeded),
    /// Its caller gives up its calls; for how long it is refused.
    GivesUp(Duration),
}

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

impl Peer {
    /// Marks a call of `caller` as running, which is to be refused or not. Without
    /// a mark it has no place at all, and its connection ends.
    pub(crate) fn begin_call(
        self,
        caller: IpAddr,
        is_stream: bool,
    ) -> (Option<RunningCall>, Result<(), Refused>) {
        let (part, exceeded) = match self.budget.begin(caller, is_stream) {
            Ok(begun) => begun,
            Err(exceeded) => {
                if !self.is_proxy {
                    self.activity.cut("refusals are not taken");
                }
                return (None, Err(Refused::Exceeded(exceeded)));
            }
        };
        // A stream may last, but each of its messages is to be taken in time.
        let due = (!is_stream).then(|| self.due_now()).flatten();
        if let Some(due) = due {
            self.activity.begin(due);
        }
        let streams = self.activity.begin_call(is_stream);
        let too_many = is_stream && !self.is_proxy && streams >= MAX_STREAMS;
        let exceeded = exceeded.or(too_many.then_some(Exceeded::Network));
        let gives_up = self.is_proxy.then(|| self.given_up.refused_for(caller)).flatten();
        let refused = exceeded.map(Refused::Exceeded).or(gives_up.map(Refused::GivesUp));
        let (answered, refusal) = (AtomicBool::new(false), AtomicBool::new(false));
        let read = AtomicUsize::new(0);
        let call =
            Call { peer: self, caller, due, is_stream, answered, refused: refusal, read, part };
        (Some(RunningCall(Arc::new(call))), refused.map_or(Ok(()), Err))
    }

    /// When what begins now is to be over, or else its connection ends. A trusted
    /// proxy's does not: it has deadlines of its own, and what one of its callers
    /// leaves lying is counted against that one.
    fn due_now(&self) -> Option<Instant> {
        (!self.is_proxy).then(|| Instant::now() + self.deadline + GRACE)
    }
}

impl RunningCall {
    /// The caller waited for the answer.
    pub(crate) fn answered(&self) {
        self.0.answered.store(true, Ordering::Relaxed);
    }

    /// The call was not begun: that its caller takes a refusal makes up for nothing.
    pub(crate) fn refused(&self) {
        self.0.refused.store(true, Ordering::Relaxed);
    }

    /// Ends when its connection has grown old.
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
        // As many as are counted: tonic's own buffer is up to twice as large.
        let bytes = bytes.into();
        let due = self.0.is_stream.then(|| self.0.peer.due_now()).flatten();
        if let Some(due) = due {
            self.0.peer.activity.begin(due);
        }
        Ok(Bytes::from_owner(Unsent { bytes, due, call: self.clone() }))
    }

    /// Has headers, or trailers, hold the call until they are on their way.
    pub(crate) fn hold(&self, headers: &mut HeaderMap) {
        for name in [GRPC_STATUS, CONTENT_TYPE] {
            let Some(value) = headers.get_mut(name) else { continue };
            let held = Held { value: value.clone(), _call: self.clone() };
            // What was a header value is one again.
            if let Ok(mut held) = HeaderValue::from_maybe_shared(Bytes::from_owner(held)) {
                // HPACK keeps values to refer to them later, but never a secret one.
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
