//! Table `support_key`: the API keys of support agents, as digests. Rows are never deleted:
//! events refer to them.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;
use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, Condition, ConnectionTrait, EntityTrait as _,
    ExprTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _, sea_query::SimpleExpr,
};

use super::{
    entity::support_key::{ActiveModel, Column, Entity, Model},
    error::StorageError,
    from_millis, to_millis,
};
use crate::{
    credentials::token::{Token, TokenDigest},
    domain::role::Role,
    model::support_key::SupportKey,
};

/// A key to be stored.
#[derive(Clone, Copy, Debug)]
pub struct NewSupportKey<'a> {
    /// Whose it is.
    pub name: &'a str,
    /// What it may do.
    pub role: Role,
    /// Until when it serves; none for a key without an end.
    pub expire_time: Option<Timestamp>,
    /// The key, of which the digest and the hint are stored.
    pub key: &'a Token,
}

/// The key with this digest, unless it is revoked. It may have expired.
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
    new: &NewSupportKey<'_>,
    now: Timestamp,
) -> Result<i32, StorageError> {
    let row = ActiveModel {
        name: Set(new.name.to_owned()),
        key_digest: Set(new.key.digest().as_bytes().to_vec()),
        create_time: Set(to_millis(now)),
        role: Set(new.role.name().to_owned()),
        expire_time: Set(new.expire_time.map(to_millis)),
        key_hint: Set(new.key.hint().to_owned()),
        ..Default::default()
    };
    Ok(Entity::insert(row).exec_with_returning(db).await?.id)
}

/// Every key, dead or alive.
pub async fn list(db: &impl ConnectionTrait) -> Result<Vec<SupportKey>, StorageError> {
    let rows = Entity::find().order_by_asc(Column::Id).all(db).await?;
    Ok(rows.into_iter().map(SupportKey::from).collect())
}

/// The names of keys, dead or alive, by their numbers.
pub async fn find_names(
    db: &impl ConnectionTrait,
    ids: impl IntoIterator<Item = i32>,
) -> Result<HashMap<i32, String>, StorageError> {
    let ids: HashSet<i32> = ids.into_iter().collect();
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let rows: Vec<(i32, String)> = Entity::find()
        .select_only()
        .columns([Column::Id, Column::Name])
        .filter(Column::Id.is_in(ids))
        .into_tuple()
        .all(db)
        .await?;
    Ok(rows.into_iter().collect())
}

/// Notes that a key was used.
pub async fn touch(db: &impl ConnectionTrait, id: i32, now: Timestamp) -> Result<(), StorageError> {
    let row = ActiveModel { last_use_time: Set(Some(to_millis(now))), ..Default::default() };
    Entity::update_many().set(row).filter(Column::Id.eq(id)).exec(db).await?;
    Ok(())
}

/// Kills a key; false when there is none with this number that is not revoked.
pub async fn revoke(
    db: &impl ConnectionTrait,
    id: i32,
    now: Timestamp,
) -> Result<bool, StorageError> {
    let row = ActiveModel { revoke_time: Set(Some(to_millis(now))), ..Default::default() };
    update(db, row, Column::Id.eq(id).and(Column::RevokeTime.is_null())).await
}

/// Replaces the name of a revoked key by its number; false when there is none.
pub async fn forget(db: &impl ConnectionTrait, id: i32) -> Result<bool, StorageError> {
    let row = ActiveModel { name: Set(format!("agent {id}")), ..Default::default() };
    update(db, row, Column::Id.eq(id).and(Column::RevokeTime.is_not_null())).await
}

async fn update(
    db: &impl ConnectionTrait,
    row: ActiveModel,
    which: SimpleExpr,
) -> Result<bool, StorageError> {
    let which = Condition::all().add(which);
    Ok(Entity::update_many().set(row).filter(which).exec(db).await?.rows_affected > 0)
}

impl From<Model> for SupportKey {
    fn from(row: Model) -> Self {
        Self {
            id: row.id,
            hint: row.key_hint,
            name: row.name,
            role: Role::from_db(&row.role),
            create_time: from_millis(row.create_time),
            expire_time: row.expire_time.map(from_millis),
            last_use_time: row.last_use_time.map(from_millis),
            revoke_time: row.revoke_time.map(from_millis),
        }
    }
}
