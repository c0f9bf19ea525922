//! Table `challenge`.

mod changes;
mod delete;
mod end;
mod history;
mod row;

use std::collections::HashMap;

use jiff::Timestamp;
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait as _, ConnectionTrait, EntityTrait as _, ExprTrait as _, IntoActiveModel as _,
    QueryFilter as _, QueryOrder as _, QuerySelect as _,
    sea_query::{Expr, SimpleExpr},
};
use uuid::Uuid;

pub use changes::{add_wrong_try_by_account, find_changes_with_codes};
pub use delete::{delete, delete_of, find_changes, list_naming, list_of_addresses};
pub use end::{end_all, end_email_changes, end_repeats};
pub use history::{find_account_to_have, list_of};

use super::{
    entity::challenge::{ActiveModel, Column, Entity, Model},
    error::StorageError,
    to_millis,
};
use crate::{
    credentials::{hasher::CodeSalt, token::TokenDigest},
    domain::account_id::AccountId,
    model::challenge::{Challenge, IssuedTicket, MAX_WRONG_TRIES, Spent, repeatable_since},
};

/// Stores new challenges.
pub async fn insert(
    db: &impl ConnectionTrait,
    challenges: &[Challenge],
) -> Result<(), StorageError> {
    let row = |challenge| Ok(Model::try_from(challenge)?.into_active_model());
    let rows = challenges.iter().map(row).collect::<Result<Vec<_>, StorageError>>()?;
    Entity::insert_many(rows).exec_without_returning(db).await?;
    Ok(())
}

/// Finds a challenge.
pub async fn find(db: &impl ConnectionTrait, id: Uuid) -> Result<Option<Challenge>, StorageError> {
    Entity::find_by_id(id).one(db).await?.map(Challenge::try_from).transpose()
}

/// Finds a challenge and keeps others from answering it until the transaction ends.
pub async fn find_for_update(
    db: &impl ConnectionTrait,
    id: Uuid,
) -> Result<Option<Challenge>, StorageError> {
    let row = Entity::find_by_id(id).lock_exclusive().one(db).await?;
    row.map(Challenge::try_from).transpose()
}

/// The challenge that gave a ticket.
pub async fn find_by_ticket(
    db: &impl ConnectionTrait,
    digest: &TokenDigest,
) -> Result<Option<Challenge>, StorageError> {
    let row = Entity::find().filter(Column::TicketDigest.eq(digest.as_bytes())).one(db).await?;
    row.map(Challenge::try_from).transpose()
}

/// The challenges for an address whose codes may serve; the newest first. `change_of` is
/// the account whose address is to become this one; none for those by which the owner of
/// the address comes into its account.
pub async fn find_with_codes(
    db: &impl ConnectionTrait,
    email_key: &str,
    change_of: Option<AccountId>,
    now: Timestamp,
) -> Result<Vec<Challenge>, StorageError> {
    let kind = match change_of {
        Some(account_id) => Column::AccountId.eq(account_id.to_db()),
        None => Column::AccountId.is_null(),
    };
    let rows = Entity::find()
        .filter(Column::EmailKey.eq(email_key))
        .filter(kind)
        .filter(has_codes(now))
        .order_by_desc(Column::CreateTime)
        .order_by_desc(Column::Id)
        .all(db)
        .await?;
    rows.into_iter().map(Challenge::try_from).collect()
}

/// The challenges of an address by which its owner comes into the account, that were made
/// after `since`, are not answered, and were ended neither by wrong codes nor by a new
/// password; the newest first, at most 20. Their time may be over.
pub async fn find_waiting(
    db: &impl ConnectionTrait,
    email_key: &str,
    since: Timestamp,
) -> Result<Vec<Challenge>, StorageError> {
    let rows = Entity::find()
        .filter(Column::EmailKey.eq(email_key))
        .filter(Column::AccountId.is_null())
        .filter(Column::CreateTime.gt(to_millis(since)))
        .filter(Column::SpentTime.is_null())
        .filter(Column::WrongTries.lt(MAX_WRONG_TRIES))
        .filter(end::is_not_ended())
        .order_by_desc(Column::CreateTime)
        .order_by_desc(Column::Id)
        .limit(20)
        .all(db)
        .await?;
    rows.into_iter().map(Challenge::try_from).collect()
}

/// Has a challenge wait until then; one that waits longer stays as it is.
pub async fn prolong(
    db: &impl ConnectionTrait,
    id: Uuid,
    until: Timestamp,
) -> Result<(), StorageError> {
    let row = ActiveModel { expire_time: Set(to_millis(until)), ..Default::default() };
    Entity::update_many()
        .set(row)
        .filter(Column::Id.eq(id))
        .filter(Column::ExpireTime.lt(to_millis(until)))
        .exec(db)
        .await?;
    Ok(())
}

/// The salt of the newest challenge whose codes may serve, for each address that has any,
/// whatever it is for.
pub async fn find_salts(
    db: &impl ConnectionTrait,
    email_keys: impl IntoIterator<Item = &str>,
    now: Timestamp,
) -> Result<HashMap<String, CodeSalt>, StorageError> {
    let rows: Vec<(Option<String>, Vec<u8>, String)> = Entity::find()
        .select_only()
        .columns([Column::EmailKey, Column::Salt, Column::HashParams])
        .filter(Column::EmailKey.is_in(email_keys))
        .filter(has_codes(now))
        .order_by_asc(Column::CreateTime)
        .order_by_asc(Column::Id)
        .into_tuple()
        .all(db)
        .await?;
    // The last of each address stays.
    let salt = |(email_key, salt, params): (Option<String>, Vec<u8>, String)| {
        Ok((email_key.unwrap_or_default(), row::code_salt(&salt, &params)?))
    };
    rows.into_iter().map(salt).collect()
}

/// [`Challenge::has_codes`], as a condition.
fn has_codes(now: Timestamp) -> SimpleExpr {
    Column::ExpireTime.gt(to_millis(repeatable_since(now)))
}

/// The challenge that was made at `create_time` to change an account's address
/// to the one with this key.
pub async fn find_email_change(
    db: &impl ConnectionTrait,
    account_id: AccountId,
    email_key: &str,
    create_time: Timestamp,
) -> Result<Option<Uuid>, StorageError> {
    let id: Option<Uuid> = Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(Column::AccountId.eq(account_id.to_db()))
        .filter(Column::EmailKey.eq(email_key))
        .filter(Column::CreateTime.eq(to_millis(create_time)))
        .into_tuple()
        .one(db)
        .await?;
    Ok(id)
}

/// Counts a wrong code against one challenge.
pub async fn add_wrong_try(db: &impl ConnectionTrait, id: Uuid) -> Result<(), StorageError> {
    Entity::update_many()
        .col_expr(Column::WrongTries, Expr::col(Column::WrongTries).add(1))
        .filter(Column::Id.eq(id))
        .exec(db)
        .await?;
    Ok(())
}

/// Stores that a challenge was answered, and the ticket that this gave.
pub async fn spend(
    db: &impl ConnectionTrait,
    id: Uuid,
    spent: &Spent,
    ticket: Option<&IssuedTicket>,
) -> Result<(), StorageError> {
    let row = ActiveModel {
        spent_time: Set(Some(to_millis(spent.time))),
        spent_code_id: Set(Some(spent.code_id)),
        spent_call: Set(Some(spent.call.to_vec())),
        outcome_account_id: Set(Some(spent.account_id.to_db())),
        outcome_account_existed: Set(Some(spent.account_existed)),
        ticket_digest: Set(ticket.map(|ticket| ticket.digest.clone())),
        ticket_expire_time: Set(ticket.map(|ticket| to_millis(ticket.expire_time))),
        ..Default::default()
    };
    Entity::update_many().set(row).filter(Column::Id.eq(id)).exec(db).await?;
    Ok(())
}

/// Stores that a challenge's ticket was used.
pub async fn spend_ticket(
    db: &impl ConnectionTrait,
    id: Uuid,
    now: Timestamp,
) -> Result<(), StorageError> {
    let row = ActiveModel { ticket_spent_time: Set(Some(to_millis(now))), ..Default::default() };
    Entity::update_many().set(row).filter(Column::Id.eq(id)).exec(db).await?;
    Ok(())
}
