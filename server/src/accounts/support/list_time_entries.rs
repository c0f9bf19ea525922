//! ListTimeEntries: an agent reads the time ledger of an account, also of one that was erased, or
//! that of all accounts in a span of time, for the books.

use std::collections::HashMap;

use uuid::Uuid;

use super::Agent;
use crate::{
    accounts::{
        Accounts,
        error::{DeskRefusal, Error},
        time_ledger::{EntryPosition, LedgerPage},
    },
    audit::{self, Action},
    domain::{account_id::AccountId, minutes::Minutes},
    model::time_entry::{EntryBounds, TimeEntry, TimeEntryNote},
    storage::{account, account_alias, support_key, time_entry},
    telemetry::call,
};

/// Input of ListTimeEntries.
#[derive(Clone, Copy, Debug)]
pub struct ListTimeEntries {
    /// The account; none for all, which takes both ends of a span.
    pub account_id: Option<AccountId>,
    /// Which of the entries.
    pub bounds: EntryBounds,
    /// How many entries at most.
    pub page_size: u16,
    /// Where the page before ended; none for the first page.
    pub after: Option<EntryPosition>,
}

/// A page of the ledger.
pub struct TimeEntriesListed {
    /// The entries, the newest first.
    pub entries: Vec<TimeEntryShown>,
    /// Where the next page begins; none when there is none.
    pub next: Option<EntryPosition>,
    /// The balance of the account; none for all accounts.
    pub balance: Option<Minutes>,
}

/// An entry as an agent sees it.
pub struct TimeEntryShown {
    /// The entry.
    pub entry: TimeEntry,
    /// What was written about it.
    pub note: TimeEntryNote,
    /// The name of the key that wrote it; none for the operator.
    pub agent: Option<String>,
    /// The account of the other half of a merge.
    pub other_account_id: Option<AccountId>,
}

impl Accounts {
    /// Reads a page of the time ledger for an agent.
    ///
    /// # Errors
    /// [`Error::Desk`] when there is no such account, and was none.
    pub async fn list_time_entries_for_desk(
        &self,
        query: &ListTimeEntries,
        agent: &Agent,
    ) -> Result<TimeEntriesListed, Error> {
        let db = self.db.read();
        let (bounds, after, size) = (query.bounds, query.after, query.page_size);
        let (page, balance) = if let Some(id) = query.account_id {
            let (ids, balance) = self.readable_ledger(id).await?;
            self.record_reading(ids[0], &Action::ListTimeEntries, agent).await?;
            let page = LedgerPage::of_accounts(&db, &ids, bounds, after, size).await?;
            (page, Some(balance))
        } else {
            audit::record_reading_of_all(&self.db, agent.actor(), self.now()).await?;
            tracing::info!(support_key.id = agent.key.id, "time ledger read by support");
            (LedgerPage::of_all(&db, bounds, after, size).await?, None)
        };
        let LedgerPage { entries, mut notes, next } = page;
        let agents = entries.iter().filter_map(|entry| entry.support_key_id);
        let agents = support_key::find_names(&db, agents).await?;
        let halves = Self::halves(time_entry::list_halves(&db, &entries).await?);
        let shown = |entry: TimeEntry| TimeEntryShown {
            note: notes.remove(&entry.id).unwrap_or_default(),
            // Keys are never deleted; the number stands for one that is gone all the same.
            agent: entry
                .support_key_id
                .map(|id| agents.get(&id).cloned().unwrap_or_else(|| format!("agent {id}"))),
            other_account_id: entry.transfer_id.and_then(|transfer| {
                let both = halves.get(&transfer)?;
                both.iter().copied().find(|id| *id != entry.account_id)
            }),
            entry,
        };
        Ok(TimeEntriesListed { entries: entries.into_iter().map(shown).collect(), next, balance })
    }

    /// The IDs that an account has entries under, its own first, and its balance. One that was
    /// erased has a ledger, and no balance.
    async fn readable_ledger(&self, id: AccountId) -> Result<(Vec<AccountId>, Minutes), Error> {
        call::note_account(id);
        let db = self.db.read();
        let account = account::find(&db, id).await?;
        let (own, balance) = if let Some(account) = &account {
            (account.id, account.time_balance)
        } else {
            let alias = account_alias::find(&db, id).await?;
            (alias.map_or(id, |alias| alias.account_id), Minutes::ZERO)
        };
        let mut ids = vec![own];
        ids.extend(account_alias::list(&db, own).await?);
        if account.is_none() && !time_entry::exists(&db, &ids).await? {
            return Err(DeskRefusal::AccountNotFound { id }.into());
        }
        Ok((ids, balance))
    }

    /// The accounts of each merge.
    fn halves(entries: Vec<TimeEntry>) -> HashMap<Uuid, Vec<AccountId>> {
        let mut halves: HashMap<Uuid, Vec<AccountId>> = HashMap::new();
        for entry in entries {
            if let Some(transfer) = entry.transfer_id {
                halves.entry(transfer).or_default().push(entry.account_id);
            }
        }
        halves
    }
}
