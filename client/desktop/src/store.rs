//! What this machine remembers. The link token is in the system's keyring, or, where there is none,
//! in a file of its own; the rest is in a file that only its user can read, since it may hold a
//! ticket. A file is replaced as a whole, so that a crash leaves the old one or the new one.

use std::{
    fs,
    io::{self, ErrorKind, Write as _},
    path::{Path, PathBuf},
};

use gestan_account_client::{FileTokenStore, LinkToken, TokenStore, v1::Machine};
use gestan_account_wizard::{Kept, Link, Pending};
use serde::{Deserialize, Serialize};
use tempfile::NamedTempFile;

/// Keeps what a machine remembers between two runs.
pub struct Store {
    path: PathBuf,
    keyring: Option<Box<dyn TokenStore>>,
    file: FileTokenStore,
}

#[derive(Serialize, Deserialize)]
struct Contents {
    machine_id: String,
    machine_name: String,
    link: Option<Place>,
    pending: Option<Pending>,
}

/// The link, and where its token is.
#[derive(Serialize, Deserialize)]
struct Place {
    account_id: u32,
    in_keyring: bool,
}

impl Store {
    /// A store in the file at `path`; the token is in `keyring` if that takes it, and otherwise in a
    /// file beside.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>, keyring: Option<Box<dyn TokenStore>>) -> Self {
        let path = path.into();
        let file = FileTokenStore::new(path.with_extension("token"));
        Self { path, keyring, file }
    }

    /// The ID of the machine that the file at `path` is of.
    ///
    /// # Errors
    ///
    /// As [`load`](Self::load).
    pub fn machine_id(path: &Path) -> io::Result<Option<String>> {
        Ok(read(path)?.map(|contents| contents.machine_id))
    }

    /// What was kept last; `None` on a machine that was never here.
    ///
    /// # Errors
    ///
    /// When the file or the token cannot be read.
    pub fn load(&self) -> io::Result<Option<Kept>> {
        let Some(contents) = read(&self.path)? else { return Ok(None) };
        let mut link = None;
        if let Some(place) = contents.link
            && let Some(token) = self.tokens(place.in_keyring).load()?
        {
            let token = token.reveal().to_owned();
            link = Some(Link { account_id: place.account_id, token });
        }
        let machine = Machine { id: contents.machine_id, name: contents.machine_name };
        Ok(Some(Kept { machine, link, pending: contents.pending }))
    }

    /// Keeps it in the place of what was kept before.
    ///
    /// # Errors
    ///
    /// When the token or the file cannot be written.
    pub fn save(&self, kept: &Kept) -> io::Result<()> {
        let before = read(&self.path)?.and_then(|contents| contents.link);
        let link = match &kept.link {
            Some(link) => {
                // The token first: a file that names an account has its token.
                let in_keyring = self.save_token(&link.token)?;
                Some(Place { account_id: link.account_id, in_keyring })
            }
            None => None,
        };
        let is_unlinked = link.is_none();
        self.write(&Contents {
            machine_id: kept.machine.id.clone(),
            machine_name: kept.machine.name.clone(),
            link,
            pending: kept.pending.clone(),
        })?;
        match before {
            Some(place) if is_unlinked => self.tokens(place.in_keyring).clear(),
            _ => Ok(()),
        }
    }

    /// Whether it is in the keyring.
    fn save_token(&self, token: &str) -> io::Result<bool> {
        let token = LinkToken::parse(token).map_err(io::Error::other)?;
        if let Some(keyring) = &self.keyring
            && keyring.save(&token).is_ok()
        {
            return Ok(true);
        }
        // A session without a keyring: a Linux machine without a desktop's services.
        self.file.save(&token)?;
        Ok(false)
    }

    fn tokens(&self, in_keyring: bool) -> &dyn TokenStore {
        match &self.keyring {
            Some(keyring) if in_keyring => keyring.as_ref(),
            _ => &self.file,
        }
    }

    fn write(&self, contents: &Contents) -> io::Result<()> {
        let folder = match self.path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        fs::create_dir_all(folder)?;
        // On Unix its mode is 0600 from the start; on Windows the profile's folder keeps others out.
        let mut file = NamedTempFile::new_in(folder)?;
        file.write_all(serde_json::to_string_pretty(contents)?.as_bytes())?;
        file.as_file().sync_all()?;
        file.persist(&self.path)?;
        Ok(())
    }
}

fn read(path: &Path) -> io::Result<Option<Contents>> {
    let named = |error: io::Error| io::Error::other(format!("{}: {error}", path.display()));
    match fs::read_to_string(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(named(error)),
        Ok(text) => serde_json::from_str(&text).map(Some).map_err(|error| named(error.into())),
    }
}
