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
use crate::model::account::Account;

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
    let id = account.id.to_db();
    let ids: Vec<Uuid> = Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(
            Condition::any()
                .add(end::is_of(account))
                .add(Column::AccountId.eq(id))
                .add(Column::OutcomeAccountId.eq(id)),
        )
        .into_tuple()
        .all(db)
        .await?;
    for ids in ids.chunks(CHUNK) {
        let of_these = idempotency_key::Column::ChallengeId.is_in(ids.iter().copied());
        idempotency_key::Entity::delete_many().filter(of_these).exec(db).await?;
        Entity::delete_many().filter(Column::Id.is_in(ids.iter().copied())).exec(db).await?;
    }
    Ok(ids)
}
