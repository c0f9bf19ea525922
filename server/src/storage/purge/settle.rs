//! Brings back what lies further in the future than a right clock writes it: a clock that
//! was ahead would otherwise leave codes that are valid for a year, machines that count as
//! seen next year, and rows that are never purged. It counts as written now.
//!
//! The audit trail is left as it is: an event is not to be written anew, and one of a
//! wrong time tells when the clock was wrong. So is the time ledger: no entry changes.

use jiff::{SignedDuration, Timestamp};
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, ExprTrait as _, QueryFilter as _, QuerySelect as _,
    QueryTrait as _,
    sea_query::{Expr, IntoCondition as _, SelectStatement},
};

use super::{chunk, key_of};
use crate::{
    domain::machine::MachineId,
    storage::{
        database::Database,
        entity::{
            account, challenge, event_outbox, heartbeat, idempotency_key, link, outbox_mail,
            personal_code, throttle,
        },
        error::StorageError,
        to_millis,
    },
};

/// What lies ahead by no more was written by another server, or while this runs.
const SLACK: SignedDuration = SignedDuration::from_mins(1);

/// How far ahead a right clock writes.
#[derive(Clone, Copy, Debug)]
pub struct Longest {
    /// The life of a code.
    pub code: SignedDuration,
    /// The same, from when the support desk has asked for it: its mail waits for a while.
    pub delayed_code: SignedDuration,
    /// The life of a ticket.
    pub ticket: SignedDuration,
    /// The life of a notice.
    pub notice: SignedDuration,
    /// For how long anything is counted, and waits for its turn.
    pub counted: SignedDuration,
}

/// Brings back what lies in the future. By a clock that is behind it would shorten what is
/// right: the caller sees to it that the clock has been steady for a while.
pub async fn settle(
    database: &Database,
    longest: Longest,
    now: Timestamp,
) -> Result<(), StorageError> {
    let after = |life: SignedDuration| now.saturating_add(life).unwrap_or(Timestamp::MAX);
    let (code, ticket) = (after(longest.code), after(longest.ticket));
    let delayed_code = after(longest.delayed_code);
    let mail = after(longest.delayed_code.max(longest.notice));
    let to = Settling { database };
    to.latest::<challenge::Entity>(challenge::Column::CreateTime, now).await?;
    let others = delayed().not();
    to.latest_of::<challenge::Entity>(others, challenge::Column::ExpireTime, code).await?;
    to.latest::<challenge::Entity>(challenge::Column::ExpireTime, delayed_code).await?;
    to.latest::<challenge::Entity>(challenge::Column::SpentTime, now).await?;
    to.latest::<challenge::Entity>(challenge::Column::TicketExpireTime, ticket).await?;
    to.latest::<challenge::Entity>(challenge::Column::TicketSpentTime, now).await?;
    to.latest::<personal_code::Entity>(personal_code::Column::CreateTime, now).await?;
    to.latest::<personal_code::Entity>(personal_code::Column::ExpireTime, code).await?;
    to.latest::<personal_code::Entity>(personal_code::Column::SpentTime, now).await?;
    to.latest::<idempotency_key::Entity>(idempotency_key::Column::CreateTime, now).await?;
    // By the time at which it was enqueued, which is brought back next.
    to.turns_of_mails(now).await?;
    to.latest::<outbox_mail::Entity>(outbox_mail::Column::CreateTime, now).await?;
    to.latest::<outbox_mail::Entity>(outbox_mail::Column::ExpireTime, mail).await?;
    to.latest::<outbox_mail::Entity>(outbox_mail::Column::EndTime, now).await?;
    to.latest::<event_outbox::Entity>(event_outbox::Column::CreateTime, now).await?;
    to.latest::<event_outbox::Entity>(event_outbox::Column::EndTime, now).await?;
    to.latest::<link::Entity>(link::Column::LinkTime, now).await?;
    to.latest::<link::Entity>(link::Column::LastSeenTime, now).await?;
    to.latest::<link::Entity>(link::Column::UnlinkTime, now).await?;
    let others = account::Column::Id.not_in_subquery(accounts_with_delayed(code)).into_condition();
    to.latest_of::<account::Entity>(others, account::Column::PendingEmailExpireTime, code).await?;
    to.latest::<account::Entity>(account::Column::PendingEmailExpireTime, delayed_code).await?;
    to.latest::<heartbeat::Entity>(heartbeat::Column::Time, now).await?;
    let counted = after(longest.counted);
    to.latest::<throttle::Entity>(throttle::Column::ExpireTime, counted).await
}

struct Settling<'a> {
    database: &'a Database,
}

impl Settling<'_> {
    /// No row of a table has a later time in this column.
    async fn latest<E: EntityTrait>(
        &self,
        column: E::Column,
        latest: Timestamp,
    ) -> Result<(), StorageError> {
        self.latest_of::<E>(Condition::all(), column, latest).await
    }

    /// The same, of the rows that meet a condition.
    async fn latest_of<E: EntityTrait>(
        &self,
        which: Condition,
        column: E::Column,
        latest: Timestamp,
    ) -> Result<(), StorageError> {
        let Some(key) = key_of::<E>() else { return Ok(()) };
        // First, since hardly any row is ahead.
        let is_ahead = Condition::all().add(column.gt(beyond(latest))).add(which);
        while self.finds::<E>(column, is_ahead.clone()).await? {
            E::update_many()
                .col_expr(column, Expr::value(to_millis(latest)))
                .filter(key.in_subquery(chunk::<E>(key, is_ahead.clone())))
                .exec(&self.database.write())
                .await?;
        }
        Ok(())
    }

    /// Moves the turn of each mail that waits for it as far as its enqueueing.
    async fn turns_of_mails(&self, now: Timestamp) -> Result<(), StorageError> {
        use outbox_mail::{Column, Entity};
        let is_ahead = Column::CreateTime.gt(beyond(now)).and(Column::EndTime.is_null());
        if self.finds::<Entity>(Column::CreateTime, is_ahead.clone().into()).await? {
            let waits = Expr::col(Column::NextAttemptTime).sub(Expr::col(Column::CreateTime));
            Entity::update_many()
                .col_expr(Column::NextAttemptTime, waits.add(to_millis(now)))
                .filter(is_ahead)
                .exec(&self.database.write())
                .await?;
        }
        Ok(())
    }

    /// Whether there is any such row. It is read first, since a look at a whole table must
    /// not keep others from writing.
    async fn finds<E: EntityTrait>(
        &self,
        column: E::Column,
        condition: Condition,
    ) -> Result<bool, StorageError> {
        let rows = E::find().select_only().column(column).filter(condition).limit(1);
        let found: Option<i64> = rows.into_tuple().one(&self.database.read()).await?;
        Ok(found.is_some())
    }
}

/// A change of address that the support desk has started.
fn delayed() -> Condition {
    use challenge::Column;
    Condition::all()
        .add(Column::MachineId.eq(MachineId::SUPPORT.uuid()))
        .add(Column::AccountId.is_not_null())
}

/// The accounts that such a change gets an address beyond the life of a code.
fn accounts_with_delayed(code: Timestamp) -> SelectStatement {
    use challenge::{Column, Entity};
    let lasts = Column::ExpireTime.gt(beyond(code));
    let accounts = Entity::find().select_only().column(Column::AccountId);
    accounts.filter(lasts).filter(delayed()).into_query()
}

fn beyond(latest: Timestamp) -> i64 {
    to_millis(latest.saturating_add(SLACK).unwrap_or(Timestamp::MAX))
}
