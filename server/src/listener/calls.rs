//! How a call begins: what it can know of its connection, and why it may be refused.

mod running;

use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use tokio::time::Instant;

pub(crate) use running::RunningCall;

use super::{
    activity::Activity,
    budget::{Budget, Exceeded},
    given_up::GivenUp,
};

/// Most streams without an end of their own on one connection.
const MAX_STREAMS: u32 = 4;

/// Time between a deadline and the end of the connection, so that the refusal which
/// says that the deadline has passed arrives first.
const GRACE: Duration = Duration::from_secs(1);

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
    /// Its caller gives up too many of its calls. How long it is refused.
    GivesUp(Duration),
}

impl Peer {
    /// Begins a call of `caller`, and says whether it is to be refused. A refusal is
    /// an answer, and a running call, too. When even refusals are too many there is no
    /// call, and its connection is ended.
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
        // A stream may last, but each of its messages must be taken in time.
        let due = (!is_stream).then(|| self.due_now()).flatten();
        if let Some(due) = due {
            self.activity.begin(due);
        }
        let streams = self.activity.begin_call(is_stream);
        let too_many = is_stream && !self.is_proxy && streams >= MAX_STREAMS;
        let exceeded = exceeded.or(too_many.then_some(Exceeded::Network));
        let gives_up = self.is_proxy.then(|| self.given_up.refused_for(caller)).flatten();
        let refused = exceeded.map(Refused::Exceeded).or(gives_up.map(Refused::GivesUp));
        let call = RunningCall::new(self, caller, part, is_stream, due);
        (Some(call), refused.map_or(Ok(()), Err))
    }

    /// When what begins now is to be over, or else its connection is ended. The
    /// connection of a trusted proxy is not: it has deadlines of its own, and what one
    /// of its callers does not take is counted against that caller.
    fn due_now(&self) -> Option<Instant> {
        (!self.is_proxy).then(|| Instant::now() + self.deadline + GRACE)
    }
}
