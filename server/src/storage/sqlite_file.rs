//! The file of an SQLite database: private from the start, and watched, because
//! SQLite goes on writing into a file that has lost its name, and nobody would find
//! there what was acknowledged.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use super::error::StorageError;
use crate::new_file;

/// The files of a database, as they were when it was opened.
#[derive(Clone, Debug)]
pub(super) struct SqliteFile {
    path: PathBuf,
    identities: [Option<Identity>; 2],
}

/// What makes a file this one, whatever its name. Nothing where the system has no
/// such thing: there an open file cannot be removed either.
#[cfg(unix)]
type Identity = (u64, u64);
#[cfg(not(unix))]
type Identity = ();

/// The database itself, and what was written last: both are needed.
const SUFFIXES: [&str; 2] = ["", "-wal"];

impl SqliteFile {
    /// The files that lie there now; right after they were opened.
    pub(super) fn opened(path: &Path) -> Self {
        let path = path.to_owned();
        let identities = SUFFIXES.map(|suffix| identity(&with_suffix(&path, suffix)));
        Self { path, identities }
    }

    /// Whether the files that were opened still have their names. A file that was
    /// not there yet when the database was opened has nothing to lose.
    pub(super) fn is_in_place(&self) -> bool {
        SUFFIXES.iter().zip(self.identities).all(|(suffix, opened)| {
            opened.is_none() || identity(&with_suffix(&self.path, suffix)) == opened
        })
    }

    /// Puts the log of a database that is gone out of the way of the file that has
    /// taken its name: SQLite would write the one into the other. Only to be called
    /// when no connection is left.
    pub(super) fn set_log_aside(&self) -> io::Result<()> {
        let [database, log] = SUFFIXES.map(|suffix| with_suffix(&self.path, suffix));
        let found = identity(&database);
        if found.is_none() || found == self.identities[0] || identity(&log) != self.identities[1] {
            return Ok(());
        }
        if !fs::exists(&log)? {
            return Ok(());
        }
        let aside = with_suffix(&self.path, "-wal.of-replaced");
        tracing::warn!(file = %aside.display(), "the log of the replaced database was put aside");
        fs::rename(&log, aside)
    }
}

/// Makes the file with its folder, for their owner alone, and tells when a file
/// that was there can be read by others. SQLite gives its log the same permissions.
pub(super) fn create(path: &Path) -> Result<(), StorageError> {
    let fail = |error: io::Error| {
        StorageError::unreachable(format!("cannot create {}: {error}", path.display()))
    };
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

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}
