//! Deletes what was mailed for an account that ends, with the answers that were given for it.

use sea_orm::{
    ColumnTrait as _, Condition, ConnectionTrait, EntityTrait as _, QueryFilter as _,
    QuerySelect as _,
};
use uuid::Uuid;

use super::{
    super::{
        entity::{
            challenge::{Column, Entity},
            idempotency_key,
        },
        error::StorageError,
    },
    end,
};
use crate::{
    domain::{account_id::AccountId, email_address::EmailAddress},
    model::account::Account,
};

/// How many keys a statement has at most.
const CHUNK: usize = 1_000;

/// Deletes every challenge of an account, whatever became of it, with its codes, its ticket and
/// the answers to the requests that made it; gives their IDs. A challenge by which another account asks
/// for the address is not among them.
///
/// Only the addresses have an index. The rest is read through: of a week, and only when two
/// accounts become one.
pub async fn delete_of(
    db: &impl ConnectionTrait,
    account: &Account,
) -> Result<Vec<Uuid>, StorageError> {
    let ids: Vec<Uuid> = Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(Condition::any().add(end::is_of(account)).add(names(account.id)))
        .into_tuple()
        .all(db)
        .await?;
    delete(db, &ids).await?;
    Ok(ids)
}

/// Deletes challenges with their codes, their tickets and the answers to the requests that made
/// them.
pub async fn delete(db: &impl ConnectionTrait, ids: &[Uuid]) -> Result<(), StorageError> {
    for ids in ids.chunks(CHUNK) {
        let of_these = idempotency_key::Column::ChallengeId.is_in(ids.iter().copied());
        idempotency_key::Entity::delete_many().filter(of_these).exec(db).await?;
        Entity::delete_many().filter(Column::Id.is_in(ids.iter().copied())).exec(db).await?;
    }
    Ok(())
}

/// The challenges that name an account, and where each one's code goes. They are read through.
pub async fn list_naming(
    db: &impl ConnectionTrait,
    account: AccountId,
) -> Result<Vec<(Uuid, EmailAddress)>, StorageError> {
    let rows: Vec<(Uuid, Option<String>, Option<String>)> = Entity::find()
        .select_only()
        .columns([Column::Id, Column::Email, Column::EmailKey])
        .filter(names(account))
        .into_tuple()
        .all(db)
        .await?;
    let sent = |(id, email, key): (Uuid, Option<String>, Option<String>)| {
        (id, EmailAddress::from_db(email.unwrap_or_default(), key.unwrap_or_default()))
    };
    Ok(rows.into_iter().map(sent).collect())
}

/// The challenges of these addresses by which their owners come into their accounts.
pub async fn list_of_addresses(
    db: &impl ConnectionTrait,
    email_keys: impl IntoIterator<Item = &str>,
) -> Result<Vec<Uuid>, StorageError> {
    let ids = Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(Column::EmailKey.is_in(email_keys))
        .filter(Column::AccountId.is_null())
        .into_tuple();
    Ok(ids.all(db).await?)
}

/// Those of these challenges by which an account is to have an address.
pub async fn find_changes(
    db: &impl ConnectionTrait,
    ids: &[Uuid],
) -> Result<Vec<Uuid>, StorageError> {
    let mut changes = Vec::new();
    for ids in ids.chunks(CHUNK) {
        let found = Entity::find()
            .select_only()
            .column(Column::Id)
            .filter(Column::Id.is_in(ids.iter().copied()))
            .filter(Column::AccountId.is_not_null())
            .into_tuple::<Uuid>();
        changes.extend(found.all(db).await?);
    }
    Ok(changes)
}

fn names(account: AccountId) -> Condition {
    let id = account.to_db();
    Condition::any().add(Column::AccountId.eq(id)).add(Column::OutcomeAccountId.eq(id))
}
