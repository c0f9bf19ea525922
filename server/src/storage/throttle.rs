//! Table `throttle`: when what is limited happened, by subject.

use std::{collections::BTreeMap, ops::Range};

use jiff::Timestamp;
use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, ConnectionTrait, DbBackend, EntityTrait as _,
    QueryFilter as _, QueryOrder as _, QuerySelect as _, QueryTrait as _, Statement,
    sea_query::OnConflict,
};

use super::{
    entity::throttle::{ActiveModel, Column, Entity, Model},
    error::StorageError,
    from_millis,
    many_keys::padded_lengths,
    to_millis,
};

/// When each of several things happened, the oldest first.
pub async fn find(
    db: &impl ConnectionTrait,
    keys: Vec<String>,
) -> Result<BTreeMap<String, Vec<Timestamp>>, StorageError> {
    let rows = Entity::find().filter(Column::Key.is_in(padded_lengths(keys, 1))).all(db).await?;
    rows.into_iter().map(|row| Ok((row.key.clone(), hits(&row)?))).collect()
}

/// What was counted.
#[derive(Clone, Debug)]
pub struct Counted {
    /// When it happened, the oldest first.
    pub hits: Vec<Timestamp>,
    /// Until when a limit may ask for it.
    pub expire_time: Timestamp,
}

/// When each of several things happened. Others who ask this for the same keys wait for
/// the end of the transaction. Rows are locked in the order of `keys`.
pub async fn find_for_update(
    db: &impl ConnectionTrait,
    keys: impl IntoIterator<Item = String>,
) -> Result<BTreeMap<String, Vec<Timestamp>>, StorageError> {
    // There must be rows to lock: two concurrent first hits would not see each other. A
    // row that is there is locked by an update that changes nothing, because ON CONFLICT
    // DO NOTHING neither locks nor returns it. A new row that stays empty is taken away
    // by the next purge.
    let rows: Vec<ActiveModel> = keys
        .into_iter()
        .map(|key| ActiveModel { key: Set(key), hits: Set("[]".to_owned()), expire_time: Set(0) })
        .collect();
    if rows.is_empty() {
        return Ok(BTreeMap::new());
    }
    let as_it_is = OnConflict::column(Column::Key).update_column(Column::Key).to_owned();
    let rows = Entity::insert_many(rows).on_conflict(as_it_is).exec_with_returning(db).await?;
    rows.into_iter().map(|row| Ok((row.key.clone(), hits(&row)?))).collect()
}

/// Stores what was counted of rows that are locked.
pub async fn store(
    db: &impl ConnectionTrait,
    counted: impl IntoIterator<Item = (String, Counted)>,
) -> Result<(), StorageError> {
    let row = |(key, Counted { hits, expire_time })| {
        let hits: Vec<i64> = hits.into_iter().map(to_millis).collect();
        let hits = serde_json::to_string(&hits).map_err(|_| StorageError::damaged("hits"))?;
        Ok(ActiveModel { key: Set(key), hits: Set(hits), expire_time: Set(to_millis(expire_time)) })
    };
    let rows = counted.into_iter().map(row).collect::<Result<Vec<_>, StorageError>>()?;
    if rows.is_empty() {
        return Ok(());
    }
    let replace = OnConflict::column(Column::Key)
        .update_columns([Column::Hits, Column::ExpireTime])
        .to_owned();
    Entity::insert_many(rows).on_conflict(replace).exec_without_returning(db).await?;
    Ok(())
}

/// Forgets that these things happened.
pub async fn delete(db: &impl ConnectionTrait, keys: Vec<String>) -> Result<(), StorageError> {
    // Locked in their order first: others lock some of them in that order.
    let locked = Entity::find()
        .select_only()
        .column(Column::Key)
        .filter(Column::Key.is_in(padded_lengths(keys, 1)))
        .order_by_asc(Column::Key)
        .lock_exclusive();
    Entity::delete_many().filter(Column::Key.in_subquery(locked.into_query())).exec(db).await?;
    Ok(())
}

/// When wrong passwords and codes were tried whose keys lie in this range, by bytes; of at
/// most `limit` keys. It reads the index by which [`delete_secrets`] finds them.
pub async fn find_secrets(
    db: &impl ConnectionTrait,
    keys: Range<String>,
    limit: u64,
) -> Result<BTreeMap<String, Vec<Timestamp>>, StorageError> {
    let backend = db.get_database_backend();
    let sql = match backend {
        DbBackend::Postgres => {
            "SELECT key, hits, expire_time FROM throttle WHERE key LIKE 'passwords:%' \
             AND key COLLATE \"C\" >= $1 AND key COLLATE \"C\" < $2 LIMIT $3"
        }
        _ => "SELECT key, hits, expire_time FROM throttle WHERE key >= ? AND key < ? LIMIT ?",
    };
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let values = [keys.start.into(), keys.end.into(), limit.into()];
    let statement = Statement::from_sql_and_values(backend, sql, values);
    let rows = Entity::find().from_raw_sql(statement).all(db).await?;
    rows.into_iter().map(|row| Ok((row.key.clone(), hits(&row)?))).collect()
}

/// Forgets all wrong passwords and codes whose keys lie in this range, by bytes. All such
/// keys begin with `passwords:`, as the index says by which PostgreSQL finds them.
pub async fn delete_secrets(
    db: &impl ConnectionTrait,
    keys: Range<String>,
) -> Result<(), StorageError> {
    let backend = db.get_database_backend();
    let sql = match backend {
        DbBackend::Postgres => {
            "DELETE FROM throttle WHERE key LIKE 'passwords:%' \
             AND key COLLATE \"C\" >= $1 AND key COLLATE \"C\" < $2"
        }
        _ => "DELETE FROM throttle WHERE key >= ? AND key < ?",
    };
    let values = [keys.start.into(), keys.end.into()];
    db.execute_raw(Statement::from_sql_and_values(backend, sql, values)).await?;
    Ok(())
}

fn hits(row: &Model) -> Result<Vec<Timestamp>, StorageError> {
    let millis: Vec<i64> =
        serde_json::from_str(&row.hits).map_err(|_| StorageError::damaged("hits"))?;
    Ok(millis.into_iter().map(from_millis).collect())
}
