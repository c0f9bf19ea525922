//! Deletes what is no longer needed: personal data is kept as long as it
//! serves, and no longer (GDPR, article 5(1)(e)).

use jiff::{SignedDuration, Timestamp};
use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, ConnectionTrait, EntityTrait as _, QueryFilter as _,
};

use super::{
    challenge::REPEAT_WINDOW,
    entity::{
        account, audit_event, challenge, idempotency_key, link, outbox_mail, personal_code,
        throttle,
    },
    error::StorageError,
    to_millis,
};

/// For how long things are kept.
#[derive(Clone, Copy, Debug)]
pub struct Retention {
    /// Challenges and request IDs; also mails that ended and links that are dead.
    pub challenges: SignedDuration,
    /// Audit events.
    pub audit_events: SignedDuration,
}

/// Deletes what is past its retention. May run on any number of servers.
///
/// # Errors
/// A [`StorageError`].
pub async fn purge(
    db: &impl ConnectionTrait,
    retention: Retention,
    now: Timestamp,
) -> Result<(), StorageError> {
    erase_repeats(db, now).await?;
    let old = to_millis(now - retention.challenges);
    challenge::Entity::delete_many().filter(challenge::Column::CreateTime.lt(old)).exec(db).await?;
    idempotency_key::Entity::delete_many()
        .filter(idempotency_key::Column::CreateTime.lt(old))
        .exec(db)
        .await?;
    outbox_mail::Entity::delete_many()
        .filter(outbox_mail::Column::EndTime.lt(old))
        .exec(db)
        .await?;
    link::Entity::delete_many().filter(link::Column::UnlinkTime.lt(old)).exec(db).await?;
    account::Entity::update_many()
        .set(account::ActiveModel {
            pending_email: Set(None),
            pending_email_expire_time: Set(None),
            ..Default::default()
        })
        .filter(account::Column::PendingEmailExpireTime.lt(to_millis(now)))
        .exec(db)
        .await?;
    throttle::Entity::delete_many()
        .filter(throttle::Column::ExpireTime.lt(to_millis(now)))
        .exec(db)
        .await?;
    audit_event::Entity::delete_many()
        .filter(audit_event::Column::Time.lt(to_millis(now - retention.audit_events)))
        .exec(db)
        .await?;
    Ok(())
}

/// Once an answered challenge cannot be repeated any more, nothing that its
/// ticket or tokens were derived from stays.
async fn erase_repeats(db: &impl ConnectionTrait, now: Timestamp) -> Result<(), StorageError> {
    use challenge::Column;
    let window = to_millis(now - REPEAT_WINDOW);
    // The ticket may be used, and that use repeated, long after the code was.
    let done = sea_orm::Condition::all()
        .add(Column::Seed.is_not_null())
        .add(Column::SpentTime.lt(window))
        .add(
            sea_orm::Condition::any()
                .add(Column::TicketExpireTime.is_null())
                .add(Column::TicketSpentTime.lt(window))
                .add(
                    sea_orm::Condition::all()
                        .add(Column::TicketSpentTime.is_null())
                        .add(Column::TicketExpireTime.lt(to_millis(now))),
                ),
        );
    let ids: Vec<uuid::Uuid> = challenge::Entity::find()
        .filter(done)
        .all(db)
        .await?
        .into_iter()
        .map(|row| row.id)
        .collect();
    if ids.is_empty() {
        return Ok(());
    }
    personal_code::Entity::delete_many()
        .filter(personal_code::Column::ChallengeId.is_in(ids.clone()))
        .exec(db)
        .await?;
    challenge::Entity::update_many()
        .set(challenge::ActiveModel { seed: Set(None), ..Default::default() })
        .filter(Column::Id.is_in(ids))
        .exec(db)
        .await?;
    Ok(())
}
