//! What was counted of several subjects, locked until a transaction ends. It is read
//! in one statement, and stored in another one.
//!
//! A time in the future, as a clock that was ahead leaves it, becomes the present one here
//! and is stored so. A limit that merely took it for now would take it for now again at
//! the next try, and never end.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use sea_orm::ConnectionTrait;

use super::{Subject, ThrottleError, Throttles};
use crate::storage::{self, error::StorageError, throttle::Counted};

/// By how much the clocks of servers may differ: what lies ahead by no more has soon come.
const SKEW: SignedDuration = SignedDuration::from_secs(1);

/// What was counted of several subjects.
#[derive(Debug)]
pub struct Counts<'a> {
    throttles: &'a Throttles,
    /// By the subject's key: what is stored, when it happened, the oldest first.
    hits: BTreeMap<String, Vec<Timestamp>>,
    /// What is to be stored.
    changed: BTreeMap<String, Counted>,
}

impl<'a> Counts<'a> {
    pub(super) async fn lock(
        throttles: &'a Throttles,
        transaction: &impl ConnectionTrait,
        subjects: impl IntoIterator<Item = &Subject>,
    ) -> Result<Self, StorageError> {
        // The set has them in order: two transactions that lock the same must not each
        // wait for the other.
        let keys: BTreeSet<String> = subjects.into_iter().map(Subject::key).collect();
        let hits = storage::throttle::find_for_update(transaction, keys).await?;
        Ok(Self::of(throttles, hits))
    }

    /// What `hits` says that was counted, by the keys of the subjects, under the limits
    /// of `throttles`.
    #[must_use]
    pub fn of(throttles: &'a Throttles, hits: BTreeMap<String, Vec<Timestamp>>) -> Self {
        Self { throttles, hits, changed: BTreeMap::new() }
    }

    /// When it happened last, as far as that is remembered.
    #[must_use]
    pub fn last(&self, subject: &Subject) -> Option<Timestamp> {
        self.hits(&subject.key()).last().copied()
    }

    /// Whether `subject` may go on just now.
    ///
    /// # Errors
    /// [`ThrottleError::Throttled`].
    pub fn check(&self, subject: &Subject, now: Timestamp) -> Result<(), ThrottleError> {
        self.throttles.refuse_if_full(subject, self.hits(&subject.key()), now)
    }

    /// Counts one more, whatever the limits say.
    pub fn count(&mut self, subject: &Subject, now: Timestamp) {
        let mut hits = self.settled(subject, now);
        hits.push(now);
        self.change(subject, hits, now);
    }

    /// Counts one more at the time when it may be, and gives that time; `None` when
    /// that is too far away to be of use, and then nothing is counted.
    pub fn reserve(&mut self, subject: &Subject, now: Timestamp) -> Option<Timestamp> {
        let (limits, shares) = (self.throttles.limits(subject), subject.shares());
        let mut hits = self.hits(&subject.key()).to_vec();
        limits.settle_turns(&mut hits, shares, now);
        let turn = limits.next_turn(&hits, shares, now);
        let is_of_use = turn <= now + limits.memory();
        if is_of_use {
            hits.push(turn);
        }
        self.change(subject, hits, now);
        is_of_use.then_some(turn)
    }

    /// Has what lies in the future for `subject` stored as what happened now. It is none
    /// of those whose turns are [reserved](Self::reserve).
    pub(super) fn settle(&mut self, subject: &Subject, now: Timestamp) {
        if is_ahead(self.hits(&subject.key()), now) {
            self.change(subject, self.settled(subject, now), now);
        }
    }

    /// Whether there is anything to be stored.
    #[must_use]
    pub fn is_changed(&self) -> bool {
        !self.changed.is_empty()
    }

    /// Stores what was counted.
    ///
    /// # Errors
    /// A [`StorageError`].
    pub async fn store(self, transaction: &impl ConnectionTrait) -> Result<(), StorageError> {
        storage::throttle::store(transaction, self.changed).await
    }

    fn settled(&self, subject: &Subject, now: Timestamp) -> Vec<Timestamp> {
        self.hits(&subject.key()).iter().map(|hit| (*hit).min(now)).collect()
    }

    fn change(&mut self, subject: &Subject, mut hits: Vec<Timestamp>, now: Timestamp) {
        let limits = self.throttles.limits(subject);
        limits.forget_old(&mut hits, now);
        let last = hits.last().copied().unwrap_or(now);
        let expire_time = last + limits.memory();
        self.changed.insert(subject.key(), Counted { hits, expire_time });
    }

    fn hits(&self, key: &str) -> &[Timestamp] {
        match self.changed.get(key) {
            Some(counted) => &counted.hits,
            None => self.hits.get(key).map(Vec::as_slice).unwrap_or_default(),
        }
    }
}

/// Whether any of `hits` (the oldest first) was written by a clock that was ahead.
pub(super) fn is_ahead(hits: &[Timestamp], now: Timestamp) -> bool {
    hits.last().is_some_and(|last| last.duration_since(now) > SKEW)
}
