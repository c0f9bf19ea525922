//! MergeAccounts: an agent ends one of two accounts that a company has opened. Its machines go
//! to the other one, and its ID leads there from then on.
//!
//! All of it is one transaction under the locks of both accounts, or nothing of it.

use std::{cmp::Ordering, collections::HashSet};

use uuid::Uuid;

use super::{Agent, missing};
use crate::{
    accounts::{
        Accounts, Origin,
        error::{DeskRefusal, Error},
        unit_of_work::Work,
    },
    audit::{self, Action, MergedAccounts},
    domain::{
        account_id::AccountId, minutes::Minutes, reason::Reason, request_name::RequestName,
        violation::Problem,
    },
    mail::{
        letter::Letter,
        notice::{Merge, Notice},
    },
    model::{
        account::Account,
        account_alias::{AccountAlias, MergedMachines},
        link::MAX_MACHINES,
        time_entry::{NewTimeEntry, Reference, TimeEntryKind, TimeEntryNote},
    },
    storage::{
        account, account_alias, account_word, challenge,
        error::StorageError,
        link::{self, Plan},
        outbox_mail, time_entry,
    },
    telemetry::call,
};

/// Input of MergeAccounts.
#[derive(Clone, Debug)]
pub struct MergeAccounts {
    /// The account that ends.
    pub from: AccountId,
    /// The account that stays.
    pub into: AccountId,
    /// The etag that the former must have, if any.
    pub from_etag: Option<String>,
    /// The etag that the latter must have, if any.
    pub into_etag: Option<String>,
    /// Why, for the trail.
    pub reason: Reason,
    /// Whether only to tell what would be done.
    pub validate_only: bool,
}

/// An account was merged into another one, or would be.
pub struct Merged {
    /// The account that stays.
    pub account: Account,
    /// What became of the machines of the other one.
    pub machines: MergedMachines,
    /// How much time credit came over.
    pub minutes: Minutes,
    /// The time credit of the account that stays, with it.
    pub balance: Minutes,
    /// The account that ends, while it has not yet.
    from: Option<AccountId>,
}

/// The two accounts of a merge.
#[expect(clippy::large_enum_variant, reason = "there is one, for the time of a call")]
enum Parties {
    /// Both live, and are locked.
    Two { from: Account, into: Account },
    /// They are one already.
    One { into: Account, alias: AccountAlias },
}

impl Accounts {
    /// Merges an account into another one for an agent; a success when it is merged there
    /// already.
    ///
    /// # Errors
    /// [`Error::Desk`] when there is no such account, one was merged elsewhere before, or they
    /// have too many machines; [`Error::EtagMismatch`].
    pub async fn merge_accounts(
        &self,
        command: &MergeAccounts,
        agent: &Agent,
    ) -> Result<Merged, Error> {
        call::note_account(command.into);
        let origin = Origin { token: None, ip: agent.ip };
        let merged = self.change(&origin, |work| work.merge_for_desk(command, agent)).await?;
        if command.validate_only {
            // What would be done shows the accounts as they are.
            for id in merged.from.into_iter().chain([merged.account.id]) {
                self.record_reading(id, &Action::ReadAccount, agent).await?;
            }
        }
        Ok(merged)
    }
}

impl Work<'_> {
    async fn merge_for_desk(
        mut self,
        command: &MergeAccounts,
        agent: &Agent,
    ) -> Result<Merged, Error> {
        let (from, into) = match self.parties(command).await? {
            Parties::Two { from, into } => (from, into),
            Parties::One { into, alias } => {
                let moved = time_entry::find_merge_out(&self.db, alias.id).await?;
                self.discard().await?;
                return Ok(Merged {
                    machines: alias.machines,
                    minutes: moved.map_or(Minutes::ZERO, |entry| entry.minutes.negated()),
                    balance: into.time_balance,
                    account: into,
                    from: None,
                });
            }
        };
        check_etag(&from, command.from_etag.as_deref())?;
        check_etag(&into, command.into_etag.as_deref())?;
        let count = link::count_machines_of_both(&self.db, [from.id, into.id]).await?;
        if count > MAX_MACHINES {
            return Err(DeskRefusal::TooManyMachines { into: into.id, count }.into());
        }
        let minutes = from.time_balance;
        let too_much = || Error::invalid("into_account_id", Problem::BalanceOutOfRange);
        let balance = into.time_balance.plus(minutes).ok_or_else(too_much)?;
        let plan = link::plan_merge(&self.db, from.id, into.id).await?;
        let machines = plan.machines;
        if command.validate_only {
            self.discard().await?;
            return Ok(Merged { account: into, machines, minutes, balance, from: Some(from.id) });
        }
        let account = self.merge(from.clone(), into, plan, agent).await?;
        self.tell_of_merge(&from, &account, machines).await?;
        let merged = MergedAccounts { from: from.id, into: account.id };
        let action = Action::MergeAccounts { merged, reason: command.reason.clone() };
        for id in [from.id, account.id] {
            audit::record(&self.db, id, &action, agent.actor(), self.now).await?;
        }
        self.commit().await?;
        Ok(Merged { account, machines, minutes, balance, from: None })
    }

    /// The accounts, locked in the order of their IDs. An account that was merged has no row to
    /// lock: what it has become is looked at before.
    async fn parties(&self, command: &MergeAccounts) -> Result<Parties, Error> {
        let (from, named) = (command.from, command.into);
        let alias = account_alias::find(&self.db, from).await?;
        let into = account_alias::find(&self.db, named).await?;
        let into = into.map_or(named, |alias| alias.account_id);
        match alias {
            Some(alias) if alias.account_id == into => {
                let Some(into) = account::find(&self.db, into).await? else {
                    return Err(missing(&self.db, into).await);
                };
                return Ok(Parties::One { into, alias });
            }
            Some(alias) => {
                return Err(DeskRefusal::AlreadyMerged { id: from, into: alias.account_id }.into());
            }
            // The other way round.
            None if into == from => {
                return Err(DeskRefusal::AlreadyMerged { id: named, into: from }.into());
            }
            None => {}
        }
        let both = account::find_both_for_update(&self.db, [from, into]).await?;
        let Ok([lower, higher]) = <[Account; 2]>::try_from(both) else {
            return Err(self.missing([from, into]).await?);
        };
        Ok(match from.cmp(&into) {
            Ordering::Less => Parties::Two { from: lower, into: higher },
            _ => Parties::Two { from: higher, into: lower },
        })
    }

    /// Which of two accounts is not there. One that was merged while this waited for it makes
    /// the transaction begin anew.
    async fn missing(&self, ids: [AccountId; 2]) -> Result<Error, Error> {
        for id in ids {
            if account_alias::find(&self.db, id).await?.is_some() {
                return Ok(StorageError::gone("account").into());
            }
            if account::find(&self.db, id).await?.is_none() {
                return Ok(missing(&self.db, id).await);
            }
        }
        Ok(StorageError::gone("account").into())
    }

    /// Ends the one account; gives the other one as it is then. What hangs on the row goes
    /// first.
    async fn merge(
        &self,
        mut from: Account,
        mut into: Account,
        plan: Plan,
        agent: &Agent,
    ) -> Result<Account, Error> {
        let machines = plan.machines;
        self.move_time(&mut from, &mut into, agent).await?;
        link::merge(&self.db, from.id, into.id, plan).await?;
        let challenges = challenge::delete_of(&self.db, &from).await?;
        self.delete_mails(&from, challenges).await?;
        self.accounts.throttles.forget(&self.db, from.id, &from.email).await?;
        account_word::delete(&self.db, from.id).await?;
        account::delete(&self.db, from.id).await?;
        let alias = AccountAlias { id: from.id, account_id: into.id, machines };
        account_alias::insert(&self.db, &alias, self.now).await?;
        // A form that a machine has read of the one must not pass for one of the other.
        if into.version <= from.version {
            into.version = from.version + 1;
            account::update_version(&self.db, into.id, into.version).await?;
        }
        Ok(into)
    }

    /// Moves the time credit of the one account to the other one, by an entry of each.
    async fn move_time(
        &self,
        from: &mut Account,
        into: &mut Account,
        agent: &Agent,
    ) -> Result<(), Error> {
        let minutes = from.time_balance;
        if minutes.is_zero() {
            return Ok(());
        }
        let transfer = self.accounts.randomness.uuid();
        let half = |kind, minutes| NewTimeEntry {
            request: RequestName::of(transfer),
            kind,
            minutes,
            allow_overdraft: true,
            corrects: None,
            transfer_id: Some(transfer),
            reference: Reference::default(),
            support_key_id: Some(agent.key.id),
            support_time: self.now,
            note: TimeEntryNote::default(),
        };
        let out = half(TimeEntryKind::MergeOut, minutes.negated());
        self.append_time(from, &out).await?;
        self.append_time(into, &half(TimeEntryKind::MergeIn, minutes)).await?;
        Ok(())
    }

    /// Deletes the mails to an account's addresses that were not sent: those that tell of it, and
    /// those that were to bring a code for one of `challenges`.
    async fn delete_mails(&self, of: &Account, challenges: Vec<Uuid>) -> Result<(), Error> {
        let challenges: HashSet<Uuid> = challenges.into_iter().collect();
        let is_of = |letter: &str| match Letter::from_json(letter) {
            Ok(Letter::Code { challenge_id, .. }) => challenges.contains(&challenge_id),
            Ok(Letter::Notice(notice)) => notice.account_id() == of.id.number(),
            // Of a later release.
            Err(_) => false,
        };
        let pending = of.pending_address();
        let addresses = [Some(&of.email), pending.as_ref()].into_iter().flatten();
        let mails = outbox_mail::find_pending_to(&self.db, addresses).await?;
        let mails = mails.into_iter().filter(|(_, letter)| is_of(letter));
        outbox_mail::delete(&self.db, mails.map(|(id, _)| id).collect()).await?;
        Ok(())
    }

    async fn tell_of_merge(
        &mut self,
        from: &Account,
        into: &Account,
        machines: MergedMachines,
    ) -> Result<(), Error> {
        let merge = Merge {
            from_account_id: from.id.number(),
            into_account_id: into.id.number(),
            time_millis: self.now.as_millisecond(),
            machines: machines.moved + machines.joined,
        };
        let into_email_masked = into.email.masked();
        self.notify(from, Notice::AccountMerged { merge: merge.clone(), into_email_masked })
            .await?;
        self.notify(into, Notice::AccountExtended(merge)).await?;
        Ok(())
    }
}

fn check_etag(account: &Account, etag: Option<&str>) -> Result<(), Error> {
    match etag {
        Some(etag) if etag != account.etag() => Err(Error::EtagMismatch),
        _ => Ok(()),
    }
}
