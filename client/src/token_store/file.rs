//! A token in a file that only its owner reads.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, ErrorKind, Write as _},
    path::{Path, PathBuf},
};

use super::TokenStore;
use crate::link_token::LinkToken;

/// No token is longer. A longer file is not one of ours, and is not read.
const MAX_BYTES: u64 = 1024;

/// Keeps the token in a file of its own.
///
/// On Unix the file has the mode 0600 from its first byte on. On Windows it has
/// the rights of its folder: choose one in the user's profile, for example
/// below `%APPDATA%`. A reader sees the token before or the one after, whole.
#[derive(Clone, Debug)]
pub struct FileTokenStore {
    path: PathBuf,
}

impl FileTokenStore {
    /// A store in the file at `path`. Its folder is made when a token is saved.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    fn folder(&self) -> &Path {
        match self.path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        }
    }

    /// A name beside the file that no other process uses.
    fn temporary(&self) -> PathBuf {
        let name = self.path.file_name().unwrap_or_default().to_string_lossy();
        let chance = fastrand::u64(..);
        self.folder().join(format!(".{name}.{}-{chance:x}", std::process::id()))
    }
}

impl TokenStore for FileTokenStore {
    fn load(&self) -> io::Result<Option<LinkToken>> {
        let not_ours = || io::Error::new(ErrorKind::InvalidData, "the file holds no link token");
        let file = match File::open(&self.path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            file => file?,
        };
        if file.metadata()?.len() > MAX_BYTES {
            return Err(not_ours());
        }
        let text = io::read_to_string(file)?;
        LinkToken::parse(text.trim_end()).map(Some).map_err(|_| not_ours())
    }

    fn save(&self, token: &LinkToken) -> io::Result<()> {
        fs::create_dir_all(self.folder())?;
        let temporary = self.temporary();
        let saved = write_new(&temporary, token.reveal())
            .and_then(|()| fs::rename(&temporary, &self.path))
            .and_then(|()| sync_folder(self.folder()));
        if saved.is_err() {
            // The first error says what is wrong.
            let _ = fs::remove_file(&temporary);
        }
        saved
    }

    fn clear(&self) -> io::Result<()> {
        match fs::remove_file(&self.path) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            removed => removed.and_then(|()| sync_folder(self.folder())),
        }
    }
}

fn write_new(path: &Path, text: &str) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

/// Puts a rename on disk, which on Unix is a change of the folder; Windows has no such
/// thing.
fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use tempfile::{TempDir, tempdir};

    use super::*;

    fn store() -> (TempDir, FileTokenStore) {
        let folder = tempdir().unwrap();
        let store = FileTokenStore::new(folder.path().join("gestan/link-token"));
        (folder, store)
    }

    fn token(text: &str) -> LinkToken {
        LinkToken::parse(text).unwrap()
    }

    #[test]
    fn what_was_saved_last_is_loaded_and_nothing_else_is_left() {
        let (_folder, store) = store();
        assert_eq!(store.load().unwrap(), None);
        store.save(&token("s3cr3t-1")).unwrap();
        store.save(&token("s3cr3t-2")).unwrap();
        assert_eq!(FileTokenStore::new(&store.path).load().unwrap(), Some(token("s3cr3t-2")));
        assert_eq!(fs::read_dir(store.folder()).unwrap().count(), 1);
    }

    #[test]
    fn clear_forgets_the_token_and_may_be_repeated() {
        let (_folder, store) = store();
        store.clear().unwrap();
        store.save(&token("s3cr3t")).unwrap();
        store.clear().unwrap();
        store.clear().unwrap();
        assert_eq!(store.load().unwrap(), None);
        assert_eq!(fs::read_dir(store.folder()).unwrap().count(), 0);
    }

    #[cfg(unix)]
    #[test]
    fn only_its_owner_reads_the_file_whoever_could_before() {
        use std::os::unix::fs::PermissionsExt as _;

        let (_folder, store) = store();
        fs::create_dir_all(store.folder()).unwrap();
        fs::write(&store.path, "old").unwrap();
        fs::set_permissions(&store.path, fs::Permissions::from_mode(0o644)).unwrap();
        store.save(&token("s3cr3t")).unwrap();
        let mode = fs::metadata(&store.path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn what_is_no_token_is_an_error_that_does_not_tell_it() {
        let (_folder, store) = store();
        fs::create_dir_all(store.folder()).unwrap();
        for text in ["", "two words", "é", &"x".repeat(1025)] {
            fs::write(&store.path, text).unwrap();
            let error = store.load().unwrap_err();
            assert_eq!(error.to_string(), "the file holds no link token");
        }
    }

    #[test]
    fn a_token_that_cannot_be_saved_leaves_the_one_before() {
        let (_folder, store) = store();
        store.save(&token("s3cr3t-1")).unwrap();
        // A folder in its place: a rename onto it fails.
        let blocked = FileTokenStore::new(store.folder());
        assert!(blocked.save(&token("s3cr3t-2")).is_err());
        assert_eq!(store.load().unwrap(), Some(token("s3cr3t-1")));
    }
}
