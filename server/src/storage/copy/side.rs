//! The two databases of a copy: opened so that nobody else can write, named so
//! that no password is told.

use std::fs;

use gestan_account_migration::Migrator;
use sea_orm::{
    ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DatabaseTransaction, DbBackend,
    DbErr, IsolationLevel, RuntimeErr, Statement, TransactionTrait as _,
    sqlx::sqlite::SqliteLockingMode,
};
use sea_orm_migration::MigratorTrait as _;

use super::{CopyError, at, progress};
use crate::storage::{
    error::StorageError,
    pools::{DATABASE_TIMEOUT, check_url},
    postgres,
    sqlite::{is_sqlite, sqlite_options, sqlite_path},
    sqlite_file,
};

/// Where a database is, without its password.
///
/// # Errors
/// [`CopyError::Storage`] when its URL is none.
pub fn place(url: &str) -> Result<String, CopyError> {
    check_url(url).map_err(at("the database"))?;
    if let Some(path) = sqlite_path(url) {
        let path = fs::canonicalize(&path).or_else(|_| std::path::absolute(&path)).unwrap_or(path);
        return Ok(format!("sqlite:{}", path.display()));
    }
    let mut places = Vec::new();
    let mut name = String::new();
    for postgres::Host { options, .. } in postgres::hosts(url).map_err(at("the database"))? {
        places.push(match options.get_socket() {
            Some(socket) => socket.display().to_string(),
            None => format!("{}:{}", options.get_host(), options.get_port()),
        });
        options.get_database().unwrap_or(options.get_username()).clone_into(&mut name);
    }
    Ok(format!("postgres://{}/{name}", places.join(",")))
}

/// The database to read. It must be there, with this program's schema.
pub(super) async fn open_source(url: &str, place: &str) -> Result<DatabaseConnection, CopyError> {
    let db = open(url, place, false).await?;
    if !progress::has_own_schema(&db).await.map_err(at(place))?
        || progress::is_begun(&db).await.map_err(at(place))?
    {
        return Err(CopyError::Schema { place: place.to_owned() });
    }
    Ok(db)
}

/// The database to write; an SQLite file is created.
pub(super) async fn open_target(url: &str, place: &str) -> Result<DatabaseConnection, CopyError> {
    if let Some(path) = sqlite_path(url) {
        sqlite_file::create(&path).map_err(at(place))?;
    }
    open(url, place, true).await
}

/// Brings the schema of the target up to date.
pub(super) async fn migrate(db: &DatabaseConnection) -> Result<(), StorageError> {
    Ok(Migrator::up(db, None).await?)
}

/// The source as it is at one moment, and stays as long as this is kept.
pub(super) async fn snapshot(
    db: &DatabaseConnection,
    place: &str,
    tables: &[String],
) -> Result<DatabaseTransaction, CopyError> {
    if db.get_database_backend() != DbBackend::Postgres {
        // The file is locked against everybody.
        return db.begin().await.map_err(|error| at(place)(error.into()));
    }
    let isolation = Some(IsolationLevel::RepeatableRead);
    let begun = db.begin_with_config(isolation, None).await;
    let transaction = begun.map_err(|error| at(place)(error.into()))?;
    // A snapshot of PostgreSQL is of the moment of its first query. The locks are taken
    // before that (LOCK TABLE is none), so that nobody changes a row from then on until
    // the end.
    let lock = format!(
        "SET LOCAL lock_timeout = '{}ms'; LOCK TABLE {} IN SHARE MODE",
        DATABASE_TIMEOUT.as_millis(),
        tables.join(", ")
    );
    let locked = transaction.execute_unprepared(&lock).await;
    locked.map_err(|error| at(place)(error.into()))?;
    Ok(transaction)
}

/// Refuses when others are connected. An SQLite file is locked and lets no others in.
pub(super) async fn check_alone(db: &impl ConnectionTrait, place: &str) -> Result<(), CopyError> {
    if db.get_database_backend() != DbBackend::Postgres {
        return Ok(());
    }
    let others = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() \
                  AND backend_type = 'client backend' AND pid <> pg_backend_pid()";
    let others = Statement::from_string(DbBackend::Postgres, others);
    let counted = match db.query_one_raw(others).await {
        Ok(row) => row.map(|row| row.try_get_by_index::<i64>(0)).transpose(),
        Err(error) => Err(error),
    };
    match counted.map_err(|error| at(place)(error.into()))? {
        Some(0) => Ok(()),
        _ => Err(CopyError::InUse { place: place.to_owned() }),
    }
}

/// One connection, kept to the end: with SQLite, the lock lasts as long.
async fn open(url: &str, place: &str, create: bool) -> Result<DatabaseConnection, CopyError> {
    if !is_sqlite(url) {
        let (_, connection, _) = postgres::connect_to_primary(url).await.map_err(at(place))?;
        let db = connection.into_inner();
        check_alone(&db, place).await?;
        return Ok(db);
    }
    match Database::connect(options(url, create)).await {
        Err(error) if is_busy(&error) => Err(CopyError::InUse { place: place.to_owned() }),
        outcome => outcome.map_err(|error| at(place)(error.into())),
    }
}

fn options(url: &str, create: bool) -> ConnectOptions {
    let mut options = ConnectOptions::new(url);
    options
        .max_connections(1)
        .min_connections(1)
        .idle_timeout(None)
        .max_lifetime(None)
        .acquire_timeout(DATABASE_TIMEOUT)
        .connect_timeout(DATABASE_TIMEOUT)
        .sqlx_logging(false)
        .map_sqlx_sqlite_opts(move |sqlite| {
            sqlite_options(sqlite)
                .create_if_missing(create)
                // A server that has the file open keeps it open: a long wait would be in vain.
                .busy_timeout(DATABASE_TIMEOUT / 5)
                .locking_mode(SqliteLockingMode::Exclusive)
        });
    options
}

/// Whether SQLite says that another has the file.
fn is_busy(error: &DbErr) -> bool {
    let (DbErr::Conn(RuntimeErr::SqlxError(cause))
    | DbErr::Exec(RuntimeErr::SqlxError(cause))
    | DbErr::Query(RuntimeErr::SqlxError(cause))) = error
    else {
        return false;
    };
    matches!(
        StorageError::from(DbErr::Exec(RuntimeErr::SqlxError(cause.clone()))),
        StorageError::Conflict(_)
    )
}
