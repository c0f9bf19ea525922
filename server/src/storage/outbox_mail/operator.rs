//! The queue as its operator sees it, and what the operator may change. A mail that a server
//! has leased is that server's: nothing here touches it.

use jiff::Timestamp;
use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, Condition, ConnectionTrait, EntityTrait as _,
    ExprTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _,
};
use uuid::Uuid;

use super::{End, PENDING};
use crate::{
    domain::locale::Locale,
    model::queued_mail::{MailState, QueuedMail},
    storage::{
        entity::outbox_mail::{ActiveModel, Column, Entity, Model},
        error::StorageError,
        from_millis, to_millis,
    },
};

/// The mails of a state, or all, the newest first; from behind the one at `after`.
pub async fn list(
    db: &impl ConnectionTrait,
    state: Option<MailState>,
    after: Option<(Timestamp, Uuid)>,
    limit: usize,
    now: Timestamp,
) -> Result<Vec<QueuedMail>, StorageError> {
    let mut mails = Entity::find();
    if let Some(state) = state {
        mails = mails.filter(is_in(state, now));
    }
    if let Some((time, id)) = after {
        let time = to_millis(time);
        let older =
            Column::CreateTime.lt(time).or(Column::CreateTime.eq(time).and(Column::Id.lt(id)));
        mails = mails.filter(older);
    }
    let limit = u64::try_from(limit).unwrap_or(u64::MAX);
    let mails = mails.order_by_desc(Column::CreateTime).order_by_desc(Column::Id).limit(limit);
    Ok(mails.all(db).await?.into_iter().map(|row| queued(row, now)).collect())
}

/// The IDs of all mails of a state, the oldest first.
pub async fn find_ids(
    db: &impl ConnectionTrait,
    state: MailState,
    now: Timestamp,
) -> Result<Vec<Uuid>, StorageError> {
    let ids = Entity::find().select_only().column(Column::Id).filter(is_in(state, now));
    Ok(ids.order_by_asc(Column::CreateTime).into_tuple().all(db).await?)
}

/// A mail.
pub async fn find(
    db: &impl ConnectionTrait,
    id: Uuid,
    now: Timestamp,
) -> Result<Option<QueuedMail>, StorageError> {
    Ok(Entity::find_by_id(id).one(db).await?.map(|row| queued(row, now)))
}

/// A mail that nobody else changes until the end of the transaction.
pub async fn find_for_update(
    transaction: &impl ConnectionTrait,
    id: Uuid,
    now: Timestamp,
) -> Result<Option<QueuedMail>, StorageError> {
    let row = Entity::find_by_id(id).lock_exclusive().one(transaction).await?;
    Ok(row.map(|row| queued(row, now)))
}

/// Has a mail sent anew, as if it had not been tried, until `expire_time` at the latest.
pub async fn enqueue_anew(
    transaction: &impl ConnectionTrait,
    mail: &QueuedMail,
    expire_time: Timestamp,
    now: Timestamp,
) -> Result<(), StorageError> {
    let row = ActiveModel {
        state: Set(PENDING.to_owned()),
        attempts: Set(0),
        uncertain_attempts: Set(0),
        next_attempt_time: Set(to_millis(now)),
        lease_id: Set(None),
        lease_expire_time: Set(0),
        expire_time: Set(to_millis(expire_time)),
        end_time: Set(None),
        ..Default::default()
    };
    Entity::update_many().set(row).filter(Column::Id.eq(mail.id)).exec(transaction).await?;
    Ok(())
}

/// Ends a mail unsent.
pub async fn drop_unsent(
    transaction: &impl ConnectionTrait,
    mail: &QueuedMail,
    now: Timestamp,
) -> Result<(), StorageError> {
    let row = ActiveModel {
        state: Set(End::Dropped.as_str().to_owned()),
        lease_id: Set(None),
        lease_expire_time: Set(0),
        end_time: Set(Some(to_millis(now))),
        ..Default::default()
    };
    Entity::update_many().set(row).filter(Column::Id.eq(mail.id)).exec(transaction).await?;
    Ok(())
}

/// The rows of a state. That of a lease ends with its time: a server that died holds nothing.
fn is_in(state: MailState, now: Timestamp) -> Condition {
    let ended = |end: End| Condition::all().add(Column::State.eq(end.as_str()));
    let pending = || Condition::all().add(Column::State.eq(PENDING));
    let is_free = Column::LeaseExpireTime.lte(to_millis(now));
    match state {
        MailState::Waiting => pending().add(is_free).add(Column::Attempts.eq(0)),
        MailState::Deferred => pending().add(is_free).add(Column::Attempts.gt(0)),
        MailState::Sending => pending().add(Column::LeaseExpireTime.gt(to_millis(now))),
        MailState::Sent => ended(End::Sent),
        MailState::Failed => ended(End::Failed),
        MailState::Expired => ended(End::Expired),
        MailState::Dropped => ended(End::Dropped),
    }
}

fn queued(row: Model, now: Timestamp) -> QueuedMail {
    QueuedMail {
        state: state(&row, now),
        id: row.id,
        letter: row.letter,
        recipient: row.recipient,
        locale: Locale::from_db(&row.locale),
        attempts: row.attempts.unsigned_abs(),
        uncertain_attempts: row.uncertain_attempts.unsigned_abs(),
        next_attempt_time: from_millis(row.next_attempt_time),
        create_time: from_millis(row.create_time),
        expire_time: from_millis(row.expire_time),
        end_time: row.end_time.map(from_millis),
        last_error: row.last_error,
    }
}

fn state(row: &Model, now: Timestamp) -> MailState {
    let ended = [
        (End::Sent, MailState::Sent),
        (End::Failed, MailState::Failed),
        (End::Expired, MailState::Expired),
        (End::Dropped, MailState::Dropped),
    ];
    let ended = ended.into_iter().find(|(end, _)| end.as_str() == row.state);
    match ended {
        Some((_, state)) => state,
        None if row.lease_expire_time > to_millis(now) => MailState::Sending,
        None if row.attempts > 0 => MailState::Deferred,
        None => MailState::Waiting,
    }
}
