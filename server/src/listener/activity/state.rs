//! The state of a connection, and what follows from it at a given moment.

use std::{collections::BTreeMap, time::Duration};

use tokio::time::Instant;

use crate::metrics::Counted;

/// How long a connection that makes room may take to say goodbye: meanwhile there is one
/// too many. How many of these there may be, `places` says.
const HURRIED_FAREWELL: Duration = Duration::from_secs(2);

/// Calls that a connection may give up beyond those that it lets be answered. A
/// person who cancels never comes near; a peer that opens streams only to reset them
/// makes the server begin work for nothing.
const MAX_ABANDONED: u32 = 100;

/// How long a connection may wait for its peer.
#[derive(Clone, Copy, Debug)]
pub(in crate::listener) struct Timeouts {
    /// For the first byte.
    pub(in crate::listener) first_byte: Duration,
    /// For the handshake, and for the preface.
    pub(in crate::listener) handshake: Duration,
    /// For a call, while none runs.
    pub(in crate::listener) idle: Duration,
    /// For its goodbye, when it was asked to end. As long as for an answer to any ping:
    /// calls may be on their way, and are lost with a connection that is cut off.
    pub(in crate::listener) farewell: Duration,
    /// For what was written to be taken.
    pub(in crate::listener) unsent: Duration,
}

/// What is to be done with a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::listener) enum Verdict {
    /// Nothing before that moment.
    Stay(Instant),
    /// To be ended politely, between calls.
    Leave,
    /// To be ended now; the reason goes into the log.
    Cut(&'static str),
}

/// What one connection is doing.
#[derive(Debug)]
pub(super) struct State {
    pub(super) opened: Instant,
    /// The moment at which the task of the connection asks for a verdict anyway.
    pub(super) next_verdict: Option<Instant>,
    /// The peer has sent something.
    pub(super) heard: bool,
    /// HTTP/2 is spoken.
    pub(super) begun: bool,
    pub(super) running: u32,
    pub(super) streams: u32,
    /// The moments until which something runs, and how much runs until then.
    pub(super) due: BTreeMap<Instant, u32>,
    pub(super) idle_since: Instant,
    /// Since when the system takes nothing more of what is to be sent.
    pub(super) unsent_since: Option<Instant>,
    pub(super) abandoned: u32,
    /// Since when it was to end.
    pub(super) leaving_since: Option<Instant>,
    /// Another connection has its place.
    pub(super) makes_room: bool,
    pub(super) cut: Option<&'static str>,
    pub(super) counted: Counted,
}

impl State {
    pub(super) fn new(now: Instant, counted: Counted) -> Self {
        Self {
            opened: now,
            next_verdict: None,
            heard: false,
            begun: false,
            running: 0,
            streams: 0,
            due: BTreeMap::new(),
            idle_since: now,
            unsent_since: None,
            abandoned: 0,
            leaving_since: None,
            makes_room: false,
            cut: None,
            counted,
        }
    }

    /// Whether its peer gives up too many of its calls.
    pub(super) fn gives_up(&self) -> bool {
        self.abandoned > MAX_ABANDONED
    }

    /// What is to be done at `now`, if nothing changes before.
    pub(super) fn verdict(&self, timeouts: &Timeouts, now: Instant) -> Verdict {
        if let Some(why) = self.cut {
            return Verdict::Cut(why);
        }
        let cut = self.next_cut(timeouts);
        if let Some((_, why)) = cut.filter(|(due, _)| *due <= now) {
            return Verdict::Cut(why);
        }
        let idle = (self.running == 0 && self.leaving_since.is_none())
            .then(|| self.idle_since + timeouts.idle);
        if idle.is_some_and(|idle| idle <= now) {
            return Verdict::Leave;
        }
        // While calls run, and nothing else is due, the next look comes in a while.
        let later = now + timeouts.idle;
        let next = [idle, cut.map(|(due, _)| due)].into_iter().flatten().min();
        Verdict::Stay(next.unwrap_or(later))
    }

    /// The first moment at which it is to be cut off, and why.
    fn next_cut(&self, timeouts: &Timeouts) -> Option<(Instant, &'static str)> {
        let mut cuts = Vec::with_capacity(4);
        if let Some((due, _)) = self.due.first_key_value() {
            cuts.push((*due, "an answer was not taken"));
        }
        if let Some(since) = self.unsent_since {
            cuts.push((since + timeouts.unsent, "it does not read"));
        }
        if !self.begun {
            let wait = if self.heard { timeouts.handshake } else { timeouts.first_byte };
            cuts.push((self.opened + wait, "it does not speak HTTP/2"));
        }
        if let Some(since) = self.leaving_since {
            // Running calls have deadlines; one that begins later does not put off the end.
            let farewell = if self.makes_room { HURRIED_FAREWELL } else { timeouts.farewell };
            let last = since + timeouts.unsent + farewell;
            let idle = (self.running == 0).then(|| since.max(self.idle_since) + farewell);
            let end = idle.map_or(last, |idle| idle.min(last));
            cuts.push((end, "it does not say goodbye"));
        }
        cuts.into_iter().min_by_key(|(due, _)| *due)
    }
}
