//! How often something may happen: pure arithmetic over the times when it did.
//!
//! A time in the future counts as now: it was written by a clock that was ahead, and a
//! limit of a minute must not last until that time has come. Only of what waits for its
//! turn is a time in the future expected, and then it is one that the turns before it
//! explain.

use std::{fmt, str::FromStr};

use jiff::{SignedDuration, Timestamp};

/// The longest window: what is reckoned with it stays within the calendar.
const MAX_WINDOW: SignedDuration = SignedDuration::from_hours(366 * 24);

/// At most `count` times within `window`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// How often.
    pub count: usize,
    /// Within how long.
    pub window: SignedDuration,
}

/// Waits that double: after `free` times, `first`, then twice as long each time,
/// up to `longest`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waits {
    /// How many times come without a wait.
    pub free: usize,
    /// The first wait.
    pub first: SignedDuration,
    /// The longest wait.
    pub longest: SignedDuration,
}

/// Limits of which each holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    limits: Vec<Limit>,
    waits: Option<Waits>,
}

impl Limits {
    /// Limits of `(count, window)`.
    #[must_use]
    pub fn new<const N: usize>(limits: [(usize, SignedDuration); N]) -> Self {
        let limits = limits.map(|(count, window)| Limit { count, window });
        Self { limits: limits.to_vec(), waits: None }
    }

    /// Adds waits that double.
    #[must_use]
    pub fn with_waits(mut self, waits: Waits) -> Self {
        self.waits = Some(waits);
        self
    }

    /// For how long a hit is remembered.
    #[must_use]
    pub fn memory(&self) -> SignedDuration {
        self.limits.iter().map(|limit| limit.window).max().unwrap_or_default()
    }

    /// How long to wait at `now`, after `hits` (the oldest first); `None` when
    /// there is nothing to wait for.
    #[must_use]
    pub fn wait(&self, hits: &[Timestamp], now: Timestamp) -> Option<SignedDuration> {
        self.wait_of_shares(hits, 1, now)
    }

    /// As [`wait`](Self::wait), for a limit that callers share: each count is
    /// multiplied by `shares`, and no wait doubles if there are several.
    #[must_use]
    pub fn wait_of_shares(
        &self,
        hits: &[Timestamp],
        shares: u32,
        now: Timestamp,
    ) -> Option<SignedDuration> {
        let wait = self.wait_after(hits, shares, now, |hit| hit.min(now))?;
        Some(wait).filter(SignedDuration::is_positive)
    }

    /// How long to wait at `now`, when each of `hits` was at the time that `at` gives it.
    fn wait_after(
        &self,
        hits: &[Timestamp],
        shares: u32,
        now: Timestamp,
        at: impl Fn(Timestamp) -> Timestamp,
    ) -> Option<SignedDuration> {
        let since = |hit: &Timestamp| at(*hit).duration_since(now);
        let by_count = self.limits.iter().filter_map(|limit| {
            // The limit is hit while the `count`th last one lies within the window.
            let count = limit.count.saturating_mul(shares as usize);
            let nth_last = hits.len().checked_sub(count)?;
            Some(since(hits.get(nth_last)?) + limit.window)
        });
        // A streak is one caller's.
        let waits = self.waits.iter().filter(|_| shares == 1);
        let by_streak = waits.filter_map(|waits| {
            let doublings = hits.len().checked_sub(waits.free)?;
            let doubled = waits.first.saturating_mul(1 << doublings.min(20));
            Some(since(hits.last()?) + doubled.min(waits.longest))
        });
        by_count.chain(by_streak).max()
    }

    /// When the next one's turn is, after `hits` (the oldest first), of which those in the
    /// future wait for theirs.
    #[must_use]
    pub fn next_turn(&self, hits: &[Timestamp], shares: u32, now: Timestamp) -> Timestamp {
        let wait = self.wait_after(hits, shares, now, |hit| hit).unwrap_or_default();
        now + wait.max(SignedDuration::ZERO)
    }

    /// Brings those turns forward that the turns before them do not explain: a clock that
    /// was ahead has given them.
    pub fn settle_turns(&self, hits: &mut [Timestamp], shares: u32, now: Timestamp) {
        for number in 0..hits.len() {
            let (before, rest) = hits.split_at_mut(number);
            if let Some(hit) = rest.first_mut().filter(|hit| **hit > now) {
                *hit = self.next_turn(before, shares, now).min(*hit);
            }
        }
    }

    /// How much is used up of the limit that is nearest to being hit: 1 when it is.
    #[must_use]
    pub fn fraction_used(&self, hits: &[Timestamp], now: Timestamp) -> f64 {
        let used = |limit: &Limit| {
            let since = hits.partition_point(|hit| now.duration_since(*hit) >= limit.window);
            let count = |number: usize| f64::from(u32::try_from(number).unwrap_or(u32::MAX));
            count(hits.len() - since) / count(limit.count)
        };
        self.limits.iter().map(used).fold(0.0, f64::max)
    }

    /// Drops the hits that no limit looks at any more.
    pub fn forget_old(&self, hits: &mut Vec<Timestamp>, now: Timestamp) {
        let memory = self.memory();
        hits.retain(|hit| now.duration_since(*hit) < memory);
    }
}

/// Reads `1/1m,5/1h,10/24h`; no window may be longer than a year.
impl FromStr for Limits {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let limits: Result<Vec<Limit>, String> = text.split(',').map(parse_limit).collect();
        Ok(Self { limits: limits?, waits: None })
    }
}

/// Writes the limits as they are read; the waits that double are not among them.
impl fmt::Display for Limits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, Limit { count, window }) in self.limits.iter().enumerate() {
            let comma = if number == 0 { "" } else { "," };
            write!(f, "{comma}{count}/{window:#}")?;
        }
        Ok(())
    }
}

fn parse_limit(text: &str) -> Result<Limit, String> {
    let malformed = || format!("“{text}” is no limit like 5/1h");
    let (count, window) = text.trim().split_once('/').ok_or_else(malformed)?;
    let count = count.parse().map_err(|_| malformed())?;
    let window: SignedDuration = window.parse().map_err(|_| malformed())?;
    if count == 0 || !window.is_positive() || window > MAX_WINDOW {
        return Err(malformed());
    }
    Ok(Limit { count, window })
}
