//! Table `erased_account`: that an account was erased, and when. A number and a time are all
//! that is kept: an ID that was read out must not be mistaken for one that never was.

use jiff::Timestamp;
use sea_orm::{
    ActiveValue::Set, ConnectionTrait, EntityTrait as _, ExprTrait as _, QueryFilter as _,
    QuerySelect as _, sea_query::Expr,
};

use super::{
    account_alias::leads_to,
    entity::erased_account::{ActiveModel, Column, Entity},
    error::StorageError,
    from_millis, to_millis,
};
use crate::domain::account_id::AccountId;

/// When the account was erased that this ID led to, its own or that of one that was merged
/// into it; none of one that was not.
pub async fn find(
    db: &impl ConnectionTrait,
    id: AccountId,
) -> Result<Option<Timestamp>, StorageError> {
    let time: Option<i64> = Entity::find()
        .select_only()
        .column(Column::EraseTime)
        .filter(Expr::col((Entity, Column::Id)).eq(leads_to(id)))
        .into_tuple()
        .one(db)
        .await?;
    Ok(time.map(from_millis))
}

/// Notes that an account is erased.
pub async fn insert(
    db: &impl ConnectionTrait,
    id: AccountId,
    now: Timestamp,
) -> Result<(), StorageError> {
    let row = ActiveModel { id: Set(id.to_db()), erase_time: Set(to_millis(now)) };
    Entity::insert(row).exec_without_returning(db).await?;
    Ok(())
}
