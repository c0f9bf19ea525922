//! EraseAccount: an agent erases a customer's personal data for good (GDPR, article 17). What
//! goes is decided in [`erasure`]; this says when, for whom, and what is told of it.
//!
//! All of it is one transaction under the lock of the account, or nothing of it.

use jiff::Timestamp;

use super::Agent;
use crate::{
    accounts::{
        Accounts, Origin, erasure,
        error::{DeskRefusal, Error},
        unit_of_work::Work,
    },
    audit::{self, Action},
    domain::{account_id::AccountId, minutes::Minutes, reason::Reason, request_name::RequestName},
    mail::notice::{Erasure, Notice},
    model::account::Account,
    storage::{account, account_alias, erased_account, erasure::Erased},
    telemetry::call,
};

/// Input of EraseAccount.
#[derive(Clone, Debug)]
pub struct EraseAccount {
    /// The account.
    pub account_id: AccountId,
    /// The etag that it must have, if any.
    pub etag: Option<String>,
    /// The balance of time that is given up.
    pub write_off: Minutes,
    /// On what ground, for the trail.
    pub reason: Reason,
    /// Whether the customer is not told.
    pub without_mail: bool,
    /// Whether only to tell what would be done.
    pub validate_only: bool,
}

/// An account was erased, or would be.
#[derive(Clone, Copy, Debug)]
pub struct AccountErased {
    /// When; none when it was not.
    pub erase_time: Option<Timestamp>,
    /// How much there was; nothing of an account that was erased before.
    pub erased: Erased,
    /// By when nothing is left of it; none when that depends on the operator.
    pub complete_time: Option<Timestamp>,
}

/// What an ID is, to somebody who would erase its account.
#[expect(clippy::large_enum_variant, reason = "there is one, for the time of a call")]
enum Named {
    /// That of an account, which is locked.
    Account(Account),
    /// That of an account that was erased then.
    Erased(Timestamp),
}

impl Accounts {
    /// Erases an account for an agent; a success when it is erased already.
    ///
    /// # Errors
    /// [`Error::Desk`] when there is no such account, the ID is that of one that was merged, or it
    /// has another balance than is given up; [`Error::EtagMismatch`].
    pub async fn erase_account(
        &self,
        command: &EraseAccount,
        agent: &Agent,
    ) -> Result<AccountErased, Error> {
        call::note_account(command.account_id);
        let origin = Origin { token: None, ip: agent.ip };
        let erased = self.change(&origin, |work| work.erase_for_desk(command, agent)).await?;
        if command.validate_only && erased.erase_time.is_none() {
            // What would be done shows how much there is.
            self.record_reading(command.account_id, &Action::ReadAccount, agent).await?;
        }
        Ok(erased)
    }

    /// By when nothing is left of an account that was erased then: its last mail has ended, and
    /// the file was compacted after that.
    fn erasure_complete_time(&self, erased: Timestamp, without_mail: bool) -> Option<Timestamp> {
        let told = if without_mail { erased } else { erased + self.lifetimes.notice };
        if self.db.is_in_file() { self.compact_at.next(told) } else { Some(told) }
    }
}

impl Work<'_> {
    async fn erase_for_desk(
        mut self,
        command: &EraseAccount,
        agent: &Agent,
    ) -> Result<AccountErased, Error> {
        let (accounts, now) = (self.accounts, self.now);
        let complete_time = |time| accounts.erasure_complete_time(time, command.without_mail);
        let account = match self.named(command.account_id).await? {
            Named::Account(account) => account,
            Named::Erased(time) => {
                self.discard().await?;
                let (erase_time, complete_time) = (Some(time), complete_time(time));
                return Ok(AccountErased { erase_time, erased: Erased::default(), complete_time });
            }
        };
        if command.etag.as_ref().is_some_and(|etag| *etag != account.etag()) {
            return Err(Error::EtagMismatch);
        }
        let balance = account.time_balance;
        if command.write_off != balance {
            return Err(DeskRefusal::TimeBalanceLeft { balance }.into());
        }
        if command.validate_only {
            let erased = erasure::count(&self.db, &account).await?;
            self.discard().await?;
            let complete_time = complete_time(now);
            return Ok(AccountErased { erase_time: None, erased, complete_time });
        }
        let write_off = RequestName::of(accounts.randomness.uuid());
        let erased = erasure::erase(&self.db, &account, Some(agent.key.id), write_off, now).await?;
        let action = Action::EraseAccount { reason: command.reason.clone() };
        audit::record(&self.db, account.id, &action, agent.actor(), now).await?;
        if !command.without_mail {
            let notice = Erasure::new(account.id, now, erased.kept_entries > 0);
            self.notify(&account, Notice::AccountErased(notice)).await?;
        }
        self.commit().await?;
        // By these lines an operator erases again what a backup has brought back.
        tracing::info!(account.id = %account.id, support_key.id = agent.key.id, "account erased");
        Ok(AccountErased { erase_time: Some(now), erased, complete_time: complete_time(now) })
    }

    /// What the ID is. That of an account which was merged is none here, though it is as good
    /// as the other one elsewhere: nobody is to erase another account than the one that was
    /// read.
    async fn named(&self, id: AccountId) -> Result<Named, Error> {
        // Twice: it may have been merged, or erased, while this waited for it.
        for _ in 0..2 {
            if let Some(alias) = account_alias::find(&self.db, id).await? {
                let into = alias.account_id;
                return Err(DeskRefusal::LeadsElsewhere { id, into }.into());
            }
            match account::find_for_update(&self.db, id).await? {
                Some(account) if account.id == id => return Ok(Named::Account(account)),
                _ => {}
            }
            if let Some(time) = erased_account::find(&self.db, id).await? {
                return Ok(Named::Erased(time));
            }
        }
        Err(DeskRefusal::AccountNotFound { id }.into())
    }
}
