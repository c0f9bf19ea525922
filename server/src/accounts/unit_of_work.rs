//! The unit of work: one transaction, and all that a writing use case does inside it.
//! [`Accounts::change`] begins it, and begins it anew when another transaction was in
//! its way; the use case ends it by [`Work::commit`] or [`Work::refuse`].

mod links;
mod mails;
mod time_ledger;

use std::net::IpAddr;

use jiff::Timestamp;

pub use mails::NewChallenge;

use super::{Accounts, Origin, error::Error};
use crate::{
    audit::{self, Action, Actor},
    domain::{account_id::AccountId, machine::MachineId},
    model::{account::Account, calling_machine::CallingMachine},
    storage::{account, error::StorageError, link, transaction::Transaction},
    telemetry::call,
};

/// A transaction of a use case. Dropped without an end, it leaves nothing behind.
pub(super) struct Work<'a> {
    pub(super) accounts: &'a Accounts,
    /// Where its statements run.
    pub(super) db: Transaction,
    /// When it began: whatever is decided or written in it has this one time.
    pub(super) now: Timestamp,
    /// Where the call comes from, when that is known.
    pub(super) ip: Option<IpAddr>,
    /// Whether it has put a mail into the outbox.
    has_mail: bool,
}

impl Accounts {
    /// Runs `attempt` in a transaction, and again when another one was in its way.
    ///
    /// It is handed over by value: that a future of `AsyncFnMut(&mut Work)` can be
    /// sent to another thread is not proved by the compiler of today.
    ///
    /// # Errors
    /// What the last attempt failed with.
    pub(super) async fn change<'a, T, F>(
        &'a self,
        origin: &Origin,
        attempt: impl Fn(Work<'a>) -> F,
    ) -> Result<T, Error>
    where
        F: Future<Output = Result<T, Error>>,
    {
        let begin_and_attempt = || async { attempt(self.begin(origin.ip).await?).await };
        call::traced("unit of work", self.db.retry(begin_and_attempt)).await
    }

    /// Begins a transaction that the caller ends, and repeats if it must.
    pub(super) async fn begin(&self, ip: Option<IpAddr>) -> Result<Work<'_>, StorageError> {
        let now = self.now();
        let db = self.db.begin().await?;
        Ok(Work { accounts: self, db, now, ip, has_mail: false })
    }
}

impl Work<'_> {
    /// The account, which nobody else changes until the end.
    ///
    /// # Errors
    /// [`Error::InvalidCredentials`] when there is none.
    pub(super) async fn account(&self, id: AccountId) -> Result<Account, Error> {
        self.find_account(id).await?.ok_or(Error::InvalidCredentials)
    }

    /// The same, if there is one. Whether there is takes a statement more or less: it is for
    /// callers who are told, or who know.
    pub(super) async fn find_account(
        &self,
        id: AccountId,
    ) -> Result<Option<Account>, StorageError> {
        match account::find_for_update(&self.db, id).await? {
            // It may have been merged while this waited for it.
            None => account::find_for_update(&self.db, id).await,
            found => Ok(found),
        }
    }

    /// The account of a machine that calls, which nobody else changes until the end. The
    /// machine may have been detached while its call waited for a hash.
    ///
    /// # Errors
    /// [`Error::InvalidCredentials`] when its token serves no more.
    pub(super) async fn account_of_caller(
        &self,
        caller: &CallingMachine,
    ) -> Result<Account, Error> {
        let account = self.account(caller.account.id).await?;
        // Under the lock of the account, under which links are made and cut.
        let link = link::find(&self.db, account.id, caller.link.machine.id).await?;
        match link {
            Some(link) if link.is_still(&caller.link) => Ok(account),
            _ => Err(Error::InvalidCredentials),
        }
    }

    /// Writes to the audit trail what `machine` did.
    pub(super) async fn record(
        &self,
        account_id: AccountId,
        machine: MachineId,
        action: &Action,
    ) -> Result<(), StorageError> {
        let actor = Actor::machine(machine, self.ip);
        audit::record(&self.db, account_id, action, actor, self.now).await
    }

    /// Keeps everything, and wakes the outbox if there is mail for it.
    ///
    /// # Errors
    /// A [`StorageError`], and nothing is kept.
    pub(super) async fn commit(self) -> Result<(), StorageError> {
        self.db.commit().await?;
        if self.has_mail {
            self.accounts.mail_queued.notify_one();
        }
        Ok(())
    }

    /// Refuses a wrong secret: what was counted against it is kept, and the answer is
    /// the refusal.
    ///
    /// # Errors
    /// Always: [`Error::InvalidCredentials`], or [`Error::Unavailable`] or
    /// [`Error::Storage`] when the count could not be kept.
    pub(super) async fn refuse<T>(self) -> Result<T, Error> {
        self.commit().await?;
        Err(Error::InvalidCredentials)
    }

    /// Keeps nothing.
    pub(super) async fn discard(self) -> Result<(), StorageError> {
        self.db.rollback().await
    }
}
