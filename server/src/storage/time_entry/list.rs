//! Pages of the ledger, the newest entry first. What is read is no more than a page.

use jiff::Timestamp;
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, EntityTrait as _, ExprTrait as _, QueryFilter as _,
    QueryOrder as _, QuerySelect as _, Select,
};

use super::{Column, Entity, TimeEntry, entries, to_millis};
use crate::{
    domain::{account_id::AccountId, entry_id::EntryId},
    model::time_entry::EntryBounds,
    storage::error::StorageError,
};

fn within(bounds: EntryBounds) -> Select<Entity> {
    let mut entries = Entity::find();
    if let Some(from) = bounds.from {
        entries = entries.filter(Column::CreateTime.gte(to_millis(from)));
    }
    if let Some(to) = bounds.to {
        entries = entries.filter(Column::CreateTime.lt(to_millis(to)));
    }
    if let Some(kind) = bounds.kind {
        entries = entries.filter(Column::Kind.eq(kind.name()));
    }
    entries
}

/// The entries of an account with lower numbers than `before`.
pub async fn list(
    db: &impl ConnectionTrait,
    account: AccountId,
    bounds: EntryBounds,
    before: Option<EntryId>,
    limit: u64,
) -> Result<Vec<TimeEntry>, StorageError> {
    let mut found = within(bounds).filter(Column::AccountId.eq(account.to_db()));
    if let Some(before) = before {
        found = found.filter(Column::Id.lt(before.to_db()));
    }
    // In the order of the account's own index, and of no other.
    let found = found.order_by_desc(Column::AccountId).order_by_desc(Column::Id);
    entries(found.limit(limit).all(db).await?)
}

/// The entries of all accounts: those before this time, and those at this time with a lower
/// number.
pub async fn list_all(
    db: &impl ConnectionTrait,
    bounds: EntryBounds,
    before: Option<(Timestamp, EntryId)>,
    limit: u64,
) -> Result<Vec<TimeEntry>, StorageError> {
    let mut found = within(bounds);
    if let Some((time, id)) = before {
        let time = to_millis(time);
        // The first condition alone bounds what is read of the index.
        let older = Column::CreateTime.lt(time).or(Column::Id.lt(id.to_db()));
        found = found.filter(Column::CreateTime.lte(time)).filter(older);
    }
    let found = found.order_by_desc(Column::CreateTime).order_by_desc(Column::Id);
    entries(found.limit(limit).all(db).await?)
}
