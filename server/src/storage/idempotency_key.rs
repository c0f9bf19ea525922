//! Table `idempotency_key`: what was answered to a `request_id`.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;
use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, ConnectionTrait, EntityTrait as _, QueryFilter as _,
    TryInsertResult,
};
use uuid::Uuid;

use super::{
    entity::idempotency_key::{ActiveModel, Column, Entity, Model},
    error::StorageError,
    from_millis, to_millis,
};

/// What was answered to a request.
#[derive(Clone, Debug)]
pub struct Answered {
    /// SHA-256 of the request.
    pub request_digest: [u8; 32],
    /// The challenge that was made.
    pub challenge_id: Uuid,
    /// Until when its code is valid.
    pub code_expire_time: Timestamp,
    /// From when on another mail may be asked for.
    pub resend_time: Timestamp,
}

/// What was answered to those of `request_ids` that were asked before.
pub async fn find(
    db: &impl ConnectionTrait,
    request_ids: Vec<Uuid>,
) -> Result<HashMap<Uuid, Answered>, StorageError> {
    if request_ids.is_empty() {
        return Ok(HashMap::new());
    }
    let rows = Entity::find().filter(Column::RequestId.is_in(request_ids)).all(db).await?;
    let answered = |row: Model| {
        let request_digest = row.request_digest.as_slice().try_into();
        let answered = Answered {
            request_digest: request_digest.map_err(|_| StorageError::damaged("request_digest"))?,
            challenge_id: row.challenge_id,
            code_expire_time: from_millis(row.code_expire_time),
            resend_time: from_millis(row.resend_time),
        };
        Ok((row.request_id, answered))
    };
    rows.into_iter().map(answered).collect()
}

/// Stores what is answered to each request, unless it was answered before; gives
/// the IDs of those that are new. A concurrent request with one of them waits for
/// the end of the transaction.
pub async fn insert_new(
    db: &impl ConnectionTrait,
    answered: impl IntoIterator<Item = (Uuid, &Answered)>,
    now: Timestamp,
) -> Result<HashSet<Uuid>, StorageError> {
    let row = |(request_id, answered): (Uuid, &Answered)| ActiveModel {
        request_id: Set(request_id),
        request_digest: Set(answered.request_digest.to_vec()),
        challenge_id: Set(answered.challenge_id),
        code_expire_time: Set(to_millis(answered.code_expire_time)),
        resend_time: Set(to_millis(answered.resend_time)),
        create_time: Set(to_millis(now)),
    };
    let inserted = Entity::insert_many(answered.into_iter().map(row))
        .on_conflict_do_nothing_on([Column::RequestId])
        .exec_with_returning_keys(db)
        .await?;
    Ok(match inserted {
        TryInsertResult::Inserted(ids) => ids.into_iter().collect(),
        TryInsertResult::Empty | TryInsertResult::Conflicted => HashSet::new(),
    })
}

/// Forgets that these were answered.
pub async fn delete(db: &impl ConnectionTrait, request_ids: Vec<Uuid>) -> Result<(), StorageError> {
    if !request_ids.is_empty() {
        Entity::delete_many().filter(Column::RequestId.is_in(request_ids)).exec(db).await?;
    }
    Ok(())
}
