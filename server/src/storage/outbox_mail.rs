//! Table `outbox_mail`: the queue of mails. A mail is enqueued in the transaction of what
//! it tells. Leases let any number of servers share the work.

use jiff::{SignedDuration, Timestamp};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait as _, ConnectionTrait, EntityTrait as _, ExprTrait as _, PaginatorTrait as _,
    QueryFilter as _, QueryOrder as _, QuerySelect as _,
    sea_query::{Expr, LockBehavior, LockType},
};
use uuid::Uuid;

use super::{
    entity::outbox_mail::{ActiveModel, Column, Entity, Model},
    error::StorageError,
    from_millis, to_millis,
};
use crate::domain::{email_address::EmailAddress, locale::Locale};

const PENDING: &str = "pending";

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
pub async fn is_any_due(db: &impl ConnectionTrait, now: Timestamp) -> Result<bool, StorageError> {
    let due: Option<Uuid> = due(now).limit(1).into_tuple().one(db).await?;
    Ok(due.is_some())
}

/// Leases up to `limit` mails that are due, for `lease` long.
pub async fn claim(
    db: &impl ConnectionTrait,
    lease_id: Uuid,
    limit: u64,
    now: Timestamp,
    lease: SignedDuration,
) -> Result<Vec<LeasedMail>, StorageError> {
    let due: Vec<Uuid> = due(now)
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

/// Gives a mail back, to be tried again at `next_attempt_time`.
pub async fn postpone(
    db: &impl ConnectionTrait,
    mail: &LeasedMail,
    next_attempt_time: Timestamp,
    error: String,
) -> Result<(), StorageError> {
    let row = ActiveModel {
        next_attempt_time: Set(to_millis(next_attempt_time)),
        lease_id: Set(None),
        lease_expire_time: Set(0),
        last_error: Set(Some(error)),
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

/// How many mails wait to be sent.
pub async fn count_pending(db: &impl ConnectionTrait) -> Result<u64, StorageError> {
    Ok(Entity::find().filter(Column::State.eq(PENDING)).count(db).await?)
}

fn due(now: Timestamp) -> sea_orm::Select<Entity> {
    Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(Column::State.eq(PENDING))
        .filter(Column::NextAttemptTime.lte(to_millis(now)))
        .filter(Column::LeaseExpireTime.lte(to_millis(now)))
}

fn is_held(mail: &LeasedMail) -> sea_orm::Condition {
    sea_orm::Condition::all()
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
        expire_time: from_millis(row.expire_time),
    }
}
