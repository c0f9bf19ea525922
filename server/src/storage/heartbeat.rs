//! Table `heartbeat`: proves that what is written can be read again. A database may
//! take connections and begin transactions, and yet keep nothing.
//!
//! The purge has a row of its own among them: by which time it was last purged.

use jiff::Timestamp;
use sea_orm::{ActiveValue::Set, ConnectionTrait, EntityTrait as _, sea_query::OnConflict};
use uuid::Uuid;

use super::{
    entity::heartbeat::{ActiveModel, Column, Entity},
    error::StorageError,
    from_millis, to_millis,
};

/// In the place of a server: the purge, whichever server does it.
pub(super) const PURGE: Uuid = Uuid::nil();

/// Writes the beat of a server over its last one.
pub(super) async fn store(
    db: &impl ConnectionTrait,
    server_id: Uuid,
    beat: Uuid,
    now: Timestamp,
) -> Result<(), StorageError> {
    let row = ActiveModel { server_id: Set(server_id), beat: Set(beat), time: Set(to_millis(now)) };
    let replace = OnConflict::column(Column::ServerId)
        .update_columns([Column::Beat, Column::Time])
        .to_owned();
    Entity::insert(row).on_conflict(replace).exec_without_returning(db).await?;
    Ok(())
}

/// The last beat of a server.
pub(super) async fn find(
    db: &impl ConnectionTrait,
    server_id: Uuid,
) -> Result<Option<Uuid>, StorageError> {
    Ok(Entity::find_by_id(server_id).one(db).await?.map(|row| row.beat))
}

/// Stores by which time is purged.
pub(super) async fn store_purge(
    db: &impl ConnectionTrait,
    time: Timestamp,
) -> Result<(), StorageError> {
    store(db, PURGE, Uuid::nil(), time).await
}

/// By which time was last purged.
pub(super) async fn find_purge(
    db: &impl ConnectionTrait,
) -> Result<Option<Timestamp>, StorageError> {
    Ok(Entity::find_by_id(PURGE).one(db).await?.map(|row| from_millis(row.time)))
}
