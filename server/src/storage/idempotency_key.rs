//! Table `idempotency_key`: what was answered to a `request_id`.

use jiff::Timestamp;
use sea_orm::{ActiveValue::Set, ConnectionTrait, EntityTrait as _, TryInsertResult};
use uuid::Uuid;

use super::{
    entity::idempotency_key::{ActiveModel, Column, Entity},
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

/// What was answered to `request_id`, if it was asked before.
///
/// # Errors
/// A [`StorageError`].
pub async fn find(
    db: &impl ConnectionTrait,
    request_id: Uuid,
) -> Result<Option<Answered>, StorageError> {
    let Some(row) = Entity::find_by_id(request_id).one(db).await? else {
        return Ok(None);
    };
    let request_digest = row.request_digest.as_slice().try_into();
    Ok(Some(Answered {
        request_digest: request_digest.map_err(|_| StorageError::damaged("request_digest"))?,
        challenge_id: row.challenge_id,
        code_expire_time: from_millis(row.code_expire_time),
        resend_time: from_millis(row.resend_time),
    }))
}

/// Stores what is answered to `request_id`, unless it was answered before; tells
/// whether it did. Who asks at the same moment waits for the end of the transaction.
///
/// # Errors
/// A [`StorageError`].
pub async fn insert_if_new(
    db: &impl ConnectionTrait,
    request_id: Uuid,
    answered: &Answered,
    now: Timestamp,
) -> Result<bool, StorageError> {
    let row = ActiveModel {
        request_id: Set(request_id),
        request_digest: Set(answered.request_digest.to_vec()),
        challenge_id: Set(answered.challenge_id),
        code_expire_time: Set(to_millis(answered.code_expire_time)),
        resend_time: Set(to_millis(answered.resend_time)),
        create_time: Set(to_millis(now)),
    };
    let inserted = Entity::insert(row)
        .on_conflict_do_nothing_on([Column::RequestId])
        .exec_without_returning(db)
        .await?;
    Ok(matches!(inserted, TryInsertResult::Inserted(1..)))
}
