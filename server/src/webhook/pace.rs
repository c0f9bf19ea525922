//! How fast events go to a receiver that takes none: one at a time, with growing pauses,
//! instead of the whole backlog again and again. And what is told of it, once for each thing.

use std::time::Duration;

use tokio::time::Instant;

use super::endpoint::Refusal;

/// Events that are sent concurrently.
const MAX_IN_FLIGHT: usize = 4;

/// The first pause, and the longest.
const PAUSES: (Duration, Duration) = (Duration::from_secs(5), Duration::from_mins(5));

/// How often it is told that nothing is taken.
const REMIND: Duration = Duration::from_hours(1);

/// What became of a try.
pub(super) enum Tried {
    /// The receiver took the event.
    Taken,
    /// It did not.
    Refused(Refusal),
    /// The server stops.
    Stopped,
}

/// What there is to tell.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum News {
    /// It took events until now.
    Fails,
    /// It has taken none for this long.
    StillFails(Duration),
    /// It takes them again.
    Works,
}

/// The pace.
#[derive(Default)]
pub(super) struct Pace {
    pauses: u32,
    not_before: Option<Instant>,
    fails_since: Option<Instant>,
    told: Option<Instant>,
}

impl Pace {
    /// How many events may be on their way at this moment.
    pub(super) fn places(&self, now: Instant) -> usize {
        match (self.fails_since, self.not_before) {
            (None, _) => MAX_IN_FLIGHT,
            (Some(_), Some(until)) if now < until => 0,
            (Some(_), _) => 1,
        }
    }

    /// How long at least until there is a place again, if there is none.
    pub(super) fn pause(&self, now: Instant) -> Option<Duration> {
        let until = self.not_before.filter(|_| self.fails_since.is_some())?;
        until.checked_duration_since(now).filter(|pause| !pause.is_zero())
    }

    /// Takes notice of a try.
    pub(super) fn note(&mut self, tried: &Tried, now: Instant) -> Option<News> {
        match tried {
            Tried::Stopped => None,
            Tried::Taken => {
                let news = self.fails_since.map(|_| News::Works);
                *self = Self::default();
                news
            }
            Tried::Refused(refusal) if refusal.is_of_event() => None,
            Tried::Refused(refusal) => self.fail(refusal, now),
        }
    }

    fn fail(&mut self, refusal: &Refusal, now: Instant) -> Option<News> {
        // Those that were on their way together are one failure.
        if self.pause(now).is_none() {
            let (first, longest) = PAUSES;
            let doubled = first.saturating_mul(1 << self.pauses.min(16)).min(longest);
            let pause = if refusal.is_gone() { longest } else { doubled };
            self.not_before = Some(now + pause.max(refusal.retry_after().unwrap_or_default()));
            self.pauses += 1;
        }
        let since = *self.fails_since.get_or_insert(now);
        match self.told {
            None => {
                self.told = Some(now);
                Some(News::Fails)
            }
            Some(told) if now.saturating_duration_since(told) >= REMIND => {
                self.told = Some(now);
                Some(News::StillFails(now.saturating_duration_since(since)))
            }
            Some(_) => None,
        }
    }
}
