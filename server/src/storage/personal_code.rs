//! Table `personal_code`: hashes of the codes that were mailed.

use std::collections::HashMap;

use jiff::Timestamp;
use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, ConnectionTrait, EntityTrait as _, QueryFilter as _,
    QueryOrder as _,
};
use uuid::Uuid;

use super::{
    entity::personal_code::{ActiveModel, Column, Entity},
    error::StorageError,
    from_millis, to_millis,
};
use crate::credentials::hasher::CodeHash;

/// How many codes of a challenge are valid together: a newer mail must not kill
/// the code that the customer is just typing.
const VALID_AT_ONCE: usize = 3;

/// A code that was mailed.
#[derive(Debug)]
pub struct MailedCode {
    /// Its ID.
    pub id: Uuid,
    /// Its challenge.
    pub challenge_id: Uuid,
    /// Until when it is valid.
    pub expire_time: Timestamp,
}

/// Stores a code's hash. The three codes before it stay, of which the oldest is
/// valid again when this one is deleted because its mail did not leave.
pub async fn insert(
    db: &impl ConnectionTrait,
    id: Uuid,
    challenge_id: Uuid,
    hash: &CodeHash,
    now: Timestamp,
    expire_time: Timestamp,
) -> Result<(), StorageError> {
    let row = ActiveModel {
        id: Set(id),
        challenge_id: Set(challenge_id),
        hash: Set(hash.as_bytes().to_vec()),
        create_time: Set(to_millis(now)),
        expire_time: Set(to_millis(expire_time)),
    };
    Entity::insert(row).exec_without_returning(db).await?;
    let codes = Entity::find()
        .filter(Column::ChallengeId.eq(challenge_id))
        .order_by_desc(Column::CreateTime)
        .order_by_desc(Column::Id)
        .all(db)
        .await?;
    let others = codes.into_iter().map(|code| code.id).filter(|other| *other != id);
    let old: Vec<Uuid> = others.skip(VALID_AT_ONCE).collect();
    if !old.is_empty() {
        Entity::delete_many().filter(Column::Id.is_in(old)).exec(db).await?;
    }
    Ok(())
}

/// Deletes a code whose mail certainly did not leave.
pub async fn delete(db: &impl ConnectionTrait, id: Uuid) -> Result<(), StorageError> {
    Entity::delete_by_id(id).exec(db).await?;
    Ok(())
}

/// The code with this hash, among the last three of each of the given
/// challenges. Every one is compared, each in constant time.
pub async fn find_matching(
    db: &impl ConnectionTrait,
    challenge_ids: impl IntoIterator<Item = Uuid>,
    hash: &CodeHash,
) -> Result<Option<MailedCode>, StorageError> {
    // With the nil UUID, which is no challenge's, the list is never empty: the
    // same query runs where there is nothing to find.
    let ids = challenge_ids.into_iter().chain([Uuid::nil()]);
    let rows = Entity::find()
        .filter(Column::ChallengeId.is_in(ids))
        .order_by_desc(Column::CreateTime)
        .order_by_desc(Column::Id)
        .all(db)
        .await?;
    let mut seen: HashMap<Uuid, usize> = HashMap::new();
    let mut found = None;
    for row in rows {
        let rank = seen.entry(row.challenge_id).or_default();
        *rank += 1;
        if *rank <= VALID_AT_ONCE && hash.matches(&row.hash) {
            found = Some(MailedCode {
                id: row.id,
                challenge_id: row.challenge_id,
                expire_time: from_millis(row.expire_time),
            });
        }
    }
    Ok(found)
}
