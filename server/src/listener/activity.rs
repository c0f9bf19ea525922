//! What a connection is doing, and until when it may. The connection tells what it
//! reads and writes, its calls tell when they begin and end, and the task that serves
//! the connection asks for a [`Verdict`]. hyper does not poll the body of an answer for
//! which the peer opens no window of HTTP/2, so that no timer inside a call could end
//! it; here all that is due is known in one place.

mod state;

use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::{sync::Notify, time::Instant};
use tokio_util::sync::CancellationToken;

use state::State;
pub(super) use state::{Timeouts, Verdict};

use crate::metrics::{ConnectionMetrics, ConnectionState, Counted};

/// What one connection is doing.
#[derive(Debug)]
pub(super) struct Activity {
    timeouts: Timeouts,
    state: Mutex<State>,
    /// Told when something is due earlier than was said.
    earlier: Notify,
    /// Cancelled to end what has no end of its own, so that the connection can end.
    aged: CancellationToken,
}

impl Activity {
    pub(super) fn new(timeouts: Timeouts, metrics: ConnectionMetrics) -> Self {
        let state = Mutex::new(State::new(Instant::now(), Counted::new(metrics)));
        Self { timeouts, state, earlier: Notify::new(), aged: CancellationToken::new() }
    }

    /// The peer has sent something.
    pub(super) fn heard(&self) {
        self.state().heard = true;
    }

    /// The handshake is over: from now on the connection waits for HTTP/2.
    pub(super) fn shook_hands(&self) {
        self.state().opened = Instant::now();
    }

    /// The peer speaks HTTP/2.
    pub(super) fn began(&self) {
        let mut state = self.state();
        (state.heard, state.begun, state.idle_since) = (true, true, Instant::now());
        state.counted.becomes(ConnectionState::Idle);
    }

    /// The system takes no more for now.
    pub(super) fn blocked(&self) {
        let mut state = self.state();
        if state.unsent_since.is_none() {
            let now = Instant::now();
            state.unsent_since = Some(now);
            self.expect(&state, now + self.timeouts.unsent);
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

    /// Something that was to run until `due` is over.
    pub(super) fn end(&self, due: Instant) {
        let mut state = self.state();
        if let Some(many) = state.due.get_mut(&due) {
            *many -= 1;
            if *many == 0 {
                state.due.remove(&due);
            }
        }
    }

    /// A call runs. Gives how many streams without an end of their own ran before it.
    pub(super) fn begin_call(&self, is_stream: bool) -> u32 {
        let mut state = self.state();
        state.running += 1;
        state.counted.becomes(ConnectionState::Active);
        let before = state.streams;
        state.streams += u32::from(is_stream);
        before
    }

    /// A call has ended: answered or given up by its caller, or (`None`) refused.
    pub(super) fn end_call(&self, is_stream: bool, answered: Option<bool>) {
        let mut state = self.state();
        state.running = state.running.saturating_sub(1);
        if state.running == 0 {
            state.counted.becomes(ConnectionState::Idle);
        }
        state.streams = state.streams.saturating_sub(u32::from(is_stream));
        state.idle_since = Instant::now();
        state.abandoned = match answered {
            Some(true) => state.abandoned.saturating_sub(1),
            Some(false) => state.abandoned.saturating_add(1),
            None => state.abandoned,
        };
    }

    /// Whether its peer gives up too many of its calls.
    pub(super) fn gives_up(&self) -> bool {
        self.state().gives_up()
    }

    /// The connection is to end politely, when no call runs any more.
    pub(super) fn leave(&self) {
        self.state().leaving_since.get_or_insert_with(Instant::now);
        self.earlier.notify_one();
    }

    /// The same, for the sake of another connection, which has its place.
    pub(super) fn make_room(&self) {
        self.state().makes_room = true;
        self.leave();
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

    /// Returns when something is due earlier than [`Activity::verdict`] said last.
    pub(super) async fn earlier(&self) {
        self.earlier.notified().await;
    }

    /// Returns when the connection is to end, before it has begun.
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

    /// Since when a handshake waits for its peer. Silent peers come before slow ones.
    pub(super) fn stuck_since(&self) -> Option<(bool, Instant)> {
        let state = self.state();
        let slow = state.opened.elapsed() > self.timeouts.first_byte;
        (!state.heard || slow).then_some((state.heard, state.opened))
    }

    /// What is to be done, as things are.
    pub(super) fn verdict(&self) -> Verdict {
        let mut state = self.state();
        let verdict = state.verdict(&self.timeouts, Instant::now());
        state.next_verdict = match verdict {
            Verdict::Stay(until) => Some(until),
            Verdict::Leave | Verdict::Cut(_) => None,
        };
        verdict
    }

    /// Wakes the task of the connection, unless it asks for a verdict before `due`
    /// anyway: most calls end long before their deadline, and need not wake it.
    fn expect(&self, state: &State, due: Instant) {
        if state.next_verdict.is_some_and(|moment| due < moment) {
            self.earlier.notify_one();
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
