//! Tables `time_entry` and `time_entry_note`: the time ledger, and what people wrote about its
//! entries. No function here changes an entry, and the database refuses it, too. The balance
//! that the entries come to stands in `account.time_balance`; whoever inserts holds the lock of
//! the account's row.

pub mod check;
mod list;

use std::collections::HashMap;

use jiff::Timestamp;
use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, ConnectionTrait, EntityTrait as _, QueryFilter as _,
    QueryOrder as _, QuerySelect as _, QueryTrait as _, Select,
};

pub use list::{list, list_all};

use super::{
    account::account_id,
    entity::{
        time_entry::{ActiveModel, Column, Entity, Model},
        time_entry_note as note,
    },
    error::StorageError,
    from_millis,
    many_keys::padded_lengths,
    to_millis,
};
use crate::{
    domain::{
        account_id::AccountId,
        entry_id::EntryId,
        machine::{Machine, MachineId, MachineName},
        minutes::Minutes,
        request_name::RequestName,
        text::Line,
    },
    model::time_entry::{NewTimeEntry, TimeEntry, TimeEntryKind, TimeEntryNote},
};

/// What a transaction has worked out about an entry.
#[derive(Clone, Copy, Debug)]
pub struct Placed {
    /// The account.
    pub account_id: AccountId,
    /// Its balance after the entry.
    pub balance_after: Minutes,
    /// Whether the entry took it below zero, or further below, which was allowed.
    pub overdraft: bool,
}

/// Writes an entry, and its note if it has one.
///
/// # Errors
/// [`StorageError::Unique`] when the account has an entry of this request.
pub async fn insert(
    db: &impl ConnectionTrait,
    new: &NewTimeEntry,
    placed: Placed,
    now: Timestamp,
) -> Result<TimeEntry, StorageError> {
    let row = ActiveModel {
        account_id: Set(placed.account_id.to_db()),
        request_id: Set(new.request.as_str().to_owned()),
        kind: Set(new.kind.name().to_owned()),
        minutes: Set(new.minutes.number()),
        balance_after: Set(placed.balance_after.number()),
        overdraft: Set(placed.overdraft),
        corrects_id: Set(new.corrects.map(EntryId::to_db)),
        transfer_id: Set(new.transfer_id),
        reference: Set(new.reference.as_str().to_owned()),
        support_key_id: Set(new.support_key_id),
        support_time: Set(to_millis(new.support_time)),
        create_time: Set(to_millis(now)),
        ..Default::default()
    };
    let entry = TimeEntry::try_from(Entity::insert(row).exec_with_returning(db).await?)?;
    if !new.note.is_empty() {
        insert_note(db, entry.id, &new.note).await?;
    }
    Ok(entry)
}

async fn insert_note(
    db: &impl ConnectionTrait,
    id: EntryId,
    written: &TimeEntryNote,
) -> Result<(), StorageError> {
    let machine = written.machine.as_ref();
    let name = machine.map(|machine| machine.name.as_str().to_owned());
    let row = note::ActiveModel {
        entry_id: Set(id.to_db()),
        summary: Set(written.summary.as_str().to_owned()),
        company_name: Set(written.company_name.as_str().to_owned()),
        machine_id: Set(machine.map(|machine| machine.id.uuid())),
        machine_name: Set(name.unwrap_or_default()),
    };
    note::Entity::insert(row).exec_without_returning(db).await?;
    Ok(())
}

/// An entry of one of these accounts.
pub async fn find(
    db: &impl ConnectionTrait,
    accounts: &[AccountId],
    id: EntryId,
) -> Result<Option<TimeEntry>, StorageError> {
    let row = of(accounts).filter(Column::Id.eq(id.to_db())).one(db).await?;
    row.map(TimeEntry::try_from).transpose()
}

/// What these accounts have of a request: one entry each, at most.
pub async fn find_by_request(
    db: &impl ConnectionTrait,
    accounts: &[AccountId],
    request: &RequestName,
) -> Result<Vec<TimeEntry>, StorageError> {
    entries(of(accounts).filter(Column::RequestId.eq(request.as_str())).all(db).await?)
}

/// The entries of a kind that a key has written since then with these minutes and this reference.
pub async fn list_alike(
    db: &impl ConnectionTrait,
    accounts: &[AccountId],
    new: &NewTimeEntry,
    since: Timestamp,
) -> Result<Vec<TimeEntry>, StorageError> {
    let rows = of(accounts)
        .filter(Column::CreateTime.gt(to_millis(since)))
        .filter(Column::Kind.eq(new.kind.name()))
        .filter(Column::Minutes.eq(new.minutes.number()))
        .filter(Column::Reference.eq(new.reference.as_str()))
        .filter(Column::SupportKeyId.eq(new.support_key_id))
        .order_by_desc(Column::Id)
        .all(db)
        .await?;
    entries(rows)
}

/// The entries that put one right, the oldest first.
pub async fn list_corrections(
    db: &impl ConnectionTrait,
    of: EntryId,
) -> Result<Vec<TimeEntry>, StorageError> {
    let corrections = Entity::find().filter(Column::CorrectsId.eq(of.to_db()));
    entries(corrections.order_by_asc(Column::Id).all(db).await?)
}

/// The entry by which the balance of an account went to the one that it was merged into; none
/// when there was no balance.
pub async fn find_merge_out(
    db: &impl ConnectionTrait,
    account: AccountId,
) -> Result<Option<TimeEntry>, StorageError> {
    let merges = of(&[account]).filter(Column::Kind.eq(TimeEntryKind::MergeOut.name()));
    let row = merges.order_by_desc(Column::Id).one(db).await?;
    row.map(TimeEntry::try_from).transpose()
}

/// Both halves of each merge that one of these entries is a half of.
pub async fn list_halves(
    db: &impl ConnectionTrait,
    entries_of: &[TimeEntry],
) -> Result<Vec<TimeEntry>, StorageError> {
    let transfers: Vec<_> = entries_of.iter().filter_map(|entry| entry.transfer_id).collect();
    if transfers.is_empty() {
        return Ok(Vec::new());
    }
    let transfers = padded_lengths(transfers, 1);
    entries(Entity::find().filter(Column::TransferId.is_in(transfers)).all(db).await?)
}

/// Whether one of these accounts has a ledger.
pub async fn exists(
    db: &impl ConnectionTrait,
    accounts: &[AccountId],
) -> Result<bool, StorageError> {
    let id: Option<i64> =
        of(accounts).select_only().column(Column::Id).limit(1).into_tuple().one(db).await?;
    Ok(id.is_some())
}

/// What people wrote about entries, as far as it is kept.
pub async fn find_notes(
    db: &impl ConnectionTrait,
    ids: impl IntoIterator<Item = EntryId>,
) -> Result<HashMap<EntryId, TimeEntryNote>, StorageError> {
    let ids: Vec<i64> = ids.into_iter().map(EntryId::to_db).collect();
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let ids = padded_lengths(ids, 1);
    let rows = note::Entity::find().filter(note::Column::EntryId.is_in(ids)).all(db).await?;
    rows.into_iter().map(|row| Ok((entry_id(row.entry_id)?, row.into()))).collect()
}

/// Deletes what people wrote about entries from before `old`, of at most so many entries; gives
/// how many. An entry of a lower number is older, so that the notes of the lowest are looked at,
/// and no others.
pub(super) async fn delete_notes(
    db: &impl ConnectionTrait,
    old: Timestamp,
    limit: u64,
) -> Result<u64, StorageError> {
    let lowest = note::Entity::find()
        .select_only()
        .column(note::Column::EntryId)
        .order_by_asc(note::Column::EntryId)
        .limit(limit)
        .into_query();
    let of_old = Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(Column::Id.in_subquery(lowest))
        .filter(Column::CreateTime.lt(to_millis(old)))
        .into_query();
    let notes = note::Entity::delete_many().filter(note::Column::EntryId.in_subquery(of_old));
    Ok(notes.exec(db).await?.rows_affected)
}

/// The entries of these accounts.
fn of(accounts: &[AccountId]) -> Select<Entity> {
    let ids = padded_lengths(accounts.iter().map(|id| id.to_db()).collect(), 1);
    Entity::find().filter(Column::AccountId.is_in(ids))
}

fn entries(rows: Vec<Model>) -> Result<Vec<TimeEntry>, StorageError> {
    rows.into_iter().map(TimeEntry::try_from).collect()
}

fn entry_id(id: i64) -> Result<EntryId, StorageError> {
    EntryId::from_db(id).ok_or_else(|| StorageError::damaged("time_entry.id"))
}

impl TryFrom<Model> for TimeEntry {
    type Error = StorageError;

    fn try_from(row: Model) -> Result<Self, StorageError> {
        let kind = TimeEntryKind::from_db(&row.kind);
        Ok(Self {
            id: entry_id(row.id)?,
            account_id: account_id(row.account_id)?,
            request: RequestName::from_db(row.request_id),
            kind: kind.ok_or_else(|| StorageError::damaged("time_entry.kind"))?,
            minutes: Minutes::new(row.minutes),
            balance_after: Minutes::new(row.balance_after),
            overdraft: row.overdraft,
            corrects: row.corrects_id.map(entry_id).transpose()?,
            transfer_id: row.transfer_id,
            reference: Line::from_db(row.reference),
            support_key_id: row.support_key_id,
            support_time: from_millis(row.support_time),
            create_time: from_millis(row.create_time),
        })
    }
}

impl From<note::Model> for TimeEntryNote {
    fn from(row: note::Model) -> Self {
        let machine = row.machine_id.map(|id| Machine {
            id: MachineId::from_db(id),
            name: MachineName::from_db(row.machine_name),
        });
        Self {
            summary: Line::from_db(row.summary),
            company_name: Line::from_db(row.company_name),
            machine,
        }
    }
}
