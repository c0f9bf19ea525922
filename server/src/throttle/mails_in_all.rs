//! A cap on the mails that strangers ask this server for: a domain that sends mail
//! nobody wanted soon finds its other mails refused. It is counted in memory, so that
//! it costs a request no statement, and by the time that has passed
//! ([`Clock::elapsed`](crate::clock::Clock::elapsed)), which nobody can set.

use std::{
    collections::VecDeque,
    iter,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use jiff::{SignedDuration, Timestamp};

use super::{Limits, ThrottleError, Throttled};

/// How often it is logged that the cap is near.
const WARNING_INTERVAL: SignedDuration = SignedDuration::from_hours(1);

/// The mails that were asked for. Clones count together.
///
/// Only those are counted that strangers ask for: a customer, whose every machine
/// brings a notice, must not be able to use up what newcomers need.
#[derive(Clone, Debug)]
pub struct MailsInAll {
    limits: Limits,
    asked: Arc<Mutex<Asked>>,
}

#[derive(Debug, Default)]
struct Asked {
    /// When, by [`moment`], the oldest first; no more than the largest limit allows.
    times: VecDeque<Timestamp>,
    warned: Option<Timestamp>,
}

impl MailsInAll {
    /// No more than `limits` allow.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self { limits, asked: Arc::default() }
    }

    /// Whether another one may be asked for, when `about_to_count` more are about to be
    /// counted.
    ///
    /// # Errors
    /// [`ThrottleError::Throttled`].
    pub fn check(&self, about_to_count: usize, elapsed: Duration) -> Result<(), ThrottleError> {
        let now = moment(elapsed);
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        asked.forget_old(&self.limits, now);
        let (limit, Asked { times, .. }) = (Throttled::MailsInAll, &mut *asked);
        let known = times.len();
        times.extend(iter::repeat_n(now, about_to_count));
        let wait = self.limits.wait(times.make_contiguous(), now);
        times.truncate(known);
        match wait {
            None => Ok(()),
            Some(wait) => Err(ThrottleError::Throttled { limit, retry_after: wait.unsigned_abs() }),
        }
    }

    /// Counts `mails` that were asked for, and warns when four fifths are used up.
    pub fn count(&self, mails: usize, elapsed: Duration) {
        let now = moment(elapsed);
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        asked.times.extend(iter::repeat_n(now, mails));
        asked.forget_old(&self.limits, now);
        let times = asked.times.make_contiguous();
        let used_up = self.limits.fraction_used(times, now);
        let warned = asked.warned.is_some_and(|time| now.duration_since(time) < WARNING_INTERVAL);
        if used_up < 0.8 || warned {
            return;
        }
        asked.warned = Some(now);
        drop(asked);
        tracing::warn!(used_up, "strangers ask for nearly as many mails as are sent for them");
    }
}

impl Asked {
    fn forget_old(&mut self, limits: &Limits, now: Timestamp) {
        let memory = limits.memory();
        while self.times.front().is_some_and(|time| now.duration_since(*time) >= memory) {
            self.times.pop_front();
        }
    }
}

/// A point of the time that passes, in the terms in which limits reckon.
fn moment(elapsed: Duration) -> Timestamp {
    Timestamp::UNIX_EPOCH.saturating_add(elapsed).unwrap_or(Timestamp::MAX)
}
