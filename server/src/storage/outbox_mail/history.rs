//! What became of the mails to an address, for the support desk. Their words are not there to
//! be read, and nothing is leased.

use jiff::Timestamp;
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, DbBackend, EntityTrait as _, ExprTrait as _,
    QueryFilter as _, QueryOrder as _, QuerySelect as _, sea_query::Expr,
};
use uuid::Uuid;

use super::{
    super::{
        entity::outbox_mail::{Column, Entity, Model},
        error::StorageError,
        from_millis, to_millis,
    },
    End, PENDING,
};
use crate::domain::email_address::EmailAddress;

/// A mail, and what became of it.
#[derive(Clone)]
pub struct MailFate {
    /// Its ID, which makes its Message-ID.
    pub id: Uuid,
    /// What it tells, as JSON.
    pub letter: String,
    /// To whom.
    pub recipient: EmailAddress,
    /// How it ended; none while it is to be sent.
    pub end: Option<End>,
    /// How often it was tried.
    pub attempts: u32,
    /// When it was enqueued.
    pub create_time: Timestamp,
    /// When it is due, while it is to be sent.
    pub next_attempt_time: Timestamp,
    /// When it ended.
    pub end_time: Option<Timestamp>,
    /// Why it was not sent the last time, fit for a log.
    pub last_error: Option<String>,
}

/// The mails to these addresses that were enqueued after `since`, the newest first.
pub async fn list_to(
    db: &impl ConnectionTrait,
    email_keys: impl IntoIterator<Item = &str>,
    since: Timestamp,
    limit: u64,
) -> Result<Vec<MailFate>, StorageError> {
    // The very expression of the index.
    let key = match db.get_database_backend() {
        DbBackend::Postgres => "lower(recipient COLLATE \"C\")",
        _ => "lower(recipient)",
    };
    let rows = Entity::find()
        .filter(Expr::cust(key).is_in(email_keys))
        .filter(Column::CreateTime.gt(to_millis(since)))
        .order_by_desc(Column::CreateTime)
        .order_by_desc(Column::Id)
        .limit(limit)
        .all(db)
        .await?;
    rows.into_iter().map(MailFate::try_from).collect()
}

impl MailFate {
    /// Whether the last try brought nothing, and another one follows.
    #[must_use]
    pub fn is_put_off(&self) -> bool {
        self.end.is_none() && self.last_error.is_some()
    }
}

impl TryFrom<Model> for MailFate {
    type Error = StorageError;

    fn try_from(row: Model) -> Result<Self, StorageError> {
        let end = End::ALL.into_iter().find(|end| end.as_str() == row.state);
        if end.is_none() && row.state != PENDING {
            return Err(StorageError::damaged("state"));
        }
        let deliverable = row.recipient.unwrap_or_default();
        let key = deliverable.to_ascii_lowercase();
        Ok(Self {
            id: row.id,
            letter: row.letter,
            recipient: EmailAddress::from_db(deliverable, key),
            end,
            attempts: row.attempts.unsigned_abs(),
            create_time: from_millis(row.create_time),
            next_attempt_time: from_millis(row.next_attempt_time),
            end_time: row.end_time.map(from_millis),
            last_error: row.last_error,
        })
    }
}
