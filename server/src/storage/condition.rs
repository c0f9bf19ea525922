//! What an operator should know of a database: settings that lose what was acknowledged, and
//! what time it is there.

use jiff::Timestamp;
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, DbBackend, EntityTrait as _, QuerySelect as _, Statement,
};

use super::{
    connections::Connections,
    entity::heartbeat::{Column, Entity},
    error::StorageError,
    from_millis,
};

/// What PostgreSQL must not be told to do without.
const DURABLE: [&str; 3] = ["fsync", "full_page_writes", "synchronous_commit"];

/// The settings by which a power cut loses what was acknowledged, as `name = value`.
pub(super) async fn unsafe_settings(db: &Connections) -> Result<Vec<String>, StorageError> {
    let mut found = Vec::new();
    if db.backend() == DbBackend::Postgres {
        for name in DURABLE {
            let value: Option<String> = first(db, &format!("SHOW {name}")).await?;
            if value.as_deref() == Some("off") {
                found.push(format!("{name} = off"));
            }
        }
    } else {
        let mode: Option<String> = first(db, "PRAGMA journal_mode").await?;
        if mode.as_deref() != Some("wal") {
            found.push(format!("journal_mode = {}", mode.unwrap_or_default()));
        }
        // FULL, or EXTRA.
        let synchronous: Option<i32> = first(db, "PRAGMA synchronous").await?;
        if synchronous.is_none_or(|level| level < 2) {
            found.push(format!("synchronous = {}", synchronous.unwrap_or_default()));
        }
    }
    Ok(found)
}

/// What time it is at the database; none where its clock is this machine's.
pub(super) async fn time(db: &Connections) -> Result<Option<Timestamp>, StorageError> {
    if db.backend() != DbBackend::Postgres {
        return Ok(None);
    }
    let millis = "SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint";
    Ok(first::<i64>(db, millis).await?.map(from_millis))
}

/// When a server was last seen.
pub(super) async fn last_sign_of_life(
    db: &impl ConnectionTrait,
) -> Result<Option<Timestamp>, StorageError> {
    let last = Entity::find().select_only().column_as(Column::Time.max(), "last");
    let last = last.into_tuple::<Option<i64>>().one(db).await?;
    Ok(last.flatten().map(from_millis))
}

async fn first<T: sea_orm::TryGetable>(
    db: &Connections,
    sql: &str,
) -> Result<Option<T>, StorageError> {
    let row = db.query_one_raw(Statement::from_string(db.backend(), sql)).await?;
    Ok(row.map(|row| row.try_get_by_index(0)).transpose()?)
}
