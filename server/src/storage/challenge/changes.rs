//! Changes of an account's address, found by the account's ID instead of a challenge's. Each
//! statement runs, and does the same, where there is nothing to find.

use jiff::Timestamp;
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, EntityTrait as _, ExprTrait as _, QueryFilter as _,
    QueryOrder as _, sea_query::Expr,
};

use super::{
    super::{
        entity::challenge::{Column, Entity},
        error::StorageError,
    },
    has_codes,
};
use crate::{domain::account_id::AccountId, model::challenge::Challenge};

/// The challenges by which an account is to have, or a moment ago got, one of these addresses,
/// and whose codes may serve; the newest first.
pub async fn find_changes_with_codes(
    db: &impl ConnectionTrait,
    account_id: AccountId,
    email_keys: [&str; 2],
    now: Timestamp,
) -> Result<Vec<Challenge>, StorageError> {
    let rows = Entity::find()
        .filter(Column::EmailKey.is_in(email_keys))
        .filter(Column::AccountId.eq(account_id.to_db()))
        .filter(has_codes(now))
        .order_by_desc(Column::CreateTime)
        .order_by_desc(Column::Id)
        .all(db)
        .await?;
    rows.into_iter().map(Challenge::try_from).collect()
}

/// Counts a wrong code against each challenge by which an account is to have an address.
pub async fn add_wrong_try_by_account(
    db: &impl ConnectionTrait,
    account_id: AccountId,
    email_key: &str,
) -> Result<(), StorageError> {
    Entity::update_many()
        .col_expr(Column::AccountWrongTries, Expr::col(Column::AccountWrongTries).add(1))
        .filter(Column::EmailKey.eq(email_key))
        .filter(Column::AccountId.eq(account_id.to_db()))
        .filter(Column::SpentTime.is_null())
        .exec(db)
        .await?;
    Ok(())
}
