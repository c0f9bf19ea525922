//! Whether a copy can be served: SQLite finds no fault with it, and its schema is one that
//! this program knows.

use std::path::Path;

use gestan_account_migration::Migrator;
use jiff::Timestamp;
use sea_orm::{
    ConnectionTrait as _, DatabaseConnection, DbBackend, DbErr, EntityName as _, EntityTrait as _,
    QueryResult, Statement, TryGetable,
};
use sea_orm_migration::{MigratorTrait as _, SchemaManager, seaql_migrations};

use super::RestoreError;
use crate::storage::{
    backup::{fault, open},
    copy,
    error::StorageError,
    from_millis,
};

/// What a copy has, by which an operator knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Contents {
    /// How many accounts.
    pub accounts: i64,
    /// When its last audit event was written.
    pub last_event_time: Option<Timestamp>,
}

/// Checks the file of a copy that nobody has open.
pub(super) async fn check(file: &Path) -> Result<Contents, RestoreError> {
    let path = file.to_owned();
    // As it lies there: without a log, and without making one.
    let opened = open("sqlite:copy", move |sqlite| sqlite.filename(&path).immutable(true)).await;
    let db = opened.map_err(damaged)?;
    let checked = check_database(&db).await;
    let _ = db.close().await;
    checked
}

async fn check_database(db: &DatabaseConnection) -> Result<Contents, RestoreError> {
    if let Some(fault) = fault(db).await.map_err(damaged)? {
        return Err(RestoreError::Damaged(fault));
    }
    if first::<String>(db, "PRAGMA foreign_key_check").await?.is_some() {
        return Err(RestoreError::Damaged("a row refers to one that is not there".to_owned()));
    }
    let has_schema = SchemaManager::new(db).has_table(seaql_migrations::Entity.table_name()).await;
    let applied = if has_schema.map_err(StorageError::from)? {
        seaql_migrations::Entity::find().all(db).await.map_err(StorageError::from)?
    } else {
        Vec::new()
    };
    let known = Migrator::migrations();
    let is_known = |version: &str| known.iter().any(|change| change.name() == version);
    if !applied.iter().any(|change| is_known(&change.version)) {
        return Err(RestoreError::Unfit("it is no database of this program"));
    }
    if !applied.iter().all(|change| is_known(&change.version)) {
        return Err(RestoreError::Unfit(
            "a later release has made its schema: restore it by that release",
        ));
    }
    if copy::has_begun(db).await? {
        return Err(RestoreError::Unfit("it is the target of a `copy` that came to no end"));
    }
    let accounts = first::<i64>(db, "SELECT count(*) FROM account").await?.unwrap_or_default();
    let last = first::<i64>(db, "SELECT max(time) FROM audit_event HAVING count(*) > 0").await?;
    Ok(Contents { accounts, last_event_time: last.map(from_millis) })
}

async fn first<T: TryGetable>(
    db: &DatabaseConnection,
    sql: &str,
) -> Result<Option<T>, StorageError> {
    let row: Option<QueryResult> =
        db.query_one_raw(Statement::from_string(DbBackend::Sqlite, sql)).await?;
    let value: Result<Option<T>, DbErr> = row.map(|row| row.try_get_by_index(0)).transpose();
    Ok(value?)
}

/// What SQLite does not read is damaged, or no database.
fn damaged(error: StorageError) -> RestoreError {
    match error {
        StorageError::Fault(error) | StorageError::Unavailable(error) => {
            RestoreError::Damaged(error.to_string())
        }
        error => error.into(),
    }
}
