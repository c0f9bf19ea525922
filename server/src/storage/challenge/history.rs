//! What was asked for by a customer lately, whatever became of it, for the support desk.

use jiff::Timestamp;
use sea_orm::{
    ColumnTrait as _, Condition, ConnectionTrait, EntityTrait as _, QueryFilter as _,
    QueryOrder as _, QuerySelect as _,
};

use super::super::{
    account::account_id,
    entity::challenge::{Column, Entity},
    error::StorageError,
    to_millis,
};
use crate::{
    domain::{account_id::AccountId, email_address::EmailAddress},
    model::challenge::Challenge,
};

/// The challenges of a mailbox that were made after `since`, the newest first: those by which
/// its owner comes into the account, and those by which `account` was or is to have this
/// address, or the one that is `pending`.
pub async fn list_of(
    db: &impl ConnectionTrait,
    email: &EmailAddress,
    account: Option<AccountId>,
    pending: Option<&EmailAddress>,
    since: Timestamp,
    limit: u64,
) -> Result<Vec<Challenge>, StorageError> {
    let of = |email: &EmailAddress| Condition::all().add(Column::EmailKey.eq(email.key()));
    let is_change_of = |id: AccountId| Column::AccountId.eq(id.to_db());
    let whose = Condition::any()
        .add(of(email).add(Column::AccountId.is_null()))
        .add_option(account.map(|id| of(email).add(is_change_of(id))))
        .add_option(account.zip(pending).map(|(id, email)| of(email).add(is_change_of(id))));
    let rows = Entity::find()
        .filter(whose)
        .filter(Column::CreateTime.gt(to_millis(since)))
        .order_by_desc(Column::CreateTime)
        .order_by_desc(Column::Id)
        .limit(limit)
        .all(db)
        .await?;
    rows.into_iter().map(Challenge::try_from).collect()
}

/// The account that is to have this address, by the newest change that can be confirmed.
pub async fn find_account_to_have(
    db: &impl ConnectionTrait,
    email_key: &str,
    now: Timestamp,
) -> Result<Option<AccountId>, StorageError> {
    let id: Option<i64> = Entity::find()
        .select_only()
        .column(Column::AccountId)
        .filter(Column::EmailKey.eq(email_key))
        .filter(Column::AccountId.is_not_null())
        .filter(Column::SpentTime.is_null())
        .filter(Column::ExpireTime.gt(to_millis(now)))
        .order_by_desc(Column::CreateTime)
        .order_by_desc(Column::Id)
        .into_tuple()
        .one(db)
        .await?;
    id.map(account_id).transpose()
}
