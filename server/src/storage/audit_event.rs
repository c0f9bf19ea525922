//! Table `audit_event`. A row is written only in the transaction of the change that it
//! tells.

use std::net::IpAddr;

use jiff::Timestamp;
use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, ConnectionTrait, EntityTrait as _, ExprTrait as _,
    QueryFilter as _, QueryOrder as _, QuerySelect as _,
};

use super::{
    account,
    entity::audit_event::{ActiveModel, Column, Entity, Model},
    error::StorageError,
    from_millis, to_millis,
};
use crate::domain::account_id::AccountId;

/// The kind of actor that a support agent is.
pub const SUPPORT_KEY: &str = "support_key";

/// A change of an account.
#[derive(Clone, Debug)]
pub struct AuditEvent<'a> {
    /// When.
    pub time: Timestamp,
    /// Of which account; of none, if it is about many. The table has 0 then.
    pub account_id: Option<AccountId>,
    /// What was done.
    pub action: &'a str,
    /// What kind of caller did it.
    pub actor_kind: &'a str,
    /// Which one.
    pub actor_id: String,
    /// The names of the fields that changed, with commas between; never values.
    pub fields: String,
    /// From where, when that is known.
    pub ip: Option<IpAddr>,
}

/// An event as it is stored.
#[derive(Clone)]
pub struct StoredEvent {
    /// Its number.
    pub id: i64,
    /// Of which account; of none, if it is about many.
    pub account_id: Option<AccountId>,
    /// When.
    pub time: Timestamp,
    /// What was done.
    pub action: String,
    /// What kind of caller did it.
    pub actor_kind: String,
    /// Which one.
    pub actor_id: String,
    /// What stands beside the action.
    pub fields: String,
    /// From where, when that is known.
    pub ip: Option<String>,
}

/// How many rows a statement writes at most: it has a parameter for each column of
/// each row, and PostgreSQL takes 65,535 of them.
const MAX_ROWS: usize = 1_000;

/// Writes events.
pub async fn insert(
    db: &impl ConnectionTrait,
    events: Vec<AuditEvent<'_>>,
) -> Result<(), StorageError> {
    let rows: Vec<ActiveModel> = events.into_iter().map(row).collect();
    for rows in rows.chunks(MAX_ROWS) {
        Entity::insert_many(rows.to_vec()).exec_without_returning(db).await?;
    }
    Ok(())
}

/// The events of an account, the newest first: those before this time, and those at this
/// time with a lower number. It reads no more of the index than it gives.
pub async fn list(
    db: &impl ConnectionTrait,
    account_id: AccountId,
    before: Option<(Timestamp, i64)>,
    limit: usize,
) -> Result<Vec<StoredEvent>, StorageError> {
    let mut events = Entity::find().filter(Column::AccountId.eq(account_id.to_db()));
    if let Some((time, id)) = before {
        let time = to_millis(time);
        // The first condition alone bounds what is read of the index.
        let older = Column::Time.lt(time).or(Column::Id.lt(id));
        events = events.filter(Column::Time.lte(time)).filter(older);
    }
    let limit = u64::try_from(limit).unwrap_or(u64::MAX);
    let rows =
        events.order_by_desc(Column::Time).order_by_desc(Column::Id).limit(limit).all(db).await?;
    rows.into_iter().map(StoredEvent::try_from).collect()
}

/// Which events are meant; without any bound, all.
#[derive(Clone, Copy, Debug, Default)]
pub struct Span {
    /// Those of this account.
    pub account_id: Option<AccountId>,
    /// Those from then on.
    pub since: Option<Timestamp>,
    /// Those until then.
    pub until: Option<Timestamp>,
    /// What was done by the support key of this number.
    pub support_key: Option<i32>,
}

/// The events of a span, the newest first.
pub async fn list_span(
    db: &impl ConnectionTrait,
    span: Span,
    limit: usize,
) -> Result<Vec<StoredEvent>, StorageError> {
    let mut events = Entity::find();
    if let Some(account_id) = span.account_id {
        events = events.filter(Column::AccountId.eq(account_id.to_db()));
    }
    if let Some(since) = span.since {
        events = events.filter(Column::Time.gte(to_millis(since)));
    }
    if let Some(until) = span.until {
        events = events.filter(Column::Time.lte(to_millis(until)));
    }
    if let Some(key) = span.support_key {
        let is_key = Column::ActorKind.eq(SUPPORT_KEY).and(Column::ActorId.eq(key.to_string()));
        events = events.filter(is_key);
    }
    let limit = u64::try_from(limit).unwrap_or(u64::MAX);
    let rows =
        events.order_by_desc(Column::Time).order_by_desc(Column::Id).limit(limit).all(db).await?;
    rows.into_iter().map(StoredEvent::try_from).collect()
}

/// Whether the same was written of the same account by the same caller, from `since` to the
/// event's own time.
pub async fn is_like(
    db: &impl ConnectionTrait,
    event: &AuditEvent<'_>,
    since: Timestamp,
) -> Result<bool, StorageError> {
    let found: Option<i64> = Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(Column::AccountId.eq(event.account_id.map_or(0, AccountId::to_db)))
        .filter(Column::Time.gt(to_millis(since)))
        .filter(Column::Time.lte(to_millis(event.time)))
        .filter(Column::Action.eq(event.action))
        .filter(Column::ActorKind.eq(event.actor_kind))
        .filter(Column::ActorId.eq(&*event.actor_id))
        .into_tuple()
        .one(db)
        .await?;
    Ok(found.is_some())
}

/// When the newest event was written; none of an empty trail.
pub(super) async fn find_newest_time(
    db: &impl ConnectionTrait,
) -> Result<Option<Timestamp>, StorageError> {
    let newest: Option<i64> = Entity::find()
        .select_only()
        .column(Column::Time)
        .order_by_desc(Column::Id)
        .into_tuple()
        .one(db)
        .await?;
    Ok(newest.map(from_millis))
}

impl TryFrom<Model> for StoredEvent {
    type Error = StorageError;

    fn try_from(row: Model) -> Result<Self, StorageError> {
        let Model { id, time, account_id, action, actor_kind, actor_id, fields, ip } = row;
        let account_id = match account_id {
            0 => None,
            id => Some(account::account_id(id)?),
        };
        let time = from_millis(time);
        Ok(Self { id, account_id, time, action, actor_kind, actor_id, fields, ip })
    }
}

fn row(event: AuditEvent<'_>) -> ActiveModel {
    ActiveModel {
        time: Set(to_millis(event.time)),
        account_id: Set(event.account_id.map_or(0, AccountId::to_db)),
        action: Set(event.action.to_owned()),
        actor_kind: Set(event.actor_kind.to_owned()),
        actor_id: Set(event.actor_id),
        fields: Set(event.fields),
        ip: Set(event.ip.map(|ip| ip.to_string())),
        ..Default::default()
    }
}
