//! Pages of the time ledger of one account, as it is read by the customer and by the desk.

use std::{cmp::Reverse, collections::HashMap};

use jiff::Timestamp;
use sea_orm::ConnectionTrait;

use crate::{
    domain::{account_id::AccountId, entry_id::EntryId},
    model::time_entry::{EntryBounds, TimeEntry, TimeEntryNote},
    storage::{error::StorageError, time_entry},
};

/// Where a page of entries ends: the next one begins with what is older.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EntryPosition {
    /// When the last entry of the page was written.
    pub time: Timestamp,
    /// Its number.
    pub id: EntryId,
}

/// A page of entries.
pub(super) struct LedgerPage {
    pub(super) entries: Vec<TimeEntry>,
    pub(super) notes: HashMap<EntryId, TimeEntryNote>,
    pub(super) next: Option<EntryPosition>,
}

impl LedgerPage {
    /// The entries that were written under any of these IDs, the newest first. Each ID has an
    /// index of its own, of which no more is read than a page needs.
    pub(super) async fn of_accounts(
        db: &impl ConnectionTrait,
        ids: &[AccountId],
        bounds: EntryBounds,
        after: Option<EntryPosition>,
        size: u16,
    ) -> Result<Self, StorageError> {
        let before = after.map(|after| after.id);
        let mut entries = Vec::new();
        for id in ids {
            entries.extend(time_entry::list(db, *id, bounds, before, limit(size)).await?);
        }
        entries.sort_unstable_by_key(|entry| Reverse(entry.id));
        Self::cut(db, entries, size).await
    }

    /// The entries of all accounts, the newest first.
    pub(super) async fn of_all(
        db: &impl ConnectionTrait,
        bounds: EntryBounds,
        after: Option<EntryPosition>,
        size: u16,
    ) -> Result<Self, StorageError> {
        let before = after.map(|after| (after.time, after.id));
        Self::cut(db, time_entry::list_all(db, bounds, before, limit(size)).await?, size).await
    }

    async fn cut(
        db: &impl ConnectionTrait,
        mut entries: Vec<TimeEntry>,
        size: u16,
    ) -> Result<Self, StorageError> {
        let has_more = entries.len() > usize::from(size);
        entries.truncate(size.into());
        let last = entries.last().filter(|_| has_more);
        let next = last.map(|last| EntryPosition { time: last.create_time, id: last.id });
        let notes = time_entry::find_notes(db, entries.iter().map(|entry| entry.id)).await?;
        Ok(Self { entries, notes, next })
    }
}

/// One more tells whether there is another page.
fn limit(size: u16) -> u64 {
    u64::from(size) + 1
}
