//! Whether a database has the schema that this program works with, and how it
//! gets it.

use gestan_account_migration::Migrator;
use sea_orm::{ConnectionTrait as _, DbBackend, EntityName as _, EntityTrait as _};
use sea_orm_migration::{MigratorTrait as _, seaql_migrations};

use super::{connections::Connections, error::StorageError, transaction::Transaction};

/// The advisory lock of PostgreSQL that a migrating server holds: any number, always the
/// same one. Without it two servers that start together would both try to create the tables.
const MIGRATION_LOCK: i64 = 0x6765_7374_616e;

/// Brings the schema up to date inside a transaction that writes. Other servers that
/// would do the same wait for its end.
pub(super) async fn migrate(transaction: &Transaction) -> Result<(), StorageError> {
    // With SQLite, a transaction that writes is a lock by itself.
    if transaction.get_database_backend() == DbBackend::Postgres {
        transaction.execute_unprepared(&lock()).await?;
    }
    Ok(Migrator::up(transaction.for_migrations(), None).await?)
}

/// Waits for its turn, however long another server takes: a timeout is meant for the
/// statements of a call. From a level above READ COMMITTED a server that has waited would
/// not see that another one has migrated meanwhile.
fn lock() -> String {
    format!(
        "SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
         SET LOCAL lock_timeout = 0;
         SET LOCAL statement_timeout = 0;
         SELECT pg_advisory_xact_lock({MIGRATION_LOCK});
         SET LOCAL lock_timeout TO DEFAULT;
         SET LOCAL statement_timeout TO DEFAULT"
    )
}

/// The newest change of the schema that the database has.
pub(super) async fn version(db: &Connections) -> Result<String, StorageError> {
    let applied = seaql_migrations::Entity::find().all(db).await?;
    Ok(applied.into_iter().map(|change| change.version).max().unwrap_or_default())
}

/// Whether the schema is up to date; a newer one is, too. It changes nothing, so that a
/// user without the right to change the schema may ask.
pub(super) async fn is_migrated(db: &Connections) -> Result<bool, StorageError> {
    if !is_made(db).await? {
        return Ok(false);
    }
    let applied = seaql_migrations::Entity::find().all(db).await?;
    let is_applied = |name| applied.iter().any(|change| change.version == name);
    Ok(Migrator::migrations().iter().all(|change| is_applied(change.name())))
}

/// Whether a release of this program has made a schema there.
pub(super) async fn is_made(db: &Connections) -> Result<bool, StorageError> {
    Ok(db.has_table(seaql_migrations::Entity.table_name()).await?)
}
