//! Table `event_outbox`: the queue of what other systems are told. An event is enqueued in the
//! transaction of what it tells. Leases let any number of servers share the work, as they do
//! with mails; a row holds its lease for longer than a try may take, so that none is renewed.

pub mod operator;

use jiff::{SignedDuration, Timestamp};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait as _, Condition, ConnectionTrait, EntityTrait as _, ExprTrait as _,
    PaginatorTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _, QueryTrait as _,
    sea_query::{Expr, LockBehavior, LockType},
};
use uuid::Uuid;

use super::{
    entity::event_outbox::{ActiveModel, Column, Entity, Model},
    error::StorageError,
    from_millis, to_millis,
};
use crate::model::event::EventKind;

const PENDING: &str = "pending";

/// Rows that a statement ends at most.
const CHUNK: u64 = 1_000;

/// The longest time for which an event is put off.
pub const LONGEST_BACKOFF: SignedDuration = SignedDuration::from_mins(15);

/// How an event ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The receiver took it.
    Delivered,
    /// Nobody took it within its time.
    Expired,
    /// Too many waited behind it.
    Dropped,
}

impl End {
    /// The word in the column `state`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Expired => "expired",
            Self::Dropped => "dropped",
        }
    }
}

/// An event to be enqueued.
#[derive(Clone, Debug)]
pub struct NewEvent {
    /// What happened.
    pub kind: EventKind,
    /// What is sent, as JSON: numbers and names of fields, no value.
    pub body: String,
}

/// An event that this server has leased.
#[derive(Clone, Debug)]
pub struct LeasedEvent {
    /// Its ID, by which a receiver knows a repeat.
    pub id: Uuid,
    /// The lease.
    pub lease_id: Uuid,
    /// What happened.
    pub kind: String,
    /// What is sent.
    pub body: String,
    /// How often it was tried before.
    pub attempts: u32,
}

/// Enqueues events, each under an ID of its own.
pub(super) async fn insert(
    db: &impl ConnectionTrait,
    events: impl IntoIterator<Item = (Uuid, NewEvent)>,
    now: Timestamp,
) -> Result<(), StorageError> {
    let row = |(id, event): (Uuid, NewEvent)| ActiveModel {
        id: Set(id),
        kind: Set(event.kind.name().to_owned()),
        body: Set(event.body),
        state: Set(PENDING.to_owned()),
        attempts: Set(0),
        next_attempt_time: Set(to_millis(now)),
        lease_id: Set(None),
        lease_expire_time: Set(0),
        create_time: Set(to_millis(now)),
        end_time: Set(None),
        last_error: Set(None),
    };
    Entity::insert_many(events.into_iter().map(row)).exec_without_returning(db).await?;
    Ok(())
}

/// Whether any event is due that no server is sending.
pub async fn is_any_due(
    db: &impl ConnectionTrait,
    now: Timestamp,
    lease: SignedDuration,
) -> Result<bool, StorageError> {
    let due: Option<Uuid> = due(now, lease).limit(1).into_tuple().one(db).await?;
    Ok(due.is_some())
}

/// Leases up to `limit` events that are due, for `lease` long, the one that is due for the
/// longest time first.
pub async fn claim(
    db: &impl ConnectionTrait,
    lease_id: Uuid,
    limit: u64,
    now: Timestamp,
    lease: SignedDuration,
) -> Result<Vec<LeasedEvent>, StorageError> {
    let due: Vec<Uuid> = due(now, lease)
        .order_by_asc(Column::NextAttemptTime)
        .limit(limit)
        .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked)
        .into_tuple()
        .all(db)
        .await?;
    if due.is_empty() {
        return Ok(Vec::new());
    }
    let row = ActiveModel {
        lease_id: Set(Some(lease_id)),
        lease_expire_time: Set(to_millis(now + lease)),
        ..Default::default()
    };
    let mut rows = Entity::update_many()
        .set(row)
        .filter(Column::Id.is_in(due))
        .exec_with_returning(db)
        .await?;
    rows.sort_by_key(|row| row.next_attempt_time);
    Ok(rows.into_iter().map(|row| leased(row, lease_id)).collect())
}

/// The receiver has taken an event: it ends, if the lease is still held.
pub async fn end_delivered(
    db: &impl ConnectionTrait,
    event: &LeasedEvent,
    now: Timestamp,
) -> Result<(), StorageError> {
    let row = ActiveModel { last_error: Set(None), ..ended(End::Delivered, now) };
    Entity::update_many()
        .set(row)
        .col_expr(Column::Attempts, Expr::col(Column::Attempts).add(1))
        .filter(is_held(event))
        .exec(db)
        .await?;
    Ok(())
}

/// Gives an event back, to be tried again at `next_attempt_time`.
pub async fn postpone(
    db: &impl ConnectionTrait,
    event: &LeasedEvent,
    next_attempt_time: Timestamp,
    error: &str,
) -> Result<(), StorageError> {
    let row = ActiveModel {
        next_attempt_time: Set(to_millis(next_attempt_time)),
        lease_id: Set(None),
        lease_expire_time: Set(0),
        last_error: Set(Some(error.to_owned())),
        ..Default::default()
    };
    Entity::update_many()
        .set(row)
        .col_expr(Column::Attempts, Expr::col(Column::Attempts).add(1))
        .filter(is_held(event))
        .exec(db)
        .await?;
    Ok(())
}

/// Ends the events that happened before `since`; gives their number. Chunk by chunk, so that
/// calls need not wait for all of them.
pub async fn expire(
    db: &impl ConnectionTrait,
    since: Timestamp,
    now: Timestamp,
) -> Result<u64, StorageError> {
    let old = Column::CreateTime.lt(to_millis(since));
    end_all(db, old.into(), End::Expired, now).await
}

/// Ends the oldest events beyond the `most` that may wait; gives their number.
pub async fn drop_beyond(
    db: &impl ConnectionTrait,
    most: u64,
    now: Timestamp,
) -> Result<u64, StorageError> {
    let first_too_many: Option<i64> = Entity::find()
        .select_only()
        .column(Column::CreateTime)
        .filter(Column::State.eq(PENDING))
        .order_by_desc(Column::CreateTime)
        .offset(most)
        .limit(1)
        .into_tuple()
        .one(db)
        .await?;
    let Some(time) = first_too_many else { return Ok(0) };
    end_all(db, Column::CreateTime.lte(time).into(), End::Dropped, now).await
}

async fn end_all(
    db: &impl ConnectionTrait,
    which: Condition,
    end: End,
    now: Timestamp,
) -> Result<u64, StorageError> {
    let which = which.add(Column::State.eq(PENDING));
    let mut all = 0;
    loop {
        let chunk = Entity::find().select_only().column(Column::Id).filter(which.clone());
        let chunk = chunk.limit(CHUNK).into_query();
        let of_chunk = Entity::update_many()
            .set(ended(end, now))
            .filter(Column::Id.in_subquery(chunk))
            .exec(db)
            .await?;
        all += of_chunk.rows_affected;
        if of_chunk.rows_affected < CHUNK {
            return Ok(all);
        }
    }
}

/// What waits to be sent.
#[derive(Clone, Copy, Debug)]
pub struct Backlog {
    /// How many events.
    pub events: u64,
    /// Since when the oldest waits.
    pub oldest: Option<Timestamp>,
}

/// What waits to be sent.
pub async fn backlog(db: &impl ConnectionTrait) -> Result<Backlog, StorageError> {
    let pending = Entity::find().filter(Column::State.eq(PENDING));
    let oldest = pending
        .clone()
        .select_only()
        .column_as(Column::CreateTime.min(), "oldest")
        .into_tuple::<Option<i64>>()
        .one(db)
        .await?;
    let oldest = oldest.flatten().map(from_millis);
    Ok(Backlog { events: pending.count(db).await?, oldest })
}

/// Which events are due. A time that is further ahead than a right clock writes it is no
/// reason to wait for it: the clock that wrote it was ahead.
fn due(now: Timestamp, lease: SignedDuration) -> sea_orm::Select<Entity> {
    let later = |by: SignedDuration| to_millis(now.saturating_add(by).unwrap_or(Timestamp::MAX));
    let now = to_millis(now);
    let has_its_turn = Condition::any()
        .add(Column::NextAttemptTime.lte(now))
        .add(Column::NextAttemptTime.gt(later(LONGEST_BACKOFF)));
    // Twice: a server whose clock differs a little must not lose an event that it sends.
    let is_free = Condition::any()
        .add(Column::LeaseExpireTime.lte(now))
        .add(Column::LeaseExpireTime.gt(later(lease + lease)));
    Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(Column::State.eq(PENDING))
        .filter(has_its_turn)
        .filter(is_free)
}

fn is_held(event: &LeasedEvent) -> Condition {
    Condition::all()
        .add(Column::Id.eq(event.id))
        .add(Column::LeaseId.eq(event.lease_id))
        .add(Column::State.eq(PENDING))
}

fn ended(end: End, now: Timestamp) -> ActiveModel {
    ActiveModel {
        state: Set(end.as_str().to_owned()),
        end_time: Set(Some(to_millis(now))),
        lease_id: Set(None),
        lease_expire_time: Set(0),
        ..Default::default()
    }
}

fn leased(row: Model, lease_id: Uuid) -> LeasedEvent {
    LeasedEvent {
        id: row.id,
        lease_id,
        kind: row.kind,
        body: row.body,
        attempts: row.attempts.unsigned_abs(),
    }
}
