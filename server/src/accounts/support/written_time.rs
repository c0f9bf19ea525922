//! What the calls that write into the time ledger have in common: the account under its lock,
//! the entry of a call that is repeated, and what was perhaps written twice.

use jiff::SignedDuration;

use super::Agent;
use crate::{
    accounts::{
        error::{DeskRefusal, Error},
        unit_of_work::Work,
    },
    audit::{self, Action},
    domain::{
        account_id::AccountId, entry_id::EntryId, request_name::RequestName, violation::Problem,
    },
    model::{
        account::Account,
        time_entry::{NewTimeEntry, TimeEntry, TimeEntryNote},
    },
    storage::{account_alias, time_entry},
};

/// How long ago the same is taken for a repeat, where no request ID tells it from a second one.
const PERHAPS_A_REPEAT: SignedDuration = SignedDuration::from_mins(5);

/// An entry that a call has written, or that it had written before.
#[derive(Debug)]
pub struct TimeWritten {
    /// The entry, with the balance of then.
    pub entry: TimeEntry,
    /// What a person wrote about it.
    pub note: TimeEntryNote,
}

/// An account under its lock, with the IDs under which it has entries.
pub(super) struct Ledger {
    pub(super) account: Account,
    /// Its own, and those of accounts that were merged into it: what was written under one of
    /// them is not written again.
    pub(super) ids: Vec<AccountId>,
}

impl Work<'_> {
    pub(super) async fn ledger(&self, id: AccountId) -> Result<Ledger, Error> {
        let account = self.account_for_desk(id).await?;
        let mut ids = vec![account.id];
        ids.extend(account_alias::list(&self.db, account.id).await?);
        Ok(Ledger { account, ids })
    }

    /// What a call of this request ID has written, if there was one. Texts are not compared: they
    /// may be erased since.
    ///
    /// # Errors
    /// [`Problem::RequestIdReused`] when that call was another one.
    pub(super) async fn find_written(
        &self,
        ledger: &Ledger,
        request: Option<&RequestName>,
        is_the_same: impl Fn(&TimeEntry) -> bool,
    ) -> Result<Option<TimeWritten>, Error> {
        let Some(request) = request else { return Ok(None) };
        let written = time_entry::find_by_request(&self.db, &ledger.ids, request).await?;
        if written.is_empty() {
            return Ok(None);
        }
        let reused = || Error::invalid("request_id", Problem::RequestIdReused);
        let entry = written.into_iter().find(is_the_same).ok_or_else(reused)?;
        let mut notes = time_entry::find_notes(&self.db, [entry.id]).await?;
        let note = notes.remove(&entry.id).unwrap_or_default();
        Ok(Some(TimeWritten { entry, note }))
    }

    /// Refuses what the same key has written a moment ago.
    pub(super) async fn refuse_duplicate(
        &self,
        ledger: &Ledger,
        new: &NewTimeEntry,
    ) -> Result<(), Error> {
        let since = self.now - PERHAPS_A_REPEAT;
        let alike = time_entry::list_alike(&self.db, &ledger.ids, new, since).await?;
        let notes = time_entry::find_notes(&self.db, alike.iter().map(|entry| entry.id)).await?;
        let summary = |id: EntryId| notes.get(&id).map_or("", |note| note.summary.as_str());
        let same = alike.iter().find(|entry| summary(entry.id) == new.note.summary.as_str());
        let Some(same) = same else { return Ok(()) };
        Err(DeskRefusal::PossibleDuplicate {
            entry: same.id,
            minutes: same.minutes.size(),
            age_seconds: self.now.duration_since(same.create_time).as_secs().max(0),
        }
        .into())
    }

    /// Writes an entry and its event, and keeps them.
    pub(super) async fn write_time(
        self,
        mut ledger: Ledger,
        new: NewTimeEntry,
        action: impl Fn(EntryId) -> Action,
        agent: &Agent,
    ) -> Result<TimeWritten, Error> {
        let entry = self.append_time(&mut ledger.account, &new).await?;
        let action = action(entry.id);
        audit::record(&self.db, ledger.account.id, &action, agent.actor(), self.now).await?;
        self.commit().await?;
        Ok(TimeWritten { entry, note: new.note })
    }

    /// What a request is called that its caller did not call anything.
    pub(super) fn request_name(&self, given: Option<&RequestName>) -> RequestName {
        given.cloned().unwrap_or_else(|| RequestName::of(self.accounts.randomness.uuid()))
    }
}
