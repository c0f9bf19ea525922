//! Time as a parameter, so that expiry and back-off can be tested without
//! waiting. The only file that may read the system's clock.
//!
//! A clock can be set, and then it is wrong for a moment, or was wrong before. What is
//! kept in memory is therefore measured by [`Clock::elapsed`], which nobody can set, and
//! whatever cannot be taken back asks [`Clock::steady_for`] first.
//! `docs/decisions/time.md` has the rules.

pub mod movable;
mod steadiness;

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use jiff::{SignedDuration, Timestamp};

use steadiness::Steadiness;

/// For how long nobody must have set a clock before what cannot be taken back is decided
/// by it: who sets one that is wrong soon sees it, and a clock that was ahead for a moment
/// is back long before.
pub const BELIEVED_AFTER: Duration = Duration::from_mins(10);

/// Tells the time.
pub trait Clock: Send + Sync + fmt::Debug {
    /// Now, in whole milliseconds: what is answered must be what is stored, or
    /// a repeat would be answered otherwise.
    fn now(&self) -> Timestamp;

    /// How long the clock has been there. It goes on evenly, whatever is done to the time
    /// of day, and means nothing to another process.
    fn elapsed(&self) -> Duration;

    /// For how long nobody has set the time of day, as far as this process can know.
    fn steady_for(&self) -> Duration;
}

/// The system's clock.
#[derive(Debug)]
pub struct SystemClock {
    start: Instant,
    steadiness: Mutex<Steadiness>,
}

impl SystemClock {
    /// The clock of a process that begins.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the clock")]
    pub fn start() -> Self {
        let steadiness = Mutex::new(Steadiness::new(Timestamp::now()));
        Self { start: Instant::now(), steadiness }
    }
}

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the clock")]
    fn now(&self) -> Timestamp {
        let now = Timestamp::now();
        self.observe(now);
        Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now)
    }

    fn elapsed(&self) -> Duration {
        self.start.elapsed()
    }

    #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the clock")]
    fn steady_for(&self) -> Duration {
        self.observe(Timestamp::now())
    }
}

impl SystemClock {
    fn observe(&self, now: Timestamp) -> Duration {
        let mut steadiness = self.steadiness.lock().unwrap_or_else(PoisonError::into_inner);
        steadiness.observe(now, self.elapsed())
    }
}

/// A clock that moves only when it is told to; for tests.
#[derive(Clone, Debug)]
pub struct ManualClock(Arc<Mutex<Hands>>);

#[derive(Debug)]
struct Hands {
    now: Timestamp,
    elapsed: Duration,
    steadiness: Steadiness,
}

impl ManualClock {
    /// A clock that stands at `start`.
    #[must_use]
    pub fn new(start: Timestamp) -> Self {
        let steadiness = Steadiness::new(start);
        let hands = Hands { now: start, elapsed: Duration::ZERO, steadiness };
        Self(Arc::new(Mutex::new(hands)))
    }

    /// Lets time pass: `step`, which is not negative.
    pub fn advance(&self, step: SignedDuration) {
        let mut hands = self.hands();
        hands.now = hands.now.saturating_add(step).unwrap_or(Timestamp::MAX);
        hands.elapsed += step.unsigned_abs();
        hands.look();
    }

    /// Sets the time of day forward or back by `step`, while no time passes.
    pub fn jump(&self, step: SignedDuration) {
        let mut hands = self.hands();
        hands.now = hands.now.saturating_add(step).unwrap_or(Timestamp::MAX);
        hands.look();
    }

    fn hands(&self) -> std::sync::MutexGuard<'_, Hands> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Hands {
    fn look(&mut self) -> Duration {
        self.steadiness.observe(self.now, self.elapsed)
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        self.hands().now
    }

    fn elapsed(&self) -> Duration {
        self.hands().elapsed
    }

    fn steady_for(&self) -> Duration {
        self.hands().look()
    }
}
