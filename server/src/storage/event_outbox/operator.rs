//! The queue as its operator sees it, and what the operator may change. An event that a server
//! has leased is that server's: nothing here touches it.

use jiff::Timestamp;
use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, Condition, ConnectionTrait, EntityTrait as _,
    ExprTrait as _, PaginatorTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _,
};
use uuid::Uuid;

use super::{End, PENDING};
use crate::{
    model::event::{EventState, QueuedEvent},
    storage::{
        entity::event_outbox::{ActiveModel, Column, Entity, Model},
        error::StorageError,
        from_millis, to_millis,
    },
};

/// The events of a state, or all, the newest first; from behind the one at `after`.
pub async fn list(
    db: &impl ConnectionTrait,
    state: Option<EventState>,
    after: Option<(Timestamp, Uuid)>,
    limit: usize,
    now: Timestamp,
) -> Result<Vec<QueuedEvent>, StorageError> {
    let mut events = Entity::find();
    if let Some(state) = state {
        events = events.filter(is_in(state, now));
    }
    if let Some((time, id)) = after {
        let time = to_millis(time);
        let older =
            Column::CreateTime.lt(time).or(Column::CreateTime.eq(time).and(Column::Id.lt(id)));
        events = events.filter(older);
    }
    let limit = u64::try_from(limit).unwrap_or(u64::MAX);
    let events = events.order_by_desc(Column::CreateTime).order_by_desc(Column::Id).limit(limit);
    Ok(events.all(db).await?.into_iter().map(|row| queued(row, now)).collect())
}

/// How many are in a state.
pub async fn count(
    db: &impl ConnectionTrait,
    state: EventState,
    now: Timestamp,
) -> Result<u64, StorageError> {
    Ok(Entity::find().filter(is_in(state, now)).count(db).await?)
}

/// An event.
pub async fn find(
    db: &impl ConnectionTrait,
    id: Uuid,
    now: Timestamp,
) -> Result<Option<QueuedEvent>, StorageError> {
    Ok(Entity::find_by_id(id).one(db).await?.map(|row| queued(row, now)))
}

/// Has events sent anew, as if they had just happened: those with these IDs, or all of a state.
/// Gives their number. One that a server sends just now is left to it.
pub async fn enqueue_anew(
    db: &impl ConnectionTrait,
    which: &Which,
    now: Timestamp,
) -> Result<u64, StorageError> {
    let row = ActiveModel {
        state: Set(PENDING.to_owned()),
        attempts: Set(0),
        next_attempt_time: Set(to_millis(now)),
        lease_id: Set(None),
        lease_expire_time: Set(0),
        create_time: Set(to_millis(now)),
        end_time: Set(None),
        ..Default::default()
    };
    let is_free = Column::LeaseExpireTime.lte(to_millis(now));
    let which = match which {
        Which::Ids(ids) => Condition::all().add(Column::Id.is_in(ids.iter().copied())),
        Which::State(state) => is_in(*state, now),
    };
    let update = Entity::update_many().set(row).filter(which).filter(is_free);
    Ok(update.exec(db).await?.rows_affected)
}

/// Which events are meant.
#[derive(Clone, Debug)]
pub enum Which {
    /// Those with these IDs.
    Ids(Vec<Uuid>),
    /// All that are in this state.
    State(EventState),
}

/// The rows of a state. That of a lease ends with its time: a server that died holds nothing.
fn is_in(state: EventState, now: Timestamp) -> Condition {
    let ended = |end: End| Condition::all().add(Column::State.eq(end.as_str()));
    let pending = || Condition::all().add(Column::State.eq(PENDING));
    let is_free = Column::LeaseExpireTime.lte(to_millis(now));
    match state {
        EventState::Waiting => pending().add(is_free).add(Column::Attempts.eq(0)),
        EventState::Deferred => pending().add(is_free).add(Column::Attempts.gt(0)),
        EventState::Sending => pending().add(Column::LeaseExpireTime.gt(to_millis(now))),
        EventState::Delivered => ended(End::Delivered),
        EventState::Expired => ended(End::Expired),
        EventState::Dropped => ended(End::Dropped),
    }
}

fn queued(row: Model, now: Timestamp) -> QueuedEvent {
    QueuedEvent {
        state: state(&row, now),
        id: row.id,
        kind: row.kind,
        body: row.body,
        attempts: row.attempts.unsigned_abs(),
        next_attempt_time: from_millis(row.next_attempt_time),
        create_time: from_millis(row.create_time),
        end_time: row.end_time.map(from_millis),
        last_error: row.last_error,
    }
}

fn state(row: &Model, now: Timestamp) -> EventState {
    let ended = [
        (End::Delivered, EventState::Delivered),
        (End::Expired, EventState::Expired),
        (End::Dropped, EventState::Dropped),
    ];
    let ended = ended.into_iter().find(|(end, _)| end.as_str() == row.state);
    match ended {
        Some((_, state)) => state,
        None if row.lease_expire_time > to_millis(now) => EventState::Sending,
        None if row.attempts > 0 => EventState::Deferred,
        None => EventState::Waiting,
    }
}
