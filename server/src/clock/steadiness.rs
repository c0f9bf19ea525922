//! Since when a clock has not been set: told by the time of day and the time that passed,
//! which go together until somebody sets the one.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

/// By how much the two may differ from one look to the next: a clock that is slewed goes
/// wrong by far less.
const TOLERANCE: SignedDuration = SignedDuration::from_secs(10);

#[derive(Debug)]
pub(super) struct Steadiness {
    /// The time of day when nothing had passed, by the last look.
    origin: Timestamp,
    /// When it was last found to have been set.
    since: Duration,
}

impl Steadiness {
    pub(super) fn new(now: Timestamp) -> Self {
        Self { origin: now, since: Duration::ZERO }
    }

    /// Takes a look; gives for how long the clock has not been set.
    pub(super) fn observe(&mut self, now: Timestamp, elapsed: Duration) -> Duration {
        let passed = SignedDuration::try_from(elapsed).unwrap_or(SignedDuration::MAX);
        let origin = now.saturating_sub(passed).unwrap_or(Timestamp::MIN);
        if origin.duration_since(self.origin).abs() > TOLERANCE {
            self.since = elapsed;
        }
        // Also when it was not set: what drifts in a year is not taken for a jump.
        self.origin = origin;
        elapsed.saturating_sub(self.since)
    }
}
