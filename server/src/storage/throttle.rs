//! Table `throttle`: when what is limited happened.

use jiff::Timestamp;
use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, ConnectionTrait, EntityTrait as _, QueryFilter as _,
    sea_query::OnConflict,
};

use super::{
    entity::throttle::{ActiveModel, Column, Entity, Model},
    error::StorageError,
    from_millis, to_millis,
};

/// When it happened, the oldest first.
///
/// # Errors
/// A [`StorageError`].
pub async fn find(db: &impl ConnectionTrait, key: &str) -> Result<Vec<Timestamp>, StorageError> {
    hits(Entity::find_by_id(key).one(db).await?)
}

/// When it happened; others wait for the end of the transaction to know.
///
/// # Errors
/// A [`StorageError`].
pub async fn find_for_update(
    db: &impl ConnectionTrait,
    key: &str,
) -> Result<Vec<Timestamp>, StorageError> {
    // There must be a row to lock: two first hits at once would not see each other.
    // One that is there is locked by being left as it is.
    let row = ActiveModel {
        key: Set(key.to_owned()),
        hits: Set("[]".to_owned()),
        expire_time: Set(i64::MAX),
    };
    let as_it_is = OnConflict::column(Column::Key).update_column(Column::Key).to_owned();
    let row = Entity::insert(row).on_conflict(as_it_is).exec_with_returning(db).await?;
    hits(Some(row))
}

/// Stores when it happened, until when that is of interest.
///
/// # Errors
/// A [`StorageError`].
pub async fn update(
    db: &impl ConnectionTrait,
    key: &str,
    hits: &[Timestamp],
    expire_time: Timestamp,
) -> Result<(), StorageError> {
    let millis: Vec<i64> = hits.iter().map(|hit| to_millis(*hit)).collect();
    let row = ActiveModel {
        hits: Set(serde_json::to_string(&millis).map_err(|_| StorageError::damaged("hits"))?),
        expire_time: Set(to_millis(expire_time)),
        ..Default::default()
    };
    Entity::update_many().set(row).filter(Column::Key.eq(key)).exec(db).await?;
    Ok(())
}

/// Forgets that it happened.
///
/// # Errors
/// A [`StorageError`].
pub async fn delete(db: &impl ConnectionTrait, key: &str) -> Result<(), StorageError> {
    Entity::delete_by_id(key).exec(db).await?;
    Ok(())
}

fn hits(row: Option<Model>) -> Result<Vec<Timestamp>, StorageError> {
    let Some(row) = row else { return Ok(Vec::new()) };
    let millis: Vec<i64> =
        serde_json::from_str(&row.hits).map_err(|_| StorageError::damaged("hits"))?;
    Ok(millis.into_iter().map(from_millis).collect())
}
