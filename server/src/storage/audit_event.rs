//! Table `audit_event`. A row is written only in the transaction of the change that it
//! tells.

use std::net::IpAddr;

use jiff::Timestamp;
use sea_orm::{ActiveValue::Set, ConnectionTrait, EntityTrait as _};

use super::{
    entity::audit_event::{ActiveModel, Entity},
    error::StorageError,
    to_millis,
};
use crate::domain::account_id::AccountId;

/// A change of an account.
#[derive(Clone, Debug)]
pub struct AuditEvent<'a> {
    /// When.
    pub time: Timestamp,
    /// Of which account.
    pub account_id: AccountId,
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

fn row(event: AuditEvent<'_>) -> ActiveModel {
    ActiveModel {
        time: Set(to_millis(event.time)),
        account_id: Set(event.account_id.to_db()),
        action: Set(event.action.to_owned()),
        actor_kind: Set(event.actor_kind.to_owned()),
        actor_id: Set(event.actor_id),
        fields: Set(event.fields),
        ip: Set(event.ip.map(|ip| ip.to_string())),
        ..Default::default()
    }
}
