//! The rows of any table, a page at a time, in the order of its key, so that a copy takes
//! the memory of one page, however many rows there are.

use std::{collections::HashMap, fmt::Display, str::FromStr};

use sea_orm::{
    ActiveModelTrait as _, ColumnTrait as _, ConnectionTrait, DatabaseConnection, EntityTrait,
    IntoActiveModel, Iterable as _, ModelTrait as _, PaginatorTrait as _, PrimaryKeyToColumn,
    PrimaryKeyTrait, QueryFilter as _, QueryOrder as _, QuerySelect as _, TransactionTrait as _,
    Value, sea_query::FromValueTuple as _,
};
use sea_orm_migration::SchemaManager;

use super::{digest, progress};
use crate::storage::error::StorageError;

/// Rows that are read in one statement, and written in one transaction. A row has up to
/// 24 values, and SQLite takes 32,766 in a statement.
const PAGE: u64 = 500;

/// After so many rows the log tells that the copy goes on.
pub(super) const ROWS_A_LINE: usize = 50_000;

/// The key of a row. Every table has one column for it.
pub(super) type Key<E> = <<E as EntityTrait>::PrimaryKey as PrimaryKeyTrait>::ValueType;

/// What a key can do: go into a statement, and become text and back.
pub(super) trait TableKey: Clone + Display + FromStr + Into<Value> {}

impl<K: Clone + Display + FromStr + Into<Value>> TableKey for K {}

/// A table as SeaORM knows it, with a single key.
pub(super) trait CopiedTable:
    EntityTrait<
        Model: IntoActiveModel<<Self as EntityTrait>::ActiveModel> + Sync,
        PrimaryKey: PrimaryKeyTrait<ValueType: TableKey>,
    >
{
}

impl<E> CopiedTable for E where
    E: EntityTrait<
            Model: IntoActiveModel<E::ActiveModel> + Sync,
            PrimaryKey: PrimaryKeyTrait<ValueType: TableKey>,
        >
{
}

fn key_column<E: CopiedTable>() -> E::Column {
    let key = E::PrimaryKey::iter().next().map(PrimaryKeyToColumn::into_column);
    key.unwrap_or_else(|| unreachable!("SeaORM derives no entity without a key"))
}

/// The key of a row.
pub(super) fn key<E: CopiedTable>(row: &E::Model) -> Key<E> {
    Key::<E>::from_value_tuple(row.get(key_column::<E>()))
}

/// The next rows.
pub(super) async fn page<E: CopiedTable>(
    db: &impl ConnectionTrait,
    after: Option<&Key<E>>,
) -> Result<Vec<E::Model>, StorageError> {
    let column = key_column::<E>();
    let mut rows = E::find().order_by_asc(column).limit(PAGE);
    if let Some(after) = after {
        rows = rows.filter(column.gt(after.clone()));
    }
    Ok(rows.all(db).await?)
}

/// Writes rows, and that they are written up to `last`, in one transaction.
pub(super) async fn insert<E: CopiedTable>(
    db: &DatabaseConnection,
    rows: Vec<E::Model>,
    last: &Key<E>,
) -> Result<(), StorageError> {
    let transaction = db.begin().await?;
    let rows = rows.into_iter().map(|row| row.into_active_model().reset_all());
    E::insert_many(rows).exec_without_returning(&transaction).await?;
    progress::note(&transaction, E::default().table_name(), last.to_string()).await?;
    Ok(transaction.commit().await?)
}

/// The key of the last row that was written; `None` before the first.
pub(super) async fn last_key<E: CopiedTable>(
    db: &impl ConnectionTrait,
) -> Result<Option<Key<E>>, StorageError> {
    let key = progress::find(db, E::default().table_name()).await?;
    key.map(|key| key.parse().map_err(|_| StorageError::damaged("copy_progress"))).transpose()
}

/// The digests of the rows that have the keys of `like`, by key.
pub(super) async fn digests<E: CopiedTable>(
    db: &impl ConnectionTrait,
    like: &[E::Model],
) -> Result<HashMap<String, [u8; 32]>, StorageError> {
    let column = key_column::<E>();
    let keys = like.iter().map(|row| row.get(column));
    let rows = E::find().filter(column.is_in(keys)).all(db).await?;
    rows.iter().map(|row| Ok((key::<E>(row).to_string(), digest::of_row::<E>(row)?))).collect()
}

/// How many rows there are.
pub(super) async fn count<E: CopiedTable>(db: &impl ConnectionTrait) -> Result<u64, StorageError> {
    Ok(E::find().count(db).await?)
}

/// Whether the table is there, and not empty.
pub(super) async fn has_rows<E: CopiedTable>(
    db: &DatabaseConnection,
) -> Result<bool, StorageError> {
    if !SchemaManager::new(db).has_table(E::default().table_name()).await? {
        return Ok(false);
    }
    Ok(E::find().one(db).await?.is_some())
}
