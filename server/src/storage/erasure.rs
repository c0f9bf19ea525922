//! Deletes whatever tells of an account that ends for good, and notes that it is erased. Which
//! rows these are, for every table and every column, is in `docs/PRIVACY.md`; what belongs to
//! another customer is sorted out before ([`crate::accounts`]), and nothing is decided here.

use std::ops::Range;

use jiff::Timestamp;
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, EntityTrait as _, PaginatorTrait as _, QueryFilter as _,
    QuerySelect as _, QueryTrait as _, sea_query::SimpleExpr,
};
use uuid::Uuid;

use super::{
    account, account_word, challenge,
    entity::{audit_event, link, time_entry, time_entry_note},
    erased_account,
    error::StorageError,
    outbox_mail, throttle,
};
use crate::domain::account_id::AccountId;

/// What belongs to an account.
#[derive(Debug)]
pub struct Belongings {
    /// Its ID, and those that lead to it.
    pub ids: Vec<AccountId>,
    /// What was mailed, or is to be, for it and to its addresses.
    pub challenges: Vec<Uuid>,
    /// The mails.
    pub mails: Vec<Uuid>,
    /// What is counted for it, by key.
    pub limits: Vec<String>,
    /// The same of wrong passwords and codes.
    pub secrets: Range<String>,
}

/// How much there was.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Erased {
    /// Machines that were linked.
    pub machines: u32,
    /// Events of the trail.
    pub events: u32,
    /// Entries of the time ledger, which stay.
    pub kept_entries: u32,
}

/// How much there is to erase of an account with these IDs.
pub async fn count(
    db: &impl ConnectionTrait,
    account: AccountId,
    ids: &[AccountId],
) -> Result<Erased, StorageError> {
    let machines = link::Entity::find()
        .filter(link::Column::AccountId.eq(account.to_db()))
        .filter(link::Column::UnlinkTime.is_null())
        .count(db)
        .await?;
    let events = audit_event::Entity::find().filter(is_event_of(ids)).count(db).await?;
    let entries = time_entry::Entity::find().filter(is_entry_of(ids)).count(db).await?;
    let (machines, events, kept_entries) = (number(machines), number(events), number(entries));
    Ok(Erased { machines, events, kept_entries })
}

/// Erases an account that is locked. What refers to its row goes first.
pub async fn erase(
    db: &impl ConnectionTrait,
    account: AccountId,
    belongings: Belongings,
    now: Timestamp,
) -> Result<Erased, StorageError> {
    let Belongings { ids, challenges, mails, limits, secrets } = belongings;
    let erased = count(db, account, &ids).await?;
    link::Entity::delete_many()
        .filter(link::Column::AccountId.eq(account.to_db()))
        .exec(db)
        .await?;
    account_word::delete(db, account).await?;
    challenge::delete(db, &challenges).await?;
    outbox_mail::delete(db, mails).await?;
    audit_event::Entity::delete_many().filter(is_event_of(&ids)).exec(db).await?;
    // The entries have no text, and stay for the books.
    let entries = time_entry::Entity::find()
        .select_only()
        .column(time_entry::Column::Id)
        .filter(is_entry_of(&ids))
        .into_query();
    time_entry_note::Entity::delete_many()
        .filter(time_entry_note::Column::EntryId.in_subquery(entries))
        .exec(db)
        .await?;
    throttle::delete_secrets(db, secrets).await?;
    throttle::delete(db, limits).await?;
    account::delete(db, account).await?;
    erased_account::insert(db, account, now).await?;
    Ok(erased)
}

fn is_entry_of(ids: &[AccountId]) -> SimpleExpr {
    time_entry::Column::AccountId.is_in(ids.iter().map(|id| id.to_db()))
}

fn is_event_of(ids: &[AccountId]) -> SimpleExpr {
    audit_event::Column::AccountId.is_in(ids.iter().map(|id| id.to_db()))
}

fn number(count: u64) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
