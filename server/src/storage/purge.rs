//! Deletes what is no longer needed: personal data is kept as long as it
//! serves, and no longer (GDPR, article 5(1)(e)).
//!
//! It goes chunk by chunk, each a transaction of its own: after a long standstill
//! there may be millions of rows, and calls must not wait for all of them. A purge that
//! is given up half-way loses nothing; the next one goes on.
//!
//! The time by which is purged is handed in: [`pace`] says how it follows the clock, and
//! [`settle`](mod@settle) what a clock that was ahead has left.

mod ledgers;
pub mod pace;
pub mod settle;

use jiff::{SignedDuration, Timestamp};
use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, Condition, ConnectionTrait, EntityTrait, ExprTrait as _,
    Iterable as _, PrimaryKeyToColumn, QueryFilter as _, QuerySelect as _, QueryTrait as _,
    sea_query::SelectStatement,
};

use super::{
    database::Database,
    entity::{
        account, audit_event, challenge, event_outbox, heartbeat, idempotency_key, link,
        outbox_mail, personal_code, throttle,
    },
    error::StorageError,
    heartbeat::PURGE,
    link::forget_networks,
    time_entry::delete_notes,
    to_millis,
};
use crate::model::challenge::repeatable_since;

/// Rows that a transaction takes away, at most: some ten milliseconds of work. Rows are
/// named by a subquery where that is possible; where their keys are bound one by one,
/// they are far fewer than the values that a statement may have (SQLite: 32,766).
const CHUNK: usize = 1_000;

/// How long the heartbeats of a server that has ended are kept.
const HEARTBEATS: SignedDuration = SignedDuration::from_hours(24);

/// After how long an event is deleted whatever became of it: nobody is told any more, if the
/// setting was taken away.
pub const LONGEST_KEPT: SignedDuration = SignedDuration::from_hours(30 * 24);

/// How long rows are kept.
#[derive(Clone, Copy, Debug)]
pub struct Retention {
    /// Challenges and request IDs; also mails and events that ended and links that are dead.
    pub challenges: SignedDuration,
    /// Audit events.
    pub audit_events: SignedDuration,
    /// What people wrote about entries of the time ledger. The entries stay.
    pub time_notes: SignedDuration,
    /// Entries of the time ledger of an account that is erased, from the end of the year of the
    /// last one on.
    pub ledgers: SignedDuration,
}

/// How many rows a purge has taken away, or cleared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Purged {
    /// Seeds of challenges and of codes that were erased.
    pub seeds: u64,
    /// Challenges, with the codes that were mailed for them.
    pub challenges: u64,
    /// Request IDs.
    pub request_ids: u64,
    /// Mails that had ended.
    pub mails: u64,
    /// Events for other systems that had ended.
    pub events: u64,
    /// Networks of machines that were forgotten.
    pub networks: u64,
    /// Dead links.
    pub links: u64,
    /// Pending addresses that nobody confirmed in time.
    pub pending_addresses: u64,
    /// Limits that were over.
    pub throttles: u64,
    /// Audit events.
    pub audit_events: u64,
    /// Entries of the time ledger of accounts that were erased long ago.
    pub ledger_entries: u64,
    /// Heartbeats of servers that are gone.
    pub heartbeats: u64,
    /// What people wrote about entries of the time ledger.
    pub time_notes: u64,
}

impl Purged {
    /// Each number with what it counts.
    #[must_use]
    pub fn rows(&self) -> [(&'static str, u64); 13] {
        [
            ("seeds erased", self.seeds),
            ("challenges", self.challenges),
            ("request IDs", self.request_ids),
            ("mails that had ended", self.mails),
            ("events that had ended", self.events),
            ("networks forgotten", self.networks),
            ("dead links", self.links),
            ("pending addresses", self.pending_addresses),
            ("limits that were over", self.throttles),
            ("audit events", self.audit_events),
            ("entries of erased accounts", self.ledger_entries),
            ("heartbeats", self.heartbeats),
            ("notes of the time ledger", self.time_notes),
        ]
    }
}

/// Deletes what is past its retention. May run on any number of servers, and may be
/// dropped at any moment.
pub async fn purge(
    database: &Database,
    retention: Retention,
    now: Timestamp,
) -> Result<Purged, StorageError> {
    // The first failure ends it: what is left is due the next time, too.
    let db = &database.write();
    let mut purged = Purged::default();
    while erase_repeats(db, now, &mut purged.seeds).await? == CHUNK as u64 {}
    let old = to_millis(now - retention.challenges);
    purged.challenges =
        delete::<challenge::Entity>(db, challenge::Column::CreateTime.lt(old).into()).await?;
    let request_ids = idempotency_key::Column::CreateTime.lt(old).into();
    purged.request_ids = delete::<idempotency_key::Entity>(db, request_ids).await?;
    purged.mails =
        delete::<outbox_mail::Entity>(db, outbox_mail::Column::EndTime.lt(old).into()).await?;
    let left = event_outbox::Column::CreateTime.lt(to_millis(now - LONGEST_KEPT));
    let ended = Condition::any().add(event_outbox::Column::EndTime.lt(old)).add(left);
    purged.events = delete::<event_outbox::Entity>(db, ended).await?;
    loop {
        let forgotten = forget_networks(db, CHUNK as u64, now).await?;
        purged.networks += forgotten;
        if forgotten < CHUNK as u64 {
            break;
        }
    }
    purged.links = delete::<link::Entity>(db, link::Column::UnlinkTime.lt(old).into()).await?;
    loop {
        let forgotten = forget_pending_addresses(db, now).await?;
        purged.pending_addresses += forgotten;
        if forgotten < CHUNK as u64 {
            break;
        }
    }
    let over = throttle::Column::ExpireTime.lt(to_millis(now)).into();
    purged.throttles = delete::<throttle::Entity>(db, over).await?;
    let old = to_millis(now - retention.audit_events);
    purged.audit_events =
        delete::<audit_event::Entity>(db, audit_event::Column::Time.lt(old).into()).await?;
    purged.ledger_entries = ledgers::delete_over(database, now - retention.ledgers).await?;
    let old = to_millis(now - HEARTBEATS);
    let of_a_server = heartbeat::Column::ServerId.ne(PURGE);
    let old = heartbeat::Column::Time.lt(old).and(of_a_server);
    purged.heartbeats = delete::<heartbeat::Entity>(db, old.into()).await?;
    let old = now - retention.time_notes;
    loop {
        let erased = delete_notes(db, old, CHUNK as u64).await?;
        purged.time_notes += erased;
        if erased < CHUNK as u64 {
            break;
        }
    }
    Ok(purged)
}

/// Deletes all rows of a table that meet a condition; gives their number.
async fn delete<E: EntityTrait>(
    db: &impl ConnectionTrait,
    condition: Condition,
) -> Result<u64, StorageError> {
    let Some(key) = key_of::<E>() else { return Ok(0) };
    let mut rows = 0;
    loop {
        let chunk = chunk::<E>(key, condition.clone());
        let deleted = E::delete_many().filter(key.in_subquery(chunk)).exec(db).await?;
        rows += deleted.rows_affected;
        if deleted.rows_affected < CHUNK as u64 {
            return Ok(rows);
        }
    }
}

/// Takes back changes of address that nobody confirmed in time; gives their number.
async fn forget_pending_addresses(
    db: &impl ConnectionTrait,
    now: Timestamp,
) -> Result<u64, StorageError> {
    use account::{ActiveModel, Column, Entity};
    let expired = Column::PendingEmailExpireTime.lt(to_millis(now));
    let cleared = ActiveModel {
        pending_email: Set(None),
        pending_email_expire_time: Set(None),
        ..Default::default()
    };
    let chunk = chunk::<Entity>(Column::Id, expired.into());
    let update = Entity::update_many().set(cleared).filter(Column::Id.in_subquery(chunk));
    Ok(update.exec(db).await?.rows_affected)
}

/// Erases what tickets and tokens were derived from, where the call that gave them cannot
/// be repeated any more. The hashes of codes stay as long as
/// their challenges: a code that was spent is told apart from a wrong one, and of what it
/// gave a hash without its seed tells nothing. Gives the larger number of the two tables, and
/// adds both to `all`.
async fn erase_repeats(
    db: &impl ConnectionTrait,
    now: Timestamp,
    all: &mut u64,
) -> Result<u64, StorageError> {
    let erased = challenge::ActiveModel { seed: Set(None), ..Default::default() };
    let which = chunk::<challenge::Entity>(challenge::Column::Id, is_answered_for_good(now));
    let of_challenges = challenge::Entity::update_many()
        .set(erased)
        .filter(challenge::Column::Id.in_subquery(which))
        .exec(db)
        .await?;
    let erased = personal_code::ActiveModel { seed: Set(None), ..Default::default() };
    let is_over = Condition::all()
        .add(personal_code::Column::Seed.is_not_null())
        .add(personal_code::Column::SpentTime.lt(to_millis(repeatable_since(now))));
    let which = chunk::<personal_code::Entity>(personal_code::Column::Id, is_over);
    let of_codes = personal_code::Entity::update_many()
        .set(erased)
        .filter(personal_code::Column::Id.in_subquery(which))
        .exec(db)
        .await?;
    *all += of_challenges.rows_affected + of_codes.rows_affected;
    Ok(Ord::max(of_challenges.rows_affected, of_codes.rows_affected))
}

/// Which challenges those are. A ticket may be used long after the code was, and that use
/// repeated once more.
fn is_answered_for_good(now: Timestamp) -> Condition {
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

/// The key of a table, which has one column in each.
fn key_of<E: EntityTrait>() -> Option<E::Column> {
    E::PrimaryKey::iter().map(PrimaryKeyToColumn::into_column).next()
}

/// The keys of some rows that meet a condition.
fn chunk<E: EntityTrait>(key: E::Column, condition: Condition) -> SelectStatement {
    let keys = E::find().select_only().column(key).filter(condition);
    keys.limit(CHUNK as u64).into_query()
}
