//! Table `outbox_mail`: the queue of mails. A mail is enqueued in the transaction of what
//! it tells. Leases let any number of servers share the work.

mod history;
pub mod operator;
mod ownership;
mod refused;

use jiff::{SignedDuration, Timestamp};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait as _, Condition, ConnectionTrait, EntityTrait as _, ExprTrait as _,
    PaginatorTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _,
    sea_query::{Expr, LockBehavior, LockType},
};
use uuid::Uuid;

pub use history::{MailFate, list_to};
pub use ownership::{Owned, forget, list_about, list_all_to};
pub use refused::{RefusedRecipient, list_refused};

use super::{
    entity::outbox_mail::{ActiveModel, Column, Entity, Model},
    error::StorageError,
    from_millis, to_millis,
};
use crate::domain::{email_address::EmailAddress, locale::Locale};

const PENDING: &str = "pending";

/// The longest time for which a mail is put off that was tried in vain.
pub const LONGEST_BACKOFF: SignedDuration = SignedDuration::from_mins(15);

/// The longest time for which one is put off that may have been brought.
pub const LONGEST_UNCERTAIN_BACKOFF: SignedDuration = SignedDuration::from_hours(5);

/// After how many tries that may have brought it a mail is given up by the next one.
pub const MAX_UNCERTAIN_TRIES: i32 = 3;

/// How a mail ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// A mail server took it.
    Sent,
    /// A mail server refused it for good.
    Failed,
    /// It could not be sent while it was of use.
    Expired,
    /// There was nothing to send any more, or nobody to send it to.
    Dropped,
}

impl End {
    const ALL: [Self; 4] = [Self::Sent, Self::Failed, Self::Expired, Self::Dropped];

    /// The word in the column `state`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Failed => "failed",
            Self::Expired => "expired",
            Self::Dropped => "dropped",
        }
    }
}

/// A mail to be enqueued.
#[derive(Clone)]
pub struct NewMail {
    /// What it tells, as JSON; no secret.
    pub letter: String,
    /// To whom. A mail without a recipient is composed like any other, and then dropped:
    /// it stands for one to an address that is nobody's.
    pub recipient: Option<EmailAddress>,
    /// In which language.
    pub locale: Locale,
    /// When it may be sent.
    pub send_time: Timestamp,
    /// Until when it is of use.
    pub expire_time: Timestamp,
}

/// A mail that this server has leased.
#[derive(Clone)]
pub struct LeasedMail {
    /// Its ID, which makes its Message-ID.
    pub id: Uuid,
    /// The lease.
    pub lease_id: Uuid,
    /// What it tells, as JSON.
    pub letter: String,
    /// To whom, with the domain in ASCII.
    pub recipient: Option<String>,
    /// In which language.
    pub locale: Locale,
    /// How often it was tried before.
    pub attempts: u32,
    /// After how many of these tries the mail server may have taken it.
    pub uncertain_attempts: u32,
    /// Until when it is of use.
    pub expire_time: Timestamp,
}

/// Enqueues mails, each under an ID of its own.
pub async fn insert(
    db: &impl ConnectionTrait,
    mails: impl IntoIterator<Item = (Uuid, NewMail)>,
    now: Timestamp,
) -> Result<(), StorageError> {
    let row = |(id, mail): (Uuid, NewMail)| ActiveModel {
        id: Set(id),
        letter: Set(mail.letter),
        recipient: Set(mail.recipient.map(|address| address.deliverable().to_owned())),
        locale: Set(mail.locale.tag().to_owned()),
        state: Set(PENDING.to_owned()),
        attempts: Set(0),
        uncertain_attempts: Set(0),
        next_attempt_time: Set(to_millis(mail.send_time)),
        lease_id: Set(None),
        lease_expire_time: Set(0),
        create_time: Set(to_millis(now)),
        expire_time: Set(to_millis(mail.expire_time)),
        end_time: Set(None),
        last_error: Set(None),
    };
    Entity::insert_many(mails.into_iter().map(row)).exec_without_returning(db).await?;
    Ok(())
}

/// Whether any mail is due that no server is sending.
pub async fn is_any_due(
    db: &impl ConnectionTrait,
    now: Timestamp,
    lease: SignedDuration,
) -> Result<bool, StorageError> {
    let due: Option<Uuid> = due(now, lease).limit(1).into_tuple().one(db).await?;
    Ok(due.is_some())
}

/// Whether any mail has its turn that has not ended, whoever is sending it.
pub async fn is_any_unsent(
    db: &impl ConnectionTrait,
    now: Timestamp,
) -> Result<bool, StorageError> {
    let has_its_turn = Column::NextAttemptTime.lte(to_millis(now));
    let unsent = Entity::find().filter(Column::State.eq(PENDING)).filter(has_its_turn);
    Ok(unsent.count(db).await? > 0)
}

/// Leases up to `limit` mails that are due, for `lease` long.
pub async fn claim(
    db: &impl ConnectionTrait,
    lease_id: Uuid,
    limit: u64,
    now: Timestamp,
    lease: SignedDuration,
) -> Result<Vec<LeasedMail>, StorageError> {
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
    let rows = Entity::update_many()
        .set(row)
        .filter(Column::Id.is_in(due))
        .exec_with_returning(db)
        .await?;
    Ok(rows.into_iter().map(|row| leased(row, lease_id)).collect())
}

/// Whether the lease is still held: another server may have taken over.
pub async fn holds(db: &impl ConnectionTrait, mail: &LeasedMail) -> Result<bool, StorageError> {
    Ok(Entity::find().filter(is_held(mail)).count(db).await? > 0)
}

/// Ends a mail, if the lease is still held.
pub async fn end(
    db: &impl ConnectionTrait,
    mail: &LeasedMail,
    end: End,
    error: Option<String>,
    now: Timestamp,
) -> Result<(), StorageError> {
    let row = ActiveModel {
        state: Set(end.as_str().to_owned()),
        end_time: Set(Some(to_millis(now))),
        last_error: Set(error),
        ..Default::default()
    };
    Entity::update_many()
        .set(row)
        .col_expr(Column::Attempts, Expr::col(Column::Attempts).add(1))
        .filter(is_held(mail))
        .exec(db)
        .await?;
    Ok(())
}

/// Leases a mail anew while it is being sent, until `lease_expire_time`. Gives whether the lease
/// was still held.
pub async fn renew(
    db: &impl ConnectionTrait,
    mail: &LeasedMail,
    lease_expire_time: Timestamp,
) -> Result<bool, StorageError> {
    let row =
        ActiveModel { lease_expire_time: Set(to_millis(lease_expire_time)), ..Default::default() };
    let renewed = Entity::update_many().set(row).filter(is_held(mail)).exec(db).await?;
    Ok(renewed.rows_affected > 0)
}

/// How a try ended that did not end the mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailedTry {
    /// Why, fit for a log.
    pub error: String,
    /// Whether the mail server may have taken the mail.
    pub is_uncertain: bool,
}

/// Gives a mail back, to be tried again at `next_attempt_time`.
pub async fn postpone(
    db: &impl ConnectionTrait,
    mail: &LeasedMail,
    next_attempt_time: Timestamp,
    failed: FailedTry,
) -> Result<(), StorageError> {
    let row = ActiveModel {
        next_attempt_time: Set(to_millis(next_attempt_time)),
        lease_id: Set(None),
        lease_expire_time: Set(0),
        last_error: Set(Some(failed.error)),
        ..Default::default()
    };
    let uncertain = i32::from(failed.is_uncertain);
    Entity::update_many()
        .set(row)
        .col_expr(Column::Attempts, Expr::col(Column::Attempts).add(1))
        .col_expr(Column::UncertainAttempts, Expr::col(Column::UncertainAttempts).add(uncertain))
        .filter(is_held(mail))
        .exec(db)
        .await?;
    Ok(())
}

/// The mails to these addresses that wait to be sent: their IDs and what they tell, as JSON.
/// Those that wait have an index, in which these are looked for.
pub async fn find_pending_to(
    db: &impl ConnectionTrait,
    addresses: impl IntoIterator<Item = &EmailAddress>,
) -> Result<Vec<(Uuid, String)>, StorageError> {
    let recipients: Vec<&str> = addresses.into_iter().map(EmailAddress::deliverable).collect();
    let pending = Entity::find()
        .select_only()
        .columns([Column::Id, Column::Letter])
        .filter(Column::State.eq(PENDING))
        .filter(Column::Recipient.is_in(recipients))
        .into_tuple();
    Ok(pending.all(db).await?)
}

/// Deletes mails, whatever became of them. One that is being sent just now may still leave.
pub async fn delete(db: &impl ConnectionTrait, ids: Vec<Uuid>) -> Result<(), StorageError> {
    if !ids.is_empty() {
        Entity::delete_many().filter(Column::Id.is_in(ids)).exec(db).await?;
    }
    Ok(())
}

/// How many mails wait to be sent.
pub async fn count_pending(db: &impl ConnectionTrait) -> Result<u64, StorageError> {
    Ok(Entity::find().filter(Column::State.eq(PENDING)).count(db).await?)
}

/// What waits to be sent.
#[derive(Clone, Copy, Debug)]
pub struct Backlog {
    /// How many mails.
    pub mails: u64,
    /// Since when the oldest of those waits that are due, or were tried.
    pub oldest_due: Option<Timestamp>,
}

/// What waits to be sent. A mail that was tried is due again and again: it counts from when it
/// was enqueued.
pub async fn backlog(db: &impl ConnectionTrait, now: Timestamp) -> Result<Backlog, StorageError> {
    let is_due = Column::NextAttemptTime.lte(to_millis(now));
    let oldest = Entity::find()
        .filter(Column::State.eq(PENDING))
        .filter(Condition::any().add(Column::Attempts.gt(0)).add(is_due))
        .select_only()
        .column_as(Column::CreateTime.min(), "oldest")
        .into_tuple::<Option<i64>>()
        .one(db)
        .await?;
    let oldest_due = oldest.flatten().map(from_millis);
    Ok(Backlog { mails: count_pending(db).await?, oldest_due })
}

/// Which mails are due. A time that is further ahead than a right clock writes it is no
/// reason to wait for it: the clock that wrote it was ahead.
fn due(now: Timestamp, lease: SignedDuration) -> sea_orm::Select<Entity> {
    let later = |by: SignedDuration| to_millis(now.saturating_add(by).unwrap_or(Timestamp::MAX));
    let now = to_millis(now);
    let tried_in_vain = Column::Attempts.gt(0).and(Column::UncertainAttempts.eq(0));
    let put_off_by_a_clock_ahead = Condition::any()
        .add(tried_in_vain.and(Column::NextAttemptTime.gt(later(LONGEST_BACKOFF))))
        .add(
            Column::UncertainAttempts
                .gt(0)
                .and(Column::NextAttemptTime.gt(later(LONGEST_UNCERTAIN_BACKOFF))),
        );
    // Its turn was at once. One that waits for its turn is left to the purge, which moves
    // it with the time at which it was enqueued.
    let enqueued_by_a_clock_ahead = Column::CreateTime
        .gt(now)
        .and(Expr::col(Column::NextAttemptTime).lte(Expr::col(Column::CreateTime)));
    let has_its_turn = Condition::any()
        .add(Column::NextAttemptTime.lte(now))
        .add(put_off_by_a_clock_ahead)
        .add(enqueued_by_a_clock_ahead);
    // Twice: a server whose clock differs a little must not lose a mail that it sends.
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

fn is_held(mail: &LeasedMail) -> Condition {
    Condition::all()
        .add(Column::Id.eq(mail.id))
        .add(Column::LeaseId.eq(mail.lease_id))
        .add(Column::State.eq(PENDING))
}

fn leased(row: Model, lease_id: Uuid) -> LeasedMail {
    LeasedMail {
        id: row.id,
        lease_id,
        letter: row.letter,
        recipient: row.recipient,
        locale: Locale::from_db(&row.locale),
        attempts: row.attempts.unsigned_abs(),
        uncertain_attempts: row.uncertain_attempts.unsigned_abs(),
        expire_time: from_millis(row.expire_time),
    }
}
