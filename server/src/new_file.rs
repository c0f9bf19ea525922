//! Files that appear whole or not at all, survive a crash once they are there,
//! and never replace another. They hold secrets or personal data, so only their
//! owner may read them.

use std::{fs, io, path::Path};

/// Makes an empty file that did not exist, to be written before it gets its name.
///
/// # Errors
/// `AlreadyExists`, or any other error of the file system.
pub(crate) fn create(path: &Path) -> io::Result<fs::File> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Gives a written file its name. A link, unlike a rename, refuses a name that
/// is taken.
///
/// # Errors
/// `AlreadyExists`, or any other error of the file system.
pub(crate) fn publish(temporary: &Path, target: &Path) -> io::Result<()> {
    match fs::hard_link(temporary, target) {
        Ok(()) => fs::remove_file(temporary),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(error),
        // Some file systems know no links; there, the name is looked up first.
        Err(_) if !target.try_exists()? => fs::rename(temporary, target),
        Err(_) => Err(io::ErrorKind::AlreadyExists.into()),
    }
}

/// Makes new names durable, where a folder can be synced.
///
/// # Errors
/// Any error of the file system.
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) { fs::File::open(folder)?.sync_all() } else { Ok(()) }
}
