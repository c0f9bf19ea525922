//! What was counted of several subjects, locked until a transaction ends. It is read
//! in one statement, and stored in another one.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use sea_orm::ConnectionTrait;

use super::{Subject, ThrottleError, Throttles};
use crate::storage::{self, error::StorageError, throttle::Counted};

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

    /// Whether `subject` may go on just now.
    ///
    /// # Errors
    /// [`ThrottleError::Throttled`].
    pub fn check(&self, subject: &Subject, now: Timestamp) -> Result<(), ThrottleError> {
        self.throttles.refuse_if_full(subject, self.hits(&subject.key()), now)
    }

    /// Counts one more, whatever the limits say.
    pub fn count(&mut self, subject: &Subject, time: Timestamp) {
        let (limits, key) = (self.throttles.limits(subject), subject.key());
        let mut hits = self.hits(&key).to_vec();
        hits.push(time);
        hits.sort_unstable();
        limits.forget_old(&mut hits, time);
        let expire_time = time + limits.memory();
        self.changed.insert(key, Counted { hits, expire_time });
    }

    /// Counts one more at the time when it may be, and gives that time; `None` when
    /// that is too far away to be of use, and then nothing is counted.
    pub fn reserve(&mut self, subject: &Subject, now: Timestamp) -> Option<Timestamp> {
        let limits = self.throttles.limits(subject);
        let time = now
            + limits
                .wait_of_shares(self.hits(&subject.key()), subject.shares(), now)
                .unwrap_or_default();
        if time > now + limits.memory() {
            return None;
        }
        self.count(subject, time);
        Some(time)
    }

    /// Stores what was counted.
    ///
    /// # Errors
    /// A [`StorageError`].
    pub async fn store(self, transaction: &impl ConnectionTrait) -> Result<(), StorageError> {
        storage::throttle::store(transaction, self.changed).await
    }

    fn hits(&self, key: &str) -> &[Timestamp] {
        match self.changed.get(key) {
            Some(counted) => &counted.hits,
            None => self.hits.get(key).map(Vec::as_slice).unwrap_or_default(),
        }
    }
}
