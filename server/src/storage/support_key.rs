//! Table `support_key`: the API keys of support agents, as digests.

use jiff::Timestamp;
use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, ConnectionTrait, EntityTrait as _, ExprTrait as _,
    QueryFilter as _, QueryOrder as _,
};

use super::{
    entity::support_key::{ActiveModel, Column, Entity, Model},
    error::StorageError,
    from_millis, to_millis,
};
use crate::{credentials::token::TokenDigest, model::support_key::SupportKey};

/// The living key with this digest.
pub async fn find_by_digest(
    db: &impl ConnectionTrait,
    digest: &TokenDigest,
) -> Result<Option<SupportKey>, StorageError> {
    let row = Entity::find()
        .filter(Column::KeyDigest.eq(digest.as_bytes()))
        .filter(Column::RevokeTime.is_null())
        .one(db)
        .await?;
    Ok(row.filter(|row| digest.matches(&row.key_digest)).map(SupportKey::from))
}

/// Stores a key; gives its number.
pub async fn insert(
    db: &impl ConnectionTrait,
    name: &str,
    digest: &TokenDigest,
    now: Timestamp,
) -> Result<i32, StorageError> {
    let row = ActiveModel {
        name: Set(name.to_owned()),
        key_digest: Set(digest.as_bytes().to_vec()),
        create_time: Set(to_millis(now)),
        ..Default::default()
    };
    Ok(Entity::insert(row).exec_with_returning(db).await?.id)
}

/// Every key, dead or alive.
pub async fn list(db: &impl ConnectionTrait) -> Result<Vec<SupportKey>, StorageError> {
    let rows = Entity::find().order_by_asc(Column::Id).all(db).await?;
    Ok(rows.into_iter().map(SupportKey::from).collect())
}

/// Kills a key; false when there is none with this number that lives.
pub async fn revoke(
    db: &impl ConnectionTrait,
    id: i32,
    now: Timestamp,
) -> Result<bool, StorageError> {
    let row = ActiveModel { revoke_time: Set(Some(to_millis(now))), ..Default::default() };
    let alive = Column::Id.eq(id).and(Column::RevokeTime.is_null());
    Ok(Entity::update_many().set(row).filter(alive).exec(db).await?.rows_affected > 0)
}

impl From<Model> for SupportKey {
    fn from(row: Model) -> Self {
        Self {
            id: row.id,
            name: row.name,
            create_time: from_millis(row.create_time),
            revoke_time: row.revoke_time.map(from_millis),
        }
    }
}
