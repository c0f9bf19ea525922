//! Puts a copy of an SQLite database in the place of the database: wholly, or not at all,
//! whenever the power goes.
//!
//! The bytes that will be served are those that are checked: the copy is copied beside the
//! database first. The name then changes from the old file to the new one by one rename; before
//! that the old one gets a second name, under which it stays.

mod contents;
mod replaced;

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use jiff::Timestamp;

pub use self::contents::Contents;
use self::replaced::Replaced;
use super::{
    backup::rotation::stamp,
    disk,
    error::StorageError,
    pools::check_url,
    sqlite::{Holder, say_without_log, sqlite_path},
    sqlite_file::with_suffix,
};
use crate::new_file;

/// Why nothing was restored.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// Another database than SQLite.
    #[error(
        "only SQLite is restored like this; for PostgreSQL use `pg_restore` into a new database, \
         with the file that `pg_dump --format=custom` has made"
    )]
    NotSqlite,
    /// There is nothing to replace.
    #[error("there is no database {0} to replace: --new makes one there")]
    NoTarget(PathBuf),
    /// There is something to replace.
    #[error("there is a database {0} already: without --new it is replaced, and kept beside")]
    Exists(PathBuf),
    /// The database is in use.
    #[error("{holder} has {path} open: stop every server first, and start none meanwhile")]
    InUse {
        /// Which one.
        path: PathBuf,
        /// Who.
        holder: Holder,
    },
    /// The copy and the database are one file.
    #[error("{0} is the database itself")]
    SameFile(PathBuf),
    /// The copy is not whole without a log.
    #[error(
        "beside {copy} lies {log}, without which it is not whole: it was copied from under a \
         server. Use a file that `backup` has made"
    )]
    Log {
        /// The copy.
        copy: PathBuf,
        /// Its log.
        log: PathBuf,
    },
    /// There is no room for it.
    #[error("on the disk of {folder} there are {free} bytes free, and {needed} are needed")]
    NoRoom {
        /// Where.
        folder: PathBuf,
        /// How many there are.
        free: u64,
        /// How many it takes.
        needed: u64,
    },
    /// SQLite finds fault with the copy.
    #[error("the copy is damaged: {0}")]
    Damaged(String),
    /// It is whole, and cannot be served.
    #[error("the copy is whole, but {0}")]
    Unfit(&'static str),
    /// A file cannot be read or written.
    #[error("cannot use {path}")]
    File {
        /// Which one.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A database cannot be read.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// What was restored.
#[derive(Debug)]
pub struct Restored {
    /// The database.
    pub database: PathBuf,
    /// Where the file that it replaces is now.
    pub replaced: Option<PathBuf>,
    /// What is in it.
    pub contents: Contents,
}

/// Puts the copy `from` in the place of the SQLite database at `url`, which must be there,
/// unless it `is_new`.
///
/// # Errors
/// A [`RestoreError`]; then the database is what it was.
pub async fn restore(
    url: &str,
    from: &Path,
    is_new: bool,
    now: Timestamp,
) -> Result<Restored, RestoreError> {
    check_url(url)?;
    let path = sqlite_path(url).ok_or(RestoreError::NotSqlite)?;
    // Of a link, the file behind it is replaced.
    let path = fs::canonicalize(&path).or_else(|_| std::path::absolute(&path)).unwrap_or(path);
    let exists = fs::exists(&path).map_err(at(&path))?;
    match (exists, is_new) {
        (false, false) => return Err(RestoreError::NoTarget(path)),
        (true, true) => return Err(RestoreError::Exists(path)),
        _ => {}
    }
    let folder = path.parent().unwrap_or(Path::new("/")).to_owned();
    let size = check_source(from, &path)?;
    let free = disk::space(&folder).map(|disk| disk.free_bytes);
    if let Some(free) = free.filter(|free| *free < size) {
        return Err(RestoreError::NoRoom { folder, free, needed: size });
    }
    if exists {
        Replaced::check_alone(&path)?;
    }
    let fresh = Fresh::copy(from, &path).map_err(at(&path))?;
    let contents = contents::check(&fresh.0).await?;
    // Only now, that the copy is known to be good, is anything done to the old file.
    let replaced = if exists { Some(Replaced::hold(url, &path).await?) } else { None };
    let aside = if let Some(replaced) = replaced {
        let aside = free_name(&path, now).map_err(at(&path))?;
        replaced.put_aside(&fresh.0, &aside).map_err(at(&path))?;
        Some(aside)
    } else {
        new_file::publish(&fresh.0, &path).map_err(at(&path))?;
        None
    };
    new_file::sync_folder(&folder).map_err(at(&folder))?;
    Ok(Restored { database: path, replaced: aside, contents })
}

/// Looks at the copy before anything is done; gives its size.
fn check_source(from: &Path, path: &Path) -> Result<u64, RestoreError> {
    let file = fs::metadata(from).map_err(at(from))?;
    if !file.is_file() {
        return Err(at(from)(io::ErrorKind::InvalidInput.into()));
    }
    if fs::canonicalize(from).map_err(at(from))? == path {
        return Err(RestoreError::SameFile(path.to_owned()));
    }
    let log = with_suffix(from, "-wal");
    if fs::metadata(&log).is_ok_and(|log| log.len() > 0) {
        return Err(RestoreError::Log { copy: from.to_owned(), log });
    }
    Ok(file.len())
}

/// A name beside the database that no file has: one restore may follow another at once.
fn free_name(path: &Path, now: Timestamp) -> io::Result<PathBuf> {
    let first = format!(".replaced-{}", stamp(now));
    let mut name = with_suffix(path, &first);
    let mut number = 1;
    while fs::exists(&name)? {
        number += 1;
        name = with_suffix(path, &format!("{first}-{number}"));
    }
    Ok(name)
}

fn at(path: &Path) -> impl FnOnce(io::Error) -> RestoreError {
    let path = path.to_owned();
    move |source| RestoreError::File { path, source }
}

/// The new file, before it has its name. It is removed when this is dropped, unless it has got
/// it.
struct Fresh(PathBuf);

impl Fresh {
    /// Copies the copy beside the database, for its owner alone.
    fn copy(from: &Path, path: &Path) -> io::Result<Self> {
        let fresh = Self(with_suffix(path, &format!(".restored.{}.partial", std::process::id())));
        let mut file = new_file::create(&fresh.0)?;
        io::copy(&mut File::open(from)?, &mut file)?;
        // So that the log of the old file, should it stay, is known as another's.
        say_without_log(from, &mut file)?;
        give_to_owner_of(path, &file)?;
        file.sync_all()?;
        Ok(fresh)
    }
}

impl Drop for Fresh {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

/// Whoever serves the database is to be able to: a restore is often typed by root.
#[cfg(unix)]
fn give_to_owner_of(path: &Path, file: &File) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt as _, fchown};
    let like = fs::metadata(path).or_else(|_| fs::metadata(path.parent().unwrap_or(path)))?;
    let own = file.metadata()?;
    if (own.uid(), own.gid()) == (like.uid(), like.gid()) {
        return Ok(());
    }
    fchown(file, Some(like.uid()), Some(like.gid()))
}

#[cfg(not(unix))]
fn give_to_owner_of(_: &Path, _: &File) -> io::Result<()> {
    Ok(())
}
