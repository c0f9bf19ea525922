//! The clock of a testing server: the system's, and as far ahead of it as somebody has moved it.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use jiff::Timestamp;

use super::{Clock, SystemClock};

/// How far ahead of the system's clock it may come.
pub const MAX_AHEAD: Duration = Duration::from_hours(36_600 * 24);

/// A clock that goes on by itself, and that can be moved ahead. Time has then passed by every
/// count: nobody has set it.
#[derive(Debug)]
pub struct MovableClock {
    system: SystemClock,
    ahead_millis: AtomicU64,
}

/// It would come too far ahead.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the clock would be more than 36,600 days ahead")]
pub struct TooFarAhead {
    /// How far it may still be moved.
    pub left: Duration,
}

impl MovableClock {
    /// The clock of a process that begins.
    #[must_use]
    pub fn start() -> Self {
        Self { system: SystemClock::start(), ahead_millis: AtomicU64::new(0) }
    }

    /// Lets time pass, in whole milliseconds.
    ///
    /// # Errors
    /// When it would come too far ahead; it is not moved then.
    pub fn advance(&self, by: Duration) -> Result<(), TooFarAhead> {
        let moved = |ahead: u64| {
            let moved = Duration::from_millis(ahead).checked_add(by)?;
            (moved <= MAX_AHEAD).then(|| millis(moved))
        };
        let (set, read) = (Ordering::AcqRel, Ordering::Acquire);
        match self.ahead_millis.fetch_update(set, read, moved) {
            Ok(_) => Ok(()),
            Err(ahead) => {
                Err(TooFarAhead { left: MAX_AHEAD.saturating_sub(Duration::from_millis(ahead)) })
            }
        }
    }

    fn ahead(&self) -> Duration {
        Duration::from_millis(self.ahead_millis.load(Ordering::Acquire))
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

impl Clock for MovableClock {
    fn now(&self) -> Timestamp {
        self.system.now().saturating_add(self.ahead()).unwrap_or(Timestamp::MAX)
    }

    fn elapsed(&self) -> Duration {
        self.system.elapsed().saturating_add(self.ahead())
    }

    fn steady_for(&self) -> Duration {
        self.system.steady_for().saturating_add(self.ahead())
    }
}
