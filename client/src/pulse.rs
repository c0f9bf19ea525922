//! How long a connection has been silent, by both clocks: while a laptop sleeps, the one that only
//! moves forward may stand still (Linux, macOS), and the one on the wall may be set. No I/O here.

use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant, SystemTime},
};

/// When something last came over a connection.
#[derive(Debug, Default)]
pub(crate) struct Pulse(Mutex<Option<Moment>>);

/// Now, by both clocks.
#[derive(Clone, Copy, Debug)]
struct Moment {
    steady: Instant,
    wall: SystemTime,
}

impl Pulse {
    /// Notes that something came just now.
    pub(crate) fn beat(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Moment::now());
    }

    /// For how long nothing has come; `None` when there has been no connection yet.
    pub(crate) fn silence(&self) -> Option<Duration> {
        let last = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        last.map(|last| Moment::now().since(last))
    }
}

impl Moment {
    #[expect(clippy::disallowed_methods, reason = "no clock but the system's goes on in its sleep")]
    fn now() -> Self {
        Self { steady: Instant::now(), wall: SystemTime::now() }
    }

    /// By the clock that has moved further. One that was set back, too, has parted from the other:
    /// that may have been a sleep.
    fn since(self, earlier: Self) -> Duration {
        let wall = self.wall.duration_since(earlier.wall);
        let wall = wall.unwrap_or_else(|set_back| set_back.duration());
        wall.max(self.steady.saturating_duration_since(earlier.steady))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_that_moved_further_counts() {
        let earlier = Moment::now();
        let later = |steady, wall| Moment { steady: earlier.steady + steady, wall };
        let (second, hour) = (Duration::from_secs(1), Duration::from_hours(1));
        assert_eq!(later(second, earlier.wall + second).since(earlier), second);
        assert_eq!(later(second, earlier.wall + hour).since(earlier), hour);
        assert_eq!(later(hour, earlier.wall + second).since(earlier), hour);
        assert_eq!(later(second, earlier.wall - hour).since(earlier), hour);
    }

    #[test]
    fn what_has_not_begun_is_not_silent() {
        let pulse = Pulse::default();
        assert_eq!(pulse.silence(), None);
        pulse.beat();
        assert!(pulse.silence().is_some());
    }
}
