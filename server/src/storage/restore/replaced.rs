//! The file that a restored copy replaces: held, so that nobody has it open, and kept.

use std::{
    fs::{self, File},
    io::{self, Read as _},
    path::{Path, PathBuf},
};

use sea_orm::ConnectionTrait as _;

use super::{RestoreError, at};
use crate::{
    new_file,
    storage::{
        sqlite::{Holder, MAGIC, check_log, open_alone},
        sqlite_file::with_suffix,
    },
};

/// The file, on which this process has every lock until this is dropped.
pub(super) struct Replaced {
    path: PathBuf,
    _held: Vec<File>,
}

impl Replaced {
    /// Refuses a file that anybody has open.
    pub(super) fn check_alone(path: &Path) -> Result<(), RestoreError> {
        Self::lock(path).map(drop)
    }

    /// Keeps everybody from the file, and writes its log into it.
    ///
    /// A log that belongs to another file stays as it is, and so does that of a file which is
    /// none of SQLite's any more: a damaged one is to be replaced, too.
    pub(super) async fn hold(url: &str, path: &Path) -> Result<Self, RestoreError> {
        if has_log(path) && check_log(url).is_ok() && is_readable(path) {
            fold_log(url).await;
        }
        let held = Self::lock(path)?;
        Ok(Self { path: path.to_owned(), _held: held })
    }

    /// Every connection of SQLite has a lock on the file or on the index of its log, also one
    /// that does nothing.
    fn lock(path: &Path) -> Result<Vec<File>, RestoreError> {
        let mut held = Vec::new();
        for path_of in [path.to_owned(), with_suffix(path, "-shm")] {
            let file = match fs::OpenOptions::new().read(true).write(true).open(&path_of) {
                Ok(file) => file,
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(error) => return Err(at(&path_of)(error)),
            };
            if !lock(&file) {
                let holder = Holder::of_any_lock(path);
                return Err(RestoreError::InUse { path: path.to_owned(), holder });
            }
            held.push(file);
        }
        Ok(held)
    }

    /// Gives the file a second name, and then the first one to `fresh`.
    pub(super) fn put_aside(self, fresh: &Path, aside: &Path) -> io::Result<()> {
        let folder = self.path.parent().unwrap_or(Path::new("/"));
        match fs::hard_link(&self.path, aside) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Err(error),
            // Some file systems know no links.
            Err(_) => {
                io::copy(&mut File::open(&self.path)?, &mut new_file::create(aside)?)?;
                File::open(aside)?.sync_all()?;
            }
            Ok(()) => {}
        }
        new_file::sync_folder(folder)?;
        fs::rename(fresh, &self.path)?;
        new_file::sync_folder(folder)?;
        // Only now: without its log the old file is not whole. Where the power goes before
        // this, a server refuses the log as another database's.
        if has_log(&self.path) {
            fs::rename(with_suffix(&self.path, "-wal"), with_suffix(aside, "-wal"))?;
        }
        for suffix in ["-wal", "-shm"] {
            match fs::remove_file(with_suffix(&self.path, suffix)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        new_file::sync_folder(folder)
    }
}

fn has_log(path: &Path) -> bool {
    fs::metadata(with_suffix(path, "-wal")).is_ok_and(|log| log.len() > 0)
}

/// Whether the file begins as one of SQLite's does.
fn is_readable(path: &Path) -> bool {
    let mut first = [0; MAGIC.len()];
    let read = File::open(path).and_then(|mut file| file.read_exact(&mut first));
    read.is_ok() && first == *MAGIC
}

/// Writes the log into the file and removes it. What cannot be done is left: the log is kept
/// beside the file then.
async fn fold_log(url: &str) {
    let Ok(db) = open_alone(url).await else { return };
    let folded = db.execute_unprepared("PRAGMA wal_checkpoint(TRUNCATE)").await;
    let closed = db.close().await;
    if let Err(error) = folded.map(drop).and(closed) {
        tracing::warn!(%error, "the log of the replaced database is kept beside it");
    }
}

/// Takes every lock of a file, if nobody else has one.
#[cfg(unix)]
fn lock(file: &File) -> bool {
    use rustix::fs::{FlockOperation, fcntl_lock};
    fcntl_lock(file, FlockOperation::NonBlockingLockExclusive).is_ok()
}

/// Elsewhere than on Unix, a file that is open cannot be replaced.
#[cfg(not(unix))]
fn lock(_: &File) -> bool {
    true
}
