//! Whether a database has the schema that this program works with, and how it
//! gets it.

use gestan_account_migration::Migrator;
use sea_orm::{
    ConnectionTrait as _, DatabaseConnection, DbBackend, EntityName as _, EntityTrait as _,
};
use sea_orm_migration::{MigratorTrait as _, SchemaManager, seaql_migrations};

use super::{error::StorageError, transaction::Transaction};

/// The advisory lock of PostgreSQL that a migrating server holds: any number, always the
/// same one. Without it two servers that start together would both try to create the tables.
const MIGRATION_LOCK: i64 = 0x6765_7374_616e;

/// Brings the schema up to date inside a transaction that writes. Other servers that
/// would do the same wait for its end.
pub(super) async fn migrate(transaction: &Transaction) -> Result<(), StorageError> {
    // With SQLite, a transaction that writes is a lock by itself.
    if transaction.get_database_backend() == DbBackend::Postgres {
        let lock = format!("SELECT pg_advisory_xact_lock({MIGRATION_LOCK})");
        transaction.execute_unprepared(&lock).await?;
    }
    Ok(Migrator::up(transaction.for_migrations(), None).await?)
}

/// Whether the schema is up to date; a newer one is, too. It changes nothing, so that a
/// user without the right to change the schema may ask.
pub(super) async fn is_migrated(reader: &DatabaseConnection) -> Result<bool, StorageError> {
    let table = seaql_migrations::Entity.table_name();
    if !SchemaManager::new(reader).has_table(table).await? {
        return Ok(false);
    }
    let applied = seaql_migrations::Entity::find().all(reader).await?;
    let is_applied = |name| applied.iter().any(|change| change.version == name);
    Ok(Migrator::migrations().iter().all(|change| is_applied(change.name())))
}
