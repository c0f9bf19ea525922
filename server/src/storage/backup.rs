//! Copies an SQLite database while servers use it. The copy is of one moment; it gets
//! its name only when it is checked and on disk. It is as secret as the database.

pub mod rotation;

use std::{
    ffi::{OsStr, OsString},
    fs, io,
    path::{Path, PathBuf},
};

use sea_orm::{
    ConnectOptions, ConnectionTrait as _, DatabaseConnection, DbBackend, Statement,
    sqlx::sqlite::SqliteConnectOptions,
};

use super::{
    error::StorageError,
    pools::{DATABASE_TIMEOUT, check_url},
    sqlite::sqlite_path,
};
use crate::new_file;

/// Why there is no copy.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// Another database than SQLite.
    #[error(
        "only SQLite is copied like this; for PostgreSQL use `pg_dump --format=custom`, or \
         `pg_basebackup` and its archived log"
    )]
    NotSqlite,
    /// A file has the name already.
    #[error("{0} exists, and is not replaced")]
    Exists(PathBuf),
    /// The file cannot be written.
    #[error("cannot write {path}")]
    File {
        /// Which one.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// SQLite finds fault with the copy, and so probably with the database.
    #[error("the copy is damaged: {0}")]
    Damaged(String),
    /// The database cannot be read.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// Copies the SQLite database at `url` into the new file `to`, and gives its
/// size in bytes. Writers are not held up.
///
/// # Errors
/// A [`BackupError`]; then there is no file `to`.
pub async fn backup(url: &str, to: &Path) -> Result<u64, BackupError> {
    check_url(url)?;
    if sqlite_path(url).is_none() {
        return Err(BackupError::NotSqlite);
    }
    let fail = |source: io::Error| match source.kind() {
        io::ErrorKind::AlreadyExists => BackupError::Exists(to.to_owned()),
        _ => BackupError::File { path: to.to_owned(), source },
    };
    if fs::exists(to).map_err(fail)? {
        return Err(BackupError::Exists(to.to_owned()));
    }
    let target = std::path::absolute(to).map_err(fail)?;
    let (Some(folder), Some(name)) = (target.parent(), target.file_name()) else {
        return Err(fail(io::ErrorKind::InvalidFilename.into()));
    };
    let partial = Partial::create(folder, name).map_err(fail)?;
    vacuum_into(url, &partial.0).await?;
    let file = fs::File::open(&partial.0).map_err(fail)?;
    file.sync_all().map_err(fail)?;
    check(&partial.0).await?;
    new_file::publish(&partial.0, &target).map_err(fail)?;
    new_file::sync_folder(folder).map_err(fail)?;
    Ok(file.metadata().map_err(fail)?.len())
}

/// A file that is not yet whole. It is removed when this is dropped, unless it has got
/// its name.
struct Partial(PathBuf);

impl Partial {
    fn create(folder: &Path, name: &OsStr) -> io::Result<Self> {
        let mut hidden = OsString::from(".");
        hidden.push(name);
        hidden.push(format!(".{}.partial", std::process::id()));
        let path = folder.join(hidden);
        // Created here, because SQLite would create it readable by others; `VACUUM INTO`
        // takes an empty file.
        new_file::create(&path)?;
        Ok(Self(path))
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        // A published file is not under this name any more; a leftover is hidden and
        // harmless.
        let _ = fs::remove_file(&self.0);
    }
}

async fn vacuum_into(url: &str, partial: &Path) -> Result<(), BackupError> {
    let Some(partial) = partial.to_str() else {
        let source = io::Error::new(io::ErrorKind::InvalidFilename, "not UTF-8");
        return Err(BackupError::File { path: partial.to_owned(), source });
    };
    let db = open(url, |sqlite| sqlite).await?;
    let copy = Statement::from_sql_and_values(DbBackend::Sqlite, "VACUUM INTO ?", [partial.into()]);
    let copied = db.execute_raw(copy).await;
    let closed = db.close().await;
    copied.and(closed.map(drop)).map_err(StorageError::from)?;
    Ok(())
}

async fn check(copy: &Path) -> Result<(), BackupError> {
    // The file is not named by the URL, in which some characters of a path mean something
    // else.
    let path = copy.to_owned();
    let db = open("sqlite:copy", move |sqlite| sqlite.filename(&path).read_only(true)).await?;
    let fault = fault(&db).await;
    let closed = db.close().await;
    match fault.and_then(|fault| Ok(closed.map(|()| fault)?))? {
        None => Ok(()),
        Some(fault) => Err(BackupError::Damaged(fault)),
    }
}

/// The first fault that SQLite finds with a database.
pub(super) async fn fault(db: &DatabaseConnection) -> Result<Option<String>, StorageError> {
    let check = Statement::from_string(DbBackend::Sqlite, "PRAGMA integrity_check");
    let row = db.query_one_raw(check).await?;
    let first: Option<String> = row.map(|row| row.try_get_by_index(0)).transpose()?;
    let told = first.unwrap_or_else(|| "no answer".to_owned());
    Ok((told != "ok").then_some(told))
}

/// A connection that neither makes a database nor changes how it works.
pub(super) async fn open(
    url: &str,
    change: impl Fn(SqliteConnectOptions) -> SqliteConnectOptions + Send + Sync + 'static,
) -> Result<DatabaseConnection, StorageError> {
    let mut options = ConnectOptions::new(url);
    options
        .max_connections(1)
        .acquire_timeout(DATABASE_TIMEOUT)
        .sqlx_logging(false)
        .map_sqlx_sqlite_opts(move |sqlite| {
            change(sqlite.create_if_missing(false).busy_timeout(DATABASE_TIMEOUT))
        });
    Ok(sea_orm::Database::connect(options).await?)
}
