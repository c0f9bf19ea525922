//! How far a copy has come. It is kept in the target, written in the transaction of the
//! rows that it tells of, and gone when all is compared.

use gestan_account_migration::Migrator;
use sea_orm::{
    ActiveValue::Set,
    ConnectionTrait, DatabaseConnection, EntityName as _, EntityTrait as _, QueryOrder as _,
    Schema, TransactionTrait as _,
    sea_query::{OnConflict, Table},
};
use sea_orm_migration::{MigratorTrait as _, SchemaManager, seaql_migrations};

use super::digest::Digest;
use crate::storage::{
    entity::copy_progress::{ActiveModel, Column, Entity},
    error::StorageError,
};

/// The row that tells which database is being copied. No table has this name.
const SOURCE: &str = "*";

/// What a database has until the copy into it has come to its end.
pub(super) const TABLE: Entity = Entity;

/// Whether the database is the target of a copy that has not come to its end.
pub(super) async fn is_begun(db: &DatabaseConnection) -> Result<bool, StorageError> {
    Ok(SchemaManager::new(db).has_table(Entity.table_name()).await?)
}

/// What tells one source from another: its place, and when each change of its schema was
/// applied.
pub(super) async fn identity(
    db: &impl ConnectionTrait,
    place: &str,
) -> Result<String, StorageError> {
    let mut identity = vec![place.to_owned()];
    for change in migrations(db).await? {
        identity.push(format!("{} {}", change.version, change.applied_at));
    }
    Ok(Digest::of(&identity.join("\n")).to_hex())
}

/// Whether the schema is exactly the one that this program knows: it would not copy the
/// columns of a newer one.
pub(super) async fn has_own_schema(db: &DatabaseConnection) -> Result<bool, StorageError> {
    if !SchemaManager::new(db).has_table(seaql_migrations::Entity.table_name()).await? {
        return Ok(false);
    }
    let own = Migrator::migrations();
    let applied = migrations(db).await?;
    Ok(applied.iter().map(|change| &*change.version).eq(own.iter().map(|change| change.name())))
}

async fn migrations(
    db: &impl ConnectionTrait,
) -> Result<Vec<seaql_migrations::Model>, StorageError> {
    let changes = seaql_migrations::Entity::find();
    Ok(changes.order_by_asc(seaql_migrations::Column::Version).all(db).await?)
}

/// The identity of the source that is being copied into the database.
pub(super) async fn source(db: &DatabaseConnection) -> Result<Option<String>, StorageError> {
    if !is_begun(db).await? {
        return Ok(None);
    }
    find(db, SOURCE).await
}

/// Marks the database as the target of a copy.
pub(super) async fn begin(db: &DatabaseConnection, identity: &str) -> Result<(), StorageError> {
    let transaction = db.begin().await?;
    let schema = Schema::new(db.get_database_backend());
    transaction.execute(&schema.create_table_from_entity(Entity)).await?;
    note(&transaction, SOURCE, identity.to_owned()).await?;
    Ok(transaction.commit().await?)
}

/// What is noted under a name: for a table, the key of the last row that is copied.
pub(super) async fn find(
    db: &impl ConnectionTrait,
    name: &str,
) -> Result<Option<String>, StorageError> {
    Ok(Entity::find_by_id(name).one(db).await?.map(|row| row.value))
}

/// Notes a value under a name, in the place of an earlier one.
pub(super) async fn note(
    db: &impl ConnectionTrait,
    name: &str,
    value: String,
) -> Result<(), StorageError> {
    let row = ActiveModel { name: Set(name.to_owned()), value: Set(value) };
    let replace = OnConflict::column(Column::Name).update_column(Column::Value).to_owned();
    Entity::insert(row).on_conflict(replace).exec_without_returning(db).await?;
    Ok(())
}

/// All is compared: the database may be served.
pub(super) async fn finish(db: &DatabaseConnection) -> Result<(), StorageError> {
    db.execute(Table::drop().table(Entity)).await?;
    Ok(())
}
