//! What a connection is doing, and until when it may: known to the connection,
//! which tells what it reads and writes, to its calls, and to whoever watches over
//! it. HTTP/2 polls no answer for which its peer opens no window, so that no timer
//! inside a call could end it; here all that is due is known in one place.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{sync::Notify, time::Instant};
use tokio_util::sync::CancellationToken;

/// How long a connection that was asked to end may take to say so.
const FAREWELL: Duration = Duration::from_secs(2);

/// Calls that a connection may give up beyond those it lets be answered. A
/// person who cancels never comes near; who opens streams only to reset them
/// makes the server begin work for nothing.
const MAX_ABANDONED: u32 = 100;

/// How long a connection may wait for its peer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Patience {
    /// For the first byte.
    pub(super) first_byte: Duration,
    /// For the handshake, and for the preface.
    pub(super) handshake: Duration,
    /// For a call, while none runs.
    pub(super) idle: Duration,
    /// For what was written to be taken.
    pub(super) unsent: Duration,
}

/// What is to be done with a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Nothing before that moment.
    Stay(Instant),
    /// To be ended politely, between calls.
    Leave,
    /// To be ended now; the reason goes into the log.
    Cut(&'static str),
}

/// What one connection is doing.
#[derive(Debug)]
pub(super) struct Activity {
    patience: Patience,
    state: Mutex<State>,
    /// Told when something is due earlier than was said.
    earlier: Notify,
    /// What has no end of its own is to end, so that the connection can.
    aged: CancellationToken,
}

#[derive(Debug)]
struct State {
    opened: Instant,
    /// The moment at which somebody looks here by himself.
    looked_for: Option<Instant>,
    heard: bool,
    /// HTTP/2 is spoken.
    begun: bool,
    running: u32,
    streams: u32,
    /// When what runs is over, and how much is over then.
    due: BTreeMap<Instant, u32>,
    idle_since: Instant,
    /// Since when the system takes nothing more of what is to be sent.
    unsent_since: Option<Instant>,
    abandoned: u32,
    /// Since when it was to end.
    leaving_since: Option<Instant>,
    cut: Option<&'static str>,
}

impl Activity {
    pub(super) fn new(patience: Patience) -> Self {
        let now = Instant::now();
        let state = State {
            opened: now,
            looked_for: None,
            heard: false,
            begun: false,
            running: 0,
            streams: 0,
            due: BTreeMap::new(),
            idle_since: now,
            unsent_since: None,
            abandoned: 0,
            leaving_since: None,
            cut: None,
        };
        let (state, aged) = (Mutex::new(state), CancellationToken::new());
        Self { patience, state, earlier: Notify::new(), aged }
    }

    /// The peer has sent something.
    pub(super) fn heard(&self) {
        self.state().heard = true;
    }

    /// The handshake is over: from now on, HTTP/2 is waited for.
    pub(super) fn shook_hands(&self) {
        self.state().opened = Instant::now();
    }

    /// The peer speaks HTTP/2.
    pub(super) fn began(&self) {
        let mut state = self.state();
        (state.heard, state.begun, state.idle_since) = (true, true, Instant::now());
    }

    /// The system takes no more for now.
    pub(super) fn blocked(&self) {
        let mut state = self.state();
        if state.unsent_since.is_none() {
            let now = Instant::now();
            state.unsent_since = Some(now);
            self.expect(&state, now + self.patience.unsent);
        }
    }

    /// The system has taken everything.
    pub(super) fn flushed(&self) {
        self.state().unsent_since = None;
    }

    /// Something runs until `due`, and is over by [`Activity::end`] before.
    pub(super) fn begin(&self, due: Instant) {
        let mut state = self.state();
        *state.due.entry(due).or_default() += 1;
        self.expect(&state, due);
    }

    /// What was to be over by `due` is.
    pub(super) fn end(&self, due: Instant) {
        let mut state = self.state();
        if let Some(many) = state.due.get_mut(&due) {
            *many -= 1;
            if *many == 0 {
                state.due.remove(&due);
            }
        }
    }

    /// A call runs; gives how many streams that have no end of their own did, if it
    /// is one of them.
    pub(super) fn begin_call(&self, is_stream: bool) -> u32 {
        let mut state = self.state();
        state.running += 1;
        let before = state.streams;
        state.streams += u32::from(is_stream);
        before
    }

    /// A call has ended, answered or given up by its caller, unless it was refused.
    pub(super) fn end_call(&self, is_stream: bool, answered: Option<bool>) {
        let mut state = self.state();
        state.running = state.running.saturating_sub(1);
        state.streams = state.streams.saturating_sub(u32::from(is_stream));
        state.idle_since = Instant::now();
        state.abandoned = match answered {
            Some(true) => state.abandoned.saturating_sub(1),
            Some(false) => state.abandoned.saturating_add(1),
            None => state.abandoned,
        };
    }

    /// Whether its caller gives up its calls.
    pub(super) fn gives_up(&self) -> bool {
        self.state().abandoned > MAX_ABANDONED
    }

    /// The connection is to end politely, when no call runs any more.
    pub(super) fn leave(&self) {
        self.state().leaving_since.get_or_insert_with(Instant::now);
        self.earlier.notify_one();
    }

    /// The connection has grown old: it is to end politely, and its streams with it.
    pub(super) fn grow_old(&self) {
        self.aged.cancel();
        self.leave();
    }

    /// Cancelled when the connection has grown old.
    pub(super) fn aged(&self) -> &CancellationToken {
        &self.aged
    }

    /// The connection is to end now.
    pub(super) fn cut(&self, why: &'static str) {
        self.state().cut.get_or_insert(why);
        self.earlier.notify_one();
    }

    /// Ends when something is due earlier than [`Activity::verdict`] said last.
    pub(super) async fn earlier(&self) {
        self.earlier.notified().await;
    }

    /// Ends when the connection is to end, before it has begun.
    pub(super) async fn left(&self) {
        while self.state().leaving_since.is_none() {
            self.earlier().await;
        }
    }

    /// Whether the connection is to end.
    pub(super) fn is_leaving(&self) -> bool {
        self.state().leaving_since.is_some()
    }

    /// Since when no call runs; `None` while one does, or when it is to end anyway.
    pub(super) fn idle_since(&self) -> Option<(bool, Instant)> {
        let state = self.state();
        let is_idle = state.running == 0 && state.leaving_since.is_none();
        is_idle.then_some((state.heard, state.idle_since))
    }

    /// Since when a handshake makes no progress for want of its peer; the silent
    /// ones come before the slow ones.
    pub(super) fn stuck_since(&self) -> Option<(bool, Instant)> {
        let state = self.state();
        let slow = state.opened.elapsed() > self.patience.first_byte;
        (!state.heard || slow).then_some((state.heard, state.opened))
    }

    /// What is to be done, as things are.
    pub(super) fn verdict(&self) -> Verdict {
        let now = Instant::now();
        let mut state = self.state();
        let verdict = self.judge(&state, now);
        state.looked_for = match verdict {
            Verdict::Stay(until) => Some(until),
            Verdict::Leave | Verdict::Cut(_) => None,
        };
        verdict
    }

    fn judge(&self, state: &State, now: Instant) -> Verdict {
        if let Some(why) = state.cut {
            return Verdict::Cut(why);
        }
        let patience = &self.patience;
        let mut cuts = Vec::with_capacity(4);
        if let Some((due, _)) = state.due.first_key_value() {
            cuts.push((*due, "an answer was not taken"));
        }
        if let Some(since) = state.unsent_since {
            cuts.push((since + patience.unsent, "it does not read"));
        }
        if !state.begun {
            let wait = if state.heard { patience.handshake } else { patience.first_byte };
            cuts.push((state.opened + wait, "it does not speak HTTP/2"));
        }
        if let Some(since) = state.leaving_since {
            // What runs has its deadline; what begins later does not put off the end.
            let last = since + patience.unsent + FAREWELL;
            let idle = (state.running == 0).then(|| since.max(state.idle_since) + FAREWELL);
            let end = idle.map_or(last, |idle| idle.min(last));
            cuts.push((end, "it does not say goodbye"));
        }
        let cut = cuts.into_iter().min_by_key(|(due, _)| *due);
        if let Some((_, why)) = cut.filter(|(due, _)| *due <= now) {
            return Verdict::Cut(why);
        }
        let idle = (state.running == 0 && state.leaving_since.is_none())
            .then(|| state.idle_since + patience.idle);
        if idle.is_some_and(|idle| idle <= now) {
            return Verdict::Leave;
        }
        // While calls run, and nothing else is due, somebody looks again in a while.
        let later = now + patience.idle;
        let next = [idle, cut.map(|(due, _)| due)].into_iter().flatten().min();
        Verdict::Stay(next.unwrap_or(later))
    }

    /// Wakes whoever watches, unless he looks before `due` anyway.
    fn expect(&self, state: &State, due: Instant) {
        if state.looked_for.is_some_and(|moment| due < moment) {
            self.earlier.notify_one();
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
