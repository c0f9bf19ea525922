//! ListTimeEntries: a linked machine reads the time ledger of its own account. Which agent wrote
//! an entry, it is not told.

use super::{
    Accounts, Origin,
    error::Error,
    time_ledger::{EntryPosition, LedgerPage},
};
use crate::{
    domain::{account_id::AccountId, minutes::Minutes},
    model::time_entry::{EntryBounds, TimeEntry, TimeEntryNote},
    storage::account_alias,
};

/// The account whose ledger a machine may read.
#[derive(Clone, Copy, Debug)]
pub struct OwnLedger {
    account_id: AccountId,
    balance: Minutes,
}

/// A page of an account's own ledger.
pub struct OwnTimeEntries {
    /// The entries, the newest first, each with what was written about it.
    pub entries: Vec<(TimeEntry, TimeEntryNote)>,
    /// Where the next page begins; none when there is none.
    pub next: Option<EntryPosition>,
    /// The balance.
    pub balance: Minutes,
}

impl OwnLedger {
    /// Whose it is.
    #[must_use]
    pub fn account_id(&self) -> AccountId {
        self.account_id
    }
}

impl Accounts {
    /// The ledger that the caller may read, before its fields are looked at: where a page begins
    /// is told of this account only.
    ///
    /// # Errors
    /// [`Error::InvalidCredentials`]; [`Error::PermissionDenied`] for a support key;
    /// [`Error::Throttled`].
    pub async fn own_ledger(&self, origin: &Origin) -> Result<OwnLedger, Error> {
        let account = self.authenticate_machine(origin).await?.account;
        Ok(OwnLedger { account_id: account.id, balance: account.time_balance })
    }

    /// A page of it, with the entries of accounts that were merged into this one.
    ///
    /// # Errors
    /// [`Error::Unavailable`], [`Error::Storage`].
    pub async fn list_time_entries(
        &self,
        ledger: OwnLedger,
        after: Option<EntryPosition>,
        page_size: u16,
    ) -> Result<OwnTimeEntries, Error> {
        let db = self.db.read();
        let mut ids = vec![ledger.account_id];
        ids.extend(account_alias::list(&db, ledger.account_id).await?);
        let bounds = EntryBounds::default();
        let page = LedgerPage::of_accounts(&db, &ids, bounds, after, page_size).await?;
        let LedgerPage { entries, mut notes, next } = page;
        let noted = |entry: TimeEntry| {
            let note = notes.remove(&entry.id).unwrap_or_default();
            (entry, note)
        };
        let entries = entries.into_iter().map(noted).collect();
        Ok(OwnTimeEntries { entries, next, balance: ledger.balance })
    }
}
