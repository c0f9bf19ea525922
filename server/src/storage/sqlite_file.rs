//! The file of an SQLite database. It is private from the start, and it is watched:
//! SQLite goes on writing into a file that has lost its name, where nobody would ever
//! find what was acknowledged.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{error::StorageError, unwritable};
use crate::new_file;

/// The files of a database, as they were when it was opened. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct SqliteFile {
    /// The database itself, and what was written last: both are needed.
    database: Arc<Opened>,
    log: Arc<Opened>,
}

#[derive(Debug)]
struct Opened {
    path: PathBuf,
    identity: Option<Identity>,
}

/// What identifies a file, whatever its name. Elsewhere than on Unix it is nothing: there
/// an open file cannot be removed either.
#[cfg(unix)]
type Identity = (u64, u64);
#[cfg(not(unix))]
type Identity = ();

impl SqliteFile {
    /// The files that lie there now; right after they were opened.
    pub(super) fn opened(path: &Path) -> Self {
        let opened = |suffix| Arc::new(Opened::at(with_suffix(path, suffix)));
        Self { database: opened(""), log: opened("-wal") }
    }

    /// Whether the files that were opened still have their names. This is asked before
    /// each use; the two look-ups take some microseconds.
    pub(super) fn is_in_place(&self) -> bool {
        self.database.is_in_place() && self.log.is_in_place()
    }

    /// Renames the log of a database that is gone when another file has taken its name:
    /// SQLite would write that log into that file. Only to be called when no connection
    /// is left.
    pub(super) fn set_log_aside(&self) -> io::Result<()> {
        let (database, log) = (&self.database, &self.log);
        let is_replaced = !database.is_in_place() && identity(&database.path).is_some();
        if !is_replaced || log.identity.is_none() || !log.is_in_place() {
            return Ok(());
        }
        let aside = with_suffix(&log.path, ".of-replaced");
        tracing::warn!(file = %aside.display(), "the log of the replaced database was put aside");
        fs::rename(&log.path, aside)
    }
}

impl Opened {
    fn at(path: PathBuf) -> Self {
        Self { identity: identity(&path), path }
    }

    /// A file that was not there when it was looked at has nothing to lose.
    fn is_in_place(&self) -> bool {
        self.identity.is_none() || identity(&self.path) == self.identity
    }
}

/// Creates the file with its folder, for their owner alone, and warns when a file that
/// was there can be read by others. SQLite gives its log the same permissions.
pub(super) fn create(path: &Path) -> Result<(), StorageError> {
    let fail = |error: io::Error| unwritable::not_created(path, &error);
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        create_folder(folder).map_err(fail)?;
    }
    match new_file::create(path) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            warn_if_others_may_read(path);
            Ok(())
        }
        Err(error) => Err(fail(error)),
    }
}

#[cfg(unix)]
fn create_folder(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

#[cfg(not(unix))]
fn create_folder(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)
}

#[cfg(unix)]
fn warn_if_others_may_read(path: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = fs::metadata(path).map_or(0, |file| file.permissions().mode());
    if mode & 0o077 != 0 {
        tracing::warn!(
            file = %path.display(),
            mode = format!("{:o}", mode & 0o777),
            "others may read the database: take that from them with chmod 600"
        );
    }
}

#[cfg(not(unix))]
fn warn_if_others_may_read(_: &Path) {}

#[cfg(unix)]
fn identity(path: &Path) -> Option<Identity> {
    use std::os::unix::fs::MetadataExt as _;
    fs::metadata(path).ok().map(|file| (file.dev(), file.ino()))
}

#[cfg(not(unix))]
fn identity(_: &Path) -> Option<Identity> {
    None
}

pub(super) fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}
