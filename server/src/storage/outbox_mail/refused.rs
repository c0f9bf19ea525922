//! The recipients whom a mail server has refused for good, as far back as ended mails are kept.
//!
//! Nothing is stored for this list: a recipient is on it as long as the last of their mails that
//! ended was refused, and leaves it when a mail server takes one.

use jiff::Timestamp;
use sea_orm::{ConnectionTrait, DbBackend, EntityTrait as _, Statement, Value};
use uuid::Uuid;

use super::{
    super::{
        entity::outbox_mail::{Entity, Model},
        error::StorageError,
        from_millis, to_millis,
    },
    End, MAX_UNCERTAIN_TRIES,
};
use crate::domain::email_address::EmailAddress;

/// A recipient whom a mail server has refused for good.
#[derive(Clone)]
pub struct RefusedRecipient {
    /// The mail that was refused last.
    pub mail_id: Uuid,
    /// To whom it was to go.
    pub recipient: EmailAddress,
    /// When it was refused.
    pub time: Timestamp,
    /// What the mail server said, fit for a log.
    pub error: String,
}

impl RefusedRecipient {
    /// What an agent may see of the error: what stands behind a colon is the operator's, and may
    /// name a host.
    #[must_use]
    pub fn answer(&self) -> &str {
        self.error.split(':').next().unwrap_or_default()
    }
}

/// The recipients that are refused, the last refused first; from behind the mail at `after`.
pub async fn list_refused(
    db: &impl ConnectionTrait,
    after: Option<(Timestamp, Uuid)>,
    limit: usize,
) -> Result<Vec<RefusedRecipient>, StorageError> {
    let backend = db.get_database_backend();
    let (time, id) = after.map_or((i64::MAX, Uuid::max()), |(time, id)| (to_millis(time), id));
    let values: [Value; 5] = [
        MAX_UNCERTAIN_TRIES.into(),
        time.into(),
        time.into(),
        id.into(),
        i64::try_from(limit).unwrap_or(i64::MAX).into(),
    ];
    let statement = Statement::from_sql_and_values(backend, sql(backend), values);
    let rows: Vec<Model> = Entity::find().from_raw_sql(statement).all(db).await?;
    Ok(rows.into_iter().map(refused).collect())
}

/// The first condition is that of the index of ended mails that the purge goes by. One that was
/// given up because nobody said whether it was taken is no refusal.
fn sql(backend: DbBackend) -> String {
    // The very expression of the index of recipients.
    let key = |table: &str| match backend {
        DbBackend::Postgres => format!("lower({table}.recipient COLLATE \"C\")"),
        _ => format!("lower({table}.recipient)"),
    };
    let place = |number: usize| match backend {
        DbBackend::Postgres => format!("${number}"),
        _ => "?".to_owned(),
    };
    let (failed, sent) = (End::Failed.as_str(), End::Sent.as_str());
    format!(
        "SELECT mail.* FROM outbox_mail AS mail WHERE mail.end_time IS NOT NULL \
         AND mail.state = '{failed}' AND mail.recipient IS NOT NULL \
         AND mail.uncertain_attempts < {tries} \
         AND (mail.end_time < {before} OR (mail.end_time = {at} AND mail.id < {id})) \
         AND NOT EXISTS (SELECT 1 FROM outbox_mail AS later WHERE {later} = {this} \
         AND later.state IN ('{failed}', '{sent}') AND (later.end_time > mail.end_time \
         OR (later.end_time = mail.end_time AND later.id > mail.id))) \
         ORDER BY mail.end_time DESC, mail.id DESC LIMIT {limit}",
        tries = place(1),
        before = place(2),
        at = place(3),
        id = place(4),
        later = key("later"),
        this = key("mail"),
        limit = place(5),
    )
}

fn refused(row: Model) -> RefusedRecipient {
    let deliverable = row.recipient.unwrap_or_default();
    let key = deliverable.to_ascii_lowercase();
    RefusedRecipient {
        mail_id: row.id,
        recipient: EmailAddress::from_db(deliverable, key),
        time: from_millis(row.end_time.unwrap_or_default()),
        error: row.last_error.unwrap_or_default(),
    }
}
