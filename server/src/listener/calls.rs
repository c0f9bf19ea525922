//! What a connection knows of its calls: whether any runs, since when none
//! does, and how many their caller gave up.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::time::Instant;

/// Calls that a connection may give up beyond those it lets be answered. A
/// person who cancels never comes near; who opens streams only to reset them
/// makes the server begin work for nothing.
const MAX_ABANDONED: u32 = 100;

/// The calls of one connection.
#[derive(Debug)]
pub(super) struct Calls(Mutex<State>);

#[derive(Debug)]
struct State {
    running: u32,
    idle_since: Instant,
    abandoned: u32,
}

/// A call that runs until this is dropped.
#[derive(Debug)]
pub(crate) struct RunningCall {
    calls: Arc<Calls>,
    answered: bool,
}

impl Calls {
    pub(super) fn new() -> Self {
        Self(Mutex::new(State { running: 0, idle_since: Instant::now(), abandoned: 0 }))
    }

    pub(super) fn begin(self: Arc<Self>) -> RunningCall {
        self.state().running += 1;
        RunningCall { calls: self, answered: false }
    }

    /// Since when no call runs; `None` while one does.
    pub(super) fn idle_since(&self) -> Option<Instant> {
        let state = self.state();
        (state.running == 0).then_some(state.idle_since)
    }

    pub(super) fn too_many_abandoned(&self) -> bool {
        self.state().abandoned > MAX_ABANDONED
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl RunningCall {
    /// The caller waited for the answer.
    pub(crate) fn answered(&mut self) {
        self.answered = true;
    }
}

impl Drop for RunningCall {
    fn drop(&mut self) {
        let mut state = self.calls.state();
        state.running = state.running.saturating_sub(1);
        state.idle_since = Instant::now();
        state.abandoned = if self.answered {
            state.abandoned.saturating_sub(1)
        } else {
            state.abandoned.saturating_add(1)
        };
    }
}
