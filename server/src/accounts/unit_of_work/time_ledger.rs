//! Writes an entry of the time ledger and the balance that comes of it: the only place that
//! changes a balance.

use super::Work;
use crate::{
    accounts::error::{DeskRefusal, Error},
    domain::violation::Problem,
    model::{
        account::Account,
        time_entry::{NewTimeEntry, TimeEntry, TimeEntryKind},
    },
    storage::{
        account,
        time_entry::{self, Placed},
    },
};

impl Work<'_> {
    /// Adds an entry to the ledger of an account, which this transaction has locked, and changes
    /// its balance.
    ///
    /// # Errors
    /// [`Error::Desk`] with [`DeskRefusal::TimeCreditExhausted`] when the balance would fall
    /// below zero, or further below, and may not; [`Error::Invalid`] when it would leave the
    /// bounds of a balance.
    pub(in crate::accounts) async fn append_time(
        &self,
        account: &mut Account,
        new: &NewTimeEntry,
    ) -> Result<TimeEntry, Error> {
        let balance = account.time_balance;
        let out_of_range = || Error::invalid("minutes", Problem::BalanceOutOfRange);
        let balance_after = balance.plus(new.minutes).ok_or_else(out_of_range)?;
        // A merge and an erasure take the balance as it is.
        let is_checked = !matches!(
            new.kind,
            TimeEntryKind::MergeIn | TimeEntryKind::MergeOut | TimeEntryKind::WriteOff
        );
        let overdraft = is_checked && new.minutes.is_negative() && balance_after.is_negative();
        if overdraft && !new.allow_overdraft {
            let missing = balance_after.negated();
            return Err(DeskRefusal::TimeCreditExhausted { balance, missing }.into());
        }
        let placed = Placed { account_id: account.id, balance_after, overdraft };
        let entry = time_entry::insert(&self.db, new, placed, self.now).await?;
        account::update_time_balance(&self.db, account.id, balance_after).await?;
        account.time_balance = balance_after;
        Ok(entry)
    }
}
