//! Who may try again, and when. Durable and shared: what is counted is in the
//! database, in the transaction of what it counts; time is handed in.
//!
//! Only calls per address (`calls`) are counted in memory: they guard this
//! server's own work.

pub mod calls;
mod limits;
mod subject;

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use sea_orm::ConnectionTrait;

pub use limits::{Limit, Limits, Waits};
pub(crate) use subject::network;
pub use subject::{Guesser, Subject};

use crate::storage::{self, error::StorageError};

/// The limits in force.
#[derive(Clone, Debug)]
pub struct Throttles {
    /// Mails to one address, or asked for under one account ID.
    pub mails_per_address: Limits,
    /// Mails asked for from one IP address.
    pub mails_per_ip: Limits,
    /// Wrong passwords, by account and guesser.
    pub wrong_passwords: Limits,
}

impl Default for Throttles {
    /// Contract §5; passwords as CNIL deliberation 2022-100 asks.
    fn default() -> Self {
        let (minute, hour) = (SignedDuration::from_mins(1), SignedDuration::from_hours(1));
        let day = hour * 24;
        Self {
            mails_per_address: Limits::new([(1, minute), (5, hour), (10, day)]),
            mails_per_ip: Limits::new([(20, hour)]),
            wrong_passwords: Limits::new([(25, day)]).with_waits(Waits {
                free: 5,
                first: minute,
                longest: hour,
            }),
        }
    }
}

/// Which limit was hit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Throttled {
    /// Wrong passwords for this account.
    Passwords,
    /// Mails to this address or account.
    MailsPerAddress,
    /// Mails asked for from this IP address.
    MailsPerIp,
    /// Calls from this IP address.
    CallsPerIp,
}

/// A limit was hit, or the database failed.
#[derive(Debug, thiserror::Error)]
pub enum ThrottleError {
    /// Too much, too soon.
    #[error("throttled ({limit:?})")]
    Throttled {
        /// Which limit.
        limit: Throttled,
        /// For how long.
        retry_after: Duration,
    },
    /// The database failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl Throttles {
    fn limits(&self, subject: &Subject) -> &Limits {
        match subject.throttled() {
            Throttled::Passwords => &self.wrong_passwords,
            Throttled::MailsPerAddress | Throttled::CallsPerIp => &self.mails_per_address,
            Throttled::MailsPerIp => &self.mails_per_ip,
        }
    }

    /// Whether `subject` may go on just now. Counts nothing and locks nothing:
    /// spares the work of a call that would be refused.
    ///
    /// # Errors
    /// A [`ThrottleError`].
    pub async fn check(
        &self,
        db: &impl ConnectionTrait,
        subject: &Subject,
        now: Timestamp,
    ) -> Result<(), ThrottleError> {
        let hits = storage::throttle::find(db, &subject.key()).await?;
        self.refuse_if_full(subject, &hits, now)
    }

    /// The same inside the transaction that will count: others wait for its end.
    ///
    /// # Errors
    /// A [`ThrottleError`].
    pub async fn check_and_lock(
        &self,
        transaction: &impl ConnectionTrait,
        subject: &Subject,
        now: Timestamp,
    ) -> Result<(), ThrottleError> {
        let hits = storage::throttle::find_for_update(transaction, &subject.key()).await?;
        self.refuse_if_full(subject, &hits, now)
    }

    /// Counts one more, whatever the limits say.
    ///
    /// # Errors
    /// A [`StorageError`].
    pub async fn count(
        &self,
        transaction: &impl ConnectionTrait,
        subject: &Subject,
        now: Timestamp,
    ) -> Result<(), StorageError> {
        let hits = storage::throttle::find_for_update(transaction, &subject.key()).await?;
        self.store(transaction, subject, hits, now).await
    }

    /// Counts one more, if it may be.
    ///
    /// # Errors
    /// A [`ThrottleError`].
    pub async fn take(
        &self,
        transaction: &impl ConnectionTrait,
        subject: &Subject,
        now: Timestamp,
    ) -> Result<(), ThrottleError> {
        let hits = storage::throttle::find_for_update(transaction, &subject.key()).await?;
        self.refuse_if_full(subject, &hits, now)?;
        Ok(self.store(transaction, subject, hits, now).await?)
    }

    /// Counts one more for when it may be; `None` when that is too far away to
    /// be of use.
    ///
    /// # Errors
    /// A [`StorageError`].
    pub async fn reserve(
        &self,
        transaction: &impl ConnectionTrait,
        subject: &Subject,
        now: Timestamp,
    ) -> Result<Option<Timestamp>, StorageError> {
        let limits = self.limits(subject);
        let hits = storage::throttle::find_for_update(transaction, &subject.key()).await?;
        let time = now + limits.wait(&hits, now).unwrap_or_default();
        if time > now + limits.memory() {
            return Ok(None);
        }
        self.store(transaction, subject, hits, time).await?;
        Ok(Some(time))
    }

    /// Forgets what was counted: a right password clears the wrong ones.
    ///
    /// # Errors
    /// A [`StorageError`].
    pub async fn clear(
        &self,
        transaction: &impl ConnectionTrait,
        subject: &Subject,
    ) -> Result<(), StorageError> {
        storage::throttle::delete(transaction, &subject.key()).await
    }

    async fn store(
        &self,
        transaction: &impl ConnectionTrait,
        subject: &Subject,
        mut hits: Vec<Timestamp>,
        hit: Timestamp,
    ) -> Result<(), StorageError> {
        let limits = self.limits(subject);
        hits.push(hit);
        hits.sort_unstable();
        limits.forget_old(&mut hits, hit);
        let expire_time = hit + limits.memory();
        storage::throttle::update(transaction, &subject.key(), &hits, expire_time).await
    }

    fn refuse_if_full(
        &self,
        subject: &Subject,
        hits: &[Timestamp],
        now: Timestamp,
    ) -> Result<(), ThrottleError> {
        match self.limits(subject).wait(hits, now) {
            None => Ok(()),
            Some(wait) => Err(ThrottleError::Throttled {
                limit: subject.throttled(),
                retry_after: wait.unsigned_abs(),
            }),
        }
    }
}
