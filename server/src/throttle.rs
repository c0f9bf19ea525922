//! Rate limits: how often something may be tried, and when again.
//!
//! They are durable and shared: what is counted is in the database, written in the
//! transaction of what it counts. Time is handed in. Only calls per network and per
//! token (`calls`), the mails of all strangers (`mails_in_all`) and addresses of many
//! accounts (`crowded_addresses`) are counted in memory: they guard this server's own work.

mod asked_mail;
pub mod calls;
mod counts;
pub mod crowded_addresses;
mod in_force;
mod limits;
pub mod mails_in_all;
pub mod of_account;
mod subject;
mod tried_secret;

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use sea_orm::ConnectionTrait;

pub use asked_mail::{AskedMail, Asker};
pub use counts::Counts;
use counts::is_ahead;
pub use in_force::LimitInForce;
pub use limits::{Limit, Limits, Waits};
pub use subject::{Guesser, Helped, Subject};
pub use tried_secret::{AttemptBy, Tried, TriedSecret};

use crate::{
    domain::{account_id::AccountId, email_address::EmailAddress},
    storage::{self, database::Database, error::StorageError},
};

/// The limits in force.
#[derive(Clone, Debug)]
pub struct Throttles {
    /// Mails to one address, or asked for under one account ID.
    pub mails_per_address: Limits,
    /// Codes that the support desk has mailed for one account, or one address without any.
    pub support_mails: Limits,
    /// Mails asked for from one IP address (IPv6: one /64). A network around it has
    /// these limits times the number of its shares.
    pub mails_per_ip: Limits,
    /// Wrong passwords, by account and by who tries. A network of strangers around the
    /// narrowest has these counts times the number of its shares, and none of the waits.
    pub wrong_passwords: Limits,
    /// Wrong codes that were shown with an account's ID, likewise.
    pub wrong_codes: Limits,
    /// Wrong passwords for an account of all strangers together.
    pub wrong_passwords_of_strangers: Limits,
}

impl Default for Throttles {
    /// Contract §5; passwords as CNIL deliberation 2022-100 asks of each caller.
    fn default() -> Self {
        let (minute, hour) = (SignedDuration::from_mins(1), SignedDuration::from_hours(1));
        let day = hour * 24;
        Self {
            mails_per_address: Limits::new([(1, minute), (5, hour), (10, day)]),
            support_mails: Limits::new([(3, hour)]),
            mails_per_ip: Limits::new([(20, hour)]),
            wrong_passwords: Limits::new([(25, day)]).with_waits(Waits {
                free: 5,
                first: minute,
                longest: hour,
            }),
            wrong_codes: Limits::new([(10, day)]),
            wrong_passwords_of_strangers: Limits::new([(100, day)]),
        }
    }
}

/// Which limit was hit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Throttled {
    /// Wrong passwords for this account.
    Passwords,
    /// Wrong codes for this account.
    Codes,
    /// Mails to this address or account.
    MailsPerAddress,
    /// Mails asked for from this IP address.
    MailsPerIp,
    /// Mails that strangers ask this server for.
    MailsInAll,
    /// Calls from this IP address.
    CallsPerIp,
    /// Calls with this link token.
    CallsWithToken,
    /// Calls with this support key.
    CallsWithKey,
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
        match subject {
            Subject::Secrets(_, _, Guesser::Strangers) => &self.wrong_passwords_of_strangers,
            Subject::Secrets(_, Tried::Password, _) => &self.wrong_passwords,
            Subject::Secrets(_, Tried::Code, _) => &self.wrong_codes,
            Subject::MailsTo(..) | Subject::MailsInto(..) | Subject::MailsFor(..) => {
                &self.mails_per_address
            }
            Subject::SupportMails(_) => &self.support_mails,
            Subject::MailsFrom(_) => &self.mails_per_ip,
        }
    }

    /// For how long anything is counted after now, at the longest: what waits for its turn
    /// is counted from then on.
    #[must_use]
    pub fn longest_memory(&self) -> SignedDuration {
        let all = [
            &self.mails_per_address,
            &self.support_mails,
            &self.mails_per_ip,
            &self.wrong_passwords,
            &self.wrong_codes,
            &self.wrong_passwords_of_strangers,
        ];
        all.map(Limits::memory).into_iter().max().unwrap_or_default() * 2
    }

    /// Whether `secret` may be tried just now. It counts nothing and locks nothing, and
    /// spares the work of a call that would be refused.
    ///
    /// # Errors
    /// A [`ThrottleError`].
    pub async fn check(
        &self,
        db: &Database,
        secret: &TriedSecret,
        now: Timestamp,
    ) -> Result<(), ThrottleError> {
        let hits = storage::throttle::find(&db.read(), keys(secret.subjects())).await?;
        if hits.values().any(|hits| is_ahead(hits, now)) {
            self.settle(db, secret.subjects().iter(), now).await?;
        }
        secret.check(&Counts::of(self, hits), now)
    }

    /// Has what lies in the future for `subjects` stored as what happened now, in a
    /// transaction of its own: a call that is refused leaves nothing of its own one.
    ///
    /// # Errors
    /// A [`StorageError`].
    pub async fn settle(
        &self,
        db: &Database,
        subjects: impl Iterator<Item = &Subject> + Clone,
        now: Timestamp,
    ) -> Result<(), StorageError> {
        db.retry(|| async {
            let transaction = db.begin().await?;
            let mut counts = self.lock(&transaction, subjects.clone()).await?;
            subjects.clone().for_each(|subject| counts.settle(subject, now));
            counts.store(&transaction).await?;
            transaction.commit().await
        })
        .await
    }

    /// Whether nothing was counted against whoever tries `secret`.
    ///
    /// # Errors
    /// A [`StorageError`].
    pub async fn is_clear(
        &self,
        db: &impl ConnectionTrait,
        secret: &TriedSecret,
    ) -> Result<bool, StorageError> {
        let hits = storage::throttle::find(db, keys(secret.subjects())).await?;
        Ok(hits.values().all(Vec::is_empty))
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

    /// Forgets what was counted against whoever tried `secret`, as a right one does.
    ///
    /// # Errors
    /// A [`StorageError`].
    pub async fn clear(
        &self,
        transaction: &impl ConnectionTrait,
        secret: &TriedSecret,
    ) -> Result<(), StorageError> {
        storage::throttle::delete(transaction, keys(secret.subjects())).await
    }

    /// Forgets all wrong passwords and codes of an account, whoever tried them: whoever
    /// proves its mailbox, or sets its password, has tried others before.
    ///
    /// # Errors
    /// A [`StorageError`].
    pub async fn clear_secrets(
        &self,
        transaction: &impl ConnectionTrait,
        account: AccountId,
    ) -> Result<(), StorageError> {
        let keys = Subject::keys_of_secrets(account);
        storage::throttle::delete_secrets(transaction, keys).await
    }

    /// Forgets the mails with codes that were sent to an account, once those codes are
    /// ended: its owner may need another one, and strangers had them sent.
    ///
    /// # Errors
    /// A [`StorageError`].
    pub async fn clear_mails(
        &self,
        transaction: &impl ConnectionTrait,
        account: AccountId,
        mailbox: &EmailAddress,
    ) -> Result<(), StorageError> {
        let subjects = AskedMail::subjects_of(account, mailbox);
        storage::throttle::delete(transaction, keys(&subjects)).await
    }

    /// Forgets whatever was counted for an account that ends, and for its mailbox.
    ///
    /// # Errors
    /// A [`StorageError`].
    pub async fn forget(
        &self,
        transaction: &impl ConnectionTrait,
        account: AccountId,
        mailbox: &EmailAddress,
    ) -> Result<(), StorageError> {
        self.clear_secrets(transaction, account).await?;
        let mut subjects = AskedMail::subjects_of(account, mailbox);
        subjects.push(Subject::MailsFor(account, Asker::NewAddress));
        storage::throttle::delete(transaction, keys(&subjects)).await
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

fn keys(subjects: &[Subject]) -> Vec<String> {
    subjects.iter().map(Subject::key).collect()
}
