//! Table `challenge`.

mod end;
mod row;

use std::collections::HashMap;

use jiff::Timestamp;
use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, Condition, ConnectionTrait, EntityTrait as _,
    ExprTrait as _, IntoActiveModel as _, QueryFilter as _, QueryOrder as _, QuerySelect as _,
    sea_query::Expr,
};
use uuid::Uuid;

pub use end::end_all;

use super::{
    entity::challenge::{ActiveModel, Column, Entity, Model},
    error::StorageError,
    to_millis,
};
use crate::{
    credentials::{hasher::CodeSalt, token::TokenDigest},
    domain::account_id::AccountId,
    model::challenge::{Challenge, IssuedTicket, Spent, repeatable_since},
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

/// The challenges by which the owner of an address may come into its account:
/// live ones, and those answered within the repeat window; the newest first.
pub async fn find_by_email(
    db: &impl ConnectionTrait,
    email_key: &str,
    now: Timestamp,
) -> Result<Vec<Challenge>, StorageError> {
    let rows = Entity::find()
        .filter(Column::EmailKey.eq(email_key))
        .filter(is_candidate(now))
        .order_by_desc(Column::CreateTime)
        .order_by_desc(Column::Id)
        .all(db)
        .await?;
    rows.into_iter().map(Challenge::try_from).collect()
}

/// The salt of the newest of these challenges, for each address that has any.
pub async fn find_salts(
    db: &impl ConnectionTrait,
    email_keys: impl IntoIterator<Item = &str>,
    now: Timestamp,
) -> Result<HashMap<String, CodeSalt>, StorageError> {
    let rows: Vec<(Option<String>, Vec<u8>, String)> = Entity::find()
        .select_only()
        .columns([Column::EmailKey, Column::Salt, Column::HashParams])
        .filter(Column::EmailKey.is_in(email_keys))
        .filter(is_candidate(now))
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

/// [`Challenge::is_candidate`], as a condition.
fn is_candidate(now: Timestamp) -> Condition {
    let is_live = Column::SpentTime.is_null().and(Column::ExpireTime.gt(to_millis(now)));
    let may_be_repeated = Column::SpentTime.gte(to_millis(repeatable_since(now)));
    Condition::all()
        .add(Column::AccountId.is_null())
        .add(Condition::any().add(is_live).add(may_be_repeated))
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

/// Counts a wrong code, given with an account's ID, against every live
/// challenge of the account's address.
pub async fn add_account_wrong_try(
    db: &impl ConnectionTrait,
    email_key: &str,
    now: Timestamp,
) -> Result<(), StorageError> {
    Entity::update_many()
        .col_expr(Column::AccountWrongTries, Expr::col(Column::AccountWrongTries).add(1))
        .filter(Column::EmailKey.eq(email_key))
        .filter(Column::SpentTime.is_null())
        .filter(Column::ExpireTime.gt(to_millis(now)))
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
