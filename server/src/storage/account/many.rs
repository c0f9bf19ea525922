//! Many accounts, a batch after the other: what an operator does to all of them.

use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, ConnectionTrait, EntityTrait as _, QueryFilter as _,
    QueryOrder as _, QuerySelect as _,
};

use super::{
    super::{
        entity::account::{ActiveModel, Column, Entity},
        error::StorageError,
    },
    account_id,
};
use crate::domain::account_id::AccountId;

/// The IDs of accounts behind this one, the lowest first.
pub async fn list_ids(
    db: &impl ConnectionTrait,
    after: Option<AccountId>,
    limit: u64,
) -> Result<Vec<AccountId>, StorageError> {
    let ids: Vec<i64> = Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(Column::Id.gt(after.map_or(0, AccountId::to_db)))
        .order_by_asc(Column::Id)
        .limit(limit)
        .into_tuple()
        .all(db)
        .await?;
    ids.into_iter().map(account_id).collect()
}

/// Ends the passwords of accounts; gives those that had one.
pub async fn end_passwords(
    db: &impl ConnectionTrait,
    ids: &[AccountId],
) -> Result<Vec<AccountId>, StorageError> {
    let ended = Entity::update_many()
        .set(ActiveModel { password_hash: Set(None), ..Default::default() })
        .filter(Column::Id.is_in(ids.iter().map(|id| id.to_db())))
        .filter(Column::PasswordHash.is_not_null())
        .exec_with_returning(db)
        .await?;
    ended.into_iter().map(|row| account_id(row.id)).collect()
}
