//! Chooses the endpoint of a call: each has its turn (round robin), but one that was
//! found out of order a moment ago is passed over. No I/O here.
//!
//! tonic's `Channel::balance_list` does not serve: it chooses at random among
//! endpoints that are all "ready", a broken one included, and does not tell which
//! one it chose. A repeat might go to the endpoint that has just failed, and every
//! so many calls would find out again that it is down.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

/// For how long an endpoint is left alone after its first failure. Twice as
/// long after each further one.
const FIRST_REST: Duration = Duration::from_millis(250);

/// No rest is longer, so that an endpoint that is back is soon found again.
const LONGEST_REST: Duration = Duration::from_secs(15);

/// The channels of the endpoints, and how each endpoint has been of late.
pub(crate) struct Endpoints<C> {
    channels: Vec<C>,
    state: Mutex<State>,
}

struct State {
    /// Whose turn it is.
    next: usize,
    health: Vec<Health>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Health {
    failures: u32,
    resting_until: Option<Instant>,
}

impl<C: Clone> Endpoints<C> {
    /// `first` has the first turn. There must be at least one channel.
    pub(crate) fn new(channels: Vec<C>, first: usize) -> Self {
        let health = vec![Health::default(); channels.len()];
        Self { channels, state: Mutex::new(State { next: first, health }) }
    }

    /// The endpoint for the next attempt of a call, by its place in the list;
    /// one of `tried` only when there is no other.
    pub(crate) fn choose(&self, tried: &[usize], now: Instant) -> (usize, C) {
        let mut state = self.state();
        let count = self.channels.len();
        let next = state.next;
        let turns = (0..count).map(|turn| (next + turn) % count);
        let chosen = turns
            .min_by_key(|place| (tried.contains(place), state.health[*place].rest_left(now)))
            .unwrap_or_default();
        state.next = (chosen + 1) % count;
        let health = &mut state.health[chosen];
        if health.failures > 0 {
            // One call finds out whether the endpoint is back; the others pass it over.
            health.fail(now);
        }
        (chosen, self.channels[chosen].clone())
    }

    /// Whether there is one that is not among `tried`.
    pub(crate) fn has_other(&self, tried: &[usize]) -> bool {
        (0..self.channels.len()).any(|place| !tried.contains(&place))
    }

    /// Notes that the endpoint answered as it should.
    pub(crate) fn answered(&self, place: usize) {
        self.state().health[place] = Health::default();
    }

    /// Notes that the endpoint could not be reached, or could not do its work.
    pub(crate) fn failed(&self, place: usize, now: Instant) {
        let health = &mut self.state().health[place];
        // Many concurrent calls that break together are one failure.
        if health.rest_left(now).is_zero() {
            health.fail(now);
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // No panic leaves the state half changed.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Health {
    fn rest_left(self, now: Instant) -> Duration {
        self.resting_until.map_or(Duration::ZERO, |end| end.saturating_duration_since(now))
    }

    fn fail(&mut self, now: Instant) {
        let rest = FIRST_REST.saturating_mul(2_u32.saturating_pow(self.failures)).min(LONGEST_REST);
        self.failures = self.failures.saturating_add(1);
        self.resting_until = Some(now + rest);
    }
}

#[cfg(test)]
mod tests;
