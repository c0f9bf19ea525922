//! Which file an SQLite URL names.

use std::{fs, io, path::PathBuf, str::FromStr as _};

use sea_orm::sqlx::sqlite::SqliteConnectOptions;

use crate::storage::error::StorageError;

pub(in crate::storage) fn is_sqlite(url: &str) -> bool {
    url.starts_with("sqlite:")
}

/// The file of an SQLite URL; `None` for another database.
pub(in crate::storage) fn sqlite_path(url: &str) -> Option<PathBuf> {
    if !is_sqlite(url) {
        return None;
    }
    let options = SqliteConnectOptions::from_str(url).ok()?;
    Some(options.get_filename().to_path_buf())
}

/// Refuses an SQLite URL that names no file. SQLite takes several of them for a database in
/// memory, or in a file without a name: each connection would have one of its own.
pub(in crate::storage) fn check_names_file(url: &str) -> Result<(), StorageError> {
    let options = SqliteConnectOptions::from_str(url)
        .map_err(|error| StorageError::unreachable(format!("its URL is wrong: {error}")))?;
    let named = options.get_filename().as_os_str();
    // SQLite reads such a name as a URL of its own, and finds a path and options in it.
    let is_url = named.as_encoded_bytes().starts_with(b"file:");
    let query = url.split_once('?').map_or("", |(_, query)| query);
    // No option needs an escape; behind one, this option could hide.
    let is_memory = query.contains('%') || query.split('&').any(|option| option == "mode=memory");
    if named.is_empty() || named == ":memory:" || is_memory || is_url {
        return Err(StorageError::unreachable(format!(
            "{url} names no file, and accounts are kept in one: write its path behind sqlite:, \
             such as sqlite:data/gestan-account.sqlite"
        )));
    }
    Ok(())
}

/// The file of an SQLite URL that is not there, by its whole path: a relative one means another
/// file in each folder that a command is started in. What cannot be looked at is SQLite's to
/// tell.
#[must_use]
pub fn missing_file(url: &str) -> Option<PathBuf> {
    let path = file(url)?;
    let error = fs::metadata(&path).err()?;
    let is_missing = error.kind() == io::ErrorKind::NotFound;
    is_missing.then(|| std::path::absolute(&path).unwrap_or(path))
}

/// The file of an SQLite URL that names one.
#[must_use]
pub fn file(url: &str) -> Option<PathBuf> {
    sqlite_path(url).filter(|_| check_names_file(url).is_ok())
}
