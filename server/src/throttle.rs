//! Rate limits: how often something may be tried, and when again.
//!
//! They are durable and shared: what is counted is in the database, written in the
//! transaction of what it counts. Time is handed in. Only calls per network and per
//! token (`calls`) and the mails of all strangers (`mails_in_all`) are counted in
//! memory: those limits guard this server's own work.

mod asked_mail;
pub mod calls;
mod counts;
mod limits;
pub mod mails_in_all;
mod subject;

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use sea_orm::ConnectionTrait;

pub use asked_mail::AskedMail;
pub use counts::Counts;
pub use limits::{Limit, Limits, Waits};
pub use subject::{AttemptBy, Subject};

use crate::{
    domain::account_id::AccountId,
    storage::{self, error::StorageError},
};

/// The limits in force.
#[derive(Clone, Debug)]
pub struct Throttles {
    /// Mails to one address, or asked for under one account ID.
    pub mails_per_address: Limits,
    /// Mails asked for from one IP address (IPv6: one /64). A network around it has
    /// these limits times the number of its shares.
    pub mails_per_ip: Limits,
    /// Wrong passwords, by account and by where they come from.
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
    /// Mails that strangers ask this server for.
    MailsInAll,
    /// Calls from this IP address.
    CallsPerIp,
    /// Calls with this link token or support key.
    CallsWithToken,
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
            Throttled::MailsPerIp => &self.mails_per_ip,
            // The others are limits of no subject.
            Throttled::MailsPerAddress
            | Throttled::MailsInAll
            | Throttled::CallsPerIp
            | Throttled::CallsWithToken => &self.mails_per_address,
        }
    }

    /// Whether `subject` may go on just now. It counts nothing and locks nothing, and
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

    /// Whether nothing was counted.
    ///
    /// # Errors
    /// A [`StorageError`].
    pub async fn is_clear(
        &self,
        db: &impl ConnectionTrait,
        subject: &Subject,
    ) -> Result<bool, StorageError> {
        Ok(storage::throttle::find(db, &subject.key()).await?.is_empty())
    }

    /// What was counted of `subjects`, inside the transaction that will count.
    /// Others who count the same wait for its end.
    ///
    /// # Errors
    /// A [`StorageError`].
    pub async fn lock(
        &self,
        transaction: &impl ConnectionTrait,
        subjects: impl IntoIterator<Item = &Subject>,
    ) -> Result<Counts<'_>, StorageError> {
        Counts::lock(self, transaction, subjects).await
    }

    /// Forgets what was counted, as a right password does with the wrong ones.
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

    /// Forgets all wrong passwords of an account, whoever tried them: whoever proves its
    /// mailbox, or sets its password, has tried others before.
    ///
    /// # Errors
    /// A [`StorageError`].
    pub async fn clear_passwords(
        &self,
        transaction: &impl ConnectionTrait,
        account: AccountId,
    ) -> Result<(), StorageError> {
        let keys = Subject::keys_of_passwords(account);
        storage::throttle::delete_passwords(transaction, keys).await
    }

    fn refuse_if_full(
        &self,
        subject: &Subject,
        hits: &[Timestamp],
        now: Timestamp,
    ) -> Result<(), ThrottleError> {
        match self.limits(subject).wait_of_shares(hits, subject.shares(), now) {
            None => Ok(()),
            Some(wait) => Err(ThrottleError::Throttled {
                limit: subject.throttled(),
                retry_after: wait.unsigned_abs(),
            }),
        }
    }
}
