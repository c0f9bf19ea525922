//! Deletes what is no longer needed: personal data is kept as long as it
//! serves, and no longer (GDPR, article 5(1)(e)).
//!
//! It goes chunk by chunk, each a transaction of its own: after a long standstill
//! there may be millions of rows, and calls must not wait for all of them. A purge that
//! is given up half-way loses nothing; the next one goes on.

use jiff::{SignedDuration, Timestamp};
use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, Condition, ConnectionTrait, EntityTrait, Iterable as _,
    PrimaryKeyToColumn, QueryFilter as _, QuerySelect as _, QueryTrait as _,
    sea_query::SelectStatement,
};
use uuid::Uuid;

use super::{
    database::Database,
    entity::{
        account, audit_event, challenge, heartbeat, idempotency_key, link, outbox_mail,
        personal_code, throttle,
    },
    error::StorageError,
    to_millis,
};
use crate::model::challenge::repeatable_since;

/// Rows that a transaction takes away, at most: some ten milliseconds of work. Rows are
/// named by a subquery where that is possible; where their keys are bound one by one,
/// they are far fewer than the values that a statement may have (SQLite: 32,766).
const CHUNK: usize = 1_000;

/// How long the heartbeats of a server that has ended are kept.
const HEARTBEATS: SignedDuration = SignedDuration::from_hours(24);

/// How long rows are kept.
#[derive(Clone, Copy, Debug)]
pub struct Retention {
    /// Challenges and request IDs; also mails that ended and links that are dead.
    pub challenges: SignedDuration,
    /// Audit events.
    pub audit_events: SignedDuration,
}

/// Deletes what is past its retention. May run on any number of servers, and may be
/// dropped at any moment.
pub async fn purge(
    database: &Database,
    retention: Retention,
    now: Timestamp,
) -> Result<(), StorageError> {
    // The first failure ends it: what is left is due the next time, too.
    while erase_repeats(database, now).await? == CHUNK {}
    let db = &database.write();
    let old = to_millis(now - retention.challenges);
    delete::<challenge::Entity>(db, challenge::Column::CreateTime.lt(old).into()).await?;
    delete::<idempotency_key::Entity>(db, idempotency_key::Column::CreateTime.lt(old).into())
        .await?;
    delete::<outbox_mail::Entity>(db, outbox_mail::Column::EndTime.lt(old).into()).await?;
    delete::<link::Entity>(db, link::Column::UnlinkTime.lt(old).into()).await?;
    while forget_pending_addresses(db, now).await? == CHUNK {}
    delete::<throttle::Entity>(db, throttle::Column::ExpireTime.lt(to_millis(now)).into()).await?;
    let old = to_millis(now - retention.audit_events);
    delete::<audit_event::Entity>(db, audit_event::Column::Time.lt(old).into()).await?;
    let old = to_millis(now - HEARTBEATS);
    delete::<heartbeat::Entity>(db, heartbeat::Column::Time.lt(old).into()).await
}

/// Deletes all rows of a table that meet a condition.
async fn delete<E: EntityTrait>(
    db: &impl ConnectionTrait,
    condition: Condition,
) -> Result<(), StorageError> {
    let mut keys = E::PrimaryKey::iter().map(PrimaryKeyToColumn::into_column);
    // Every table has a key of one column.
    let Some(key) = keys.next() else { return Ok(()) };
    loop {
        let chunk = chunk::<E>(key, condition.clone());
        let deleted = E::delete_many().filter(key.in_subquery(chunk)).exec(db).await?;
        if deleted.rows_affected < CHUNK as u64 {
            return Ok(());
        }
    }
}

/// Takes back changes of address that nobody confirmed in time; gives their number.
async fn forget_pending_addresses(
    db: &impl ConnectionTrait,
    now: Timestamp,
) -> Result<usize, StorageError> {
    use account::{ActiveModel, Column, Entity};
    let expired = Column::PendingEmailExpireTime.lt(to_millis(now));
    let cleared = ActiveModel {
        pending_email: Set(None),
        pending_email_expire_time: Set(None),
        ..Default::default()
    };
    let chunk = chunk::<Entity>(Column::Id, expired.into());
    let update = Entity::update_many().set(cleared).filter(Column::Id.in_subquery(chunk));
    Ok(usize::try_from(update.exec(db).await?.rows_affected).unwrap_or(CHUNK))
}

/// Erases what tickets and tokens were derived from, of challenges whose answer cannot be
/// repeated any more; gives the number of challenges.
async fn erase_repeats(database: &Database, now: Timestamp) -> Result<usize, StorageError> {
    use challenge::{ActiveModel, Column, Entity};
    let transaction = database.begin().await?;
    let ids: Vec<Uuid> = Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(can_be_erased(now))
        .limit(CHUNK as u64)
        .into_tuple()
        .all(&transaction)
        .await?;
    if ids.is_empty() {
        transaction.rollback().await?;
        return Ok(0);
    }
    let erased = ids.len();
    personal_code::Entity::delete_many()
        .filter(personal_code::Column::ChallengeId.is_in(ids.clone()))
        .exec(&transaction)
        .await?;
    Entity::update_many()
        .set(ActiveModel { seed: Set(None), ..Default::default() })
        .filter(Column::Id.is_in(ids))
        .exec(&transaction)
        .await?;
    transaction.commit().await?;
    Ok(erased)
}

/// Which challenges those are. A ticket may be used long after the code was, and that use
/// repeated once more.
fn can_be_erased(now: Timestamp) -> Condition {
    use challenge::Column;
    let window = to_millis(repeatable_since(now));
    let unused_ticket = Condition::all()
        .add(Column::TicketSpentTime.is_null())
        .add(Column::TicketExpireTime.lt(to_millis(now)));
    Condition::all().add(Column::Seed.is_not_null()).add(Column::SpentTime.lt(window)).add(
        Condition::any()
            .add(Column::TicketExpireTime.is_null())
            .add(Column::TicketSpentTime.lt(window))
            .add(unused_ticket),
    )
}

/// The keys of some rows that meet a condition.
fn chunk<E: EntityTrait>(key: E::Column, condition: Condition) -> SelectStatement {
    let keys = E::find().select_only().column(key).filter(condition);
    keys.limit(CHUNK as u64).into_query()
}
