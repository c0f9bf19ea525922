//! Tells a copy that was put beside the log (`-wal`) of another database.
//!
//! SQLite knows a log by its name alone, and would write it into whatever file has the
//! database's: the customers would be served the state before the restore, or a mixture.

use std::{
    fs::{self, File},
    io::{self, Read as _, Seek as _, Write as _},
    path::Path,
};

use super::place::sqlite_path;
use crate::storage::{error::StorageError, sqlite_file::with_suffix};

/// How an SQLite file begins (<https://www.sqlite.org/fileformat.html>).
pub(in crate::storage) const MAGIC: &[u8; 16] = b"SQLite format 3\0";
/// Where its header has the two versions of the format, of which either tells of a log.
const VERSIONS: std::ops::Range<usize> = 18..20;
/// The version of a database that has a log.
const WITH_LOG: u8 = 2;
/// That of one that has none.
const WITHOUT_LOG: u8 = 1;

/// Refuses the file of an SQLite URL when a log lies beside it that cannot be its own.
///
/// A file says in its header whether it has a log at all. `backup`, like every
/// `VACUUM INTO`, makes a file that has none, and this program changes that before it
/// writes the first page of a log. So a log beside a file without one is another's.
///
/// To be called before the first connection: the file is opened and closed here, and with
/// that a process gives up every lock that it has on it (POSIX).
///
/// # Errors
/// [`StorageError::Unavailable`], which says what to do.
pub fn check(url: &str) -> Result<(), StorageError> {
    let Some(path) = sqlite_path(url) else { return Ok(()) };
    let log = with_suffix(&path, "-wal");
    let has_log = fs::metadata(&log).is_ok_and(|log| log.len() > 0);
    // What cannot be read is SQLite's to tell.
    if !has_log || !is_without_log(&path).unwrap_or(false) {
        return Ok(());
    }
    Err(StorageError::unreachable(format!(
        "{} is a copy that has never been served, and {} is the log of another database, which \
         SQLite would write into it: move that file and {} away, then start again",
        path.display(),
        log.display(),
        with_suffix(&path, "-shm").display()
    )))
}

/// Has a file say that it has no log, as SQLite does when a database has none any more. `file` is
/// a whole copy of the one at `path`, which nobody has open.
pub(in crate::storage) fn say_without_log(path: &Path, file: &mut File) -> io::Result<()> {
    let mut header = [0; VERSIONS.end];
    let is_database =
        File::open(path)?.read_exact(&mut header).is_ok() && header.starts_with(MAGIC);
    if is_database && header[VERSIONS].contains(&WITH_LOG) {
        file.seek(io::SeekFrom::Start(VERSIONS.start as u64))?;
        file.write_all(&[WITHOUT_LOG; VERSIONS.end - VERSIONS.start])?;
    }
    Ok(())
}

fn is_without_log(path: &Path) -> io::Result<bool> {
    let mut header = [0; VERSIONS.end];
    File::open(path)?.read_exact(&mut header)?;
    Ok(header.starts_with(MAGIC) && !header[VERSIONS].contains(&WITH_LOG))
}
