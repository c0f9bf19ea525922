//! The file of this machine. It holds secrets (the link token, a ticket), so it
//! is made with mode 0600; on Windows the profile's folder keeps others out. It
//! is replaced as a whole, so that a crash leaves the old one or the new one.

use std::{
    fs,
    io::{ErrorKind, Write as _},
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result};
use etcetera::BaseStrategy as _;
use gestan_account_client::v1::Machine;
use serde::{Deserialize, Serialize};
use tempfile::NamedTempFile;

pub(crate) struct Store {
    path: PathBuf,
    contents: Contents,
}

#[derive(Serialize, Deserialize)]
struct Contents {
    machine_id: String,
    machine_name: String,
    link: Option<Link>,
    pending: Option<Pending>,
}

#[derive(Serialize, Deserialize)]
struct Link {
    account_id: u32,
    token: String,
}

/// A wizard that was left half-way: its mail is sent, perhaps its code given.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Pending {
    pub(crate) purpose: Purpose,
    pub(crate) challenge_id: String,
    /// What the mail was asked for: an address, a client ID, or, when it was
    /// this machine's own account, nothing.
    pub(crate) recipient: String,
    /// The right to set the password, once the code was given.
    pub(crate) ticket: Option<String>,
    pub(crate) account_existed: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Purpose {
    Opening,
    Forgotten,
    NewAddress,
}

/// `compte.json` in the user's configuration folder.
pub(crate) fn default_path() -> PathBuf {
    etcetera::choose_base_strategy().map_or_else(
        |_| PathBuf::from("compte-gestan.json"),
        |folders| folders.config_dir().join("gestan").join("compte.json"),
    )
}

impl Store {
    pub(crate) fn load(path: &Path) -> Result<Option<Self>> {
        let text = match fs::read_to_string(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            text => text.with_context(|| format!("impossible de lire {}", path.display()))?,
        };
        let contents = serde_json::from_str(&text)
            .with_context(|| format!("le fichier {} est abîmé", path.display()))?;
        Ok(Some(Self { path: path.to_owned(), contents }))
    }

    pub(crate) fn create(path: &Path, machine_id: String, machine_name: String) -> Result<Self> {
        let contents = Contents { machine_id, machine_name, link: None, pending: None };
        let store = Self { path: path.to_owned(), contents };
        store.save()?;
        Ok(store)
    }

    pub(crate) fn machine(&self) -> Machine {
        Machine { id: self.contents.machine_id.clone(), name: self.contents.machine_name.clone() }
    }

    pub(crate) fn link_token(&self) -> Option<&str> {
        self.contents.link.as_ref().map(|link| link.token.as_str())
    }

    /// This machine belongs to the account from now on; no wizard is open.
    pub(crate) fn link(&mut self, account_id: u32, token: String) -> Result<()> {
        self.contents.link = Some(Link { account_id, token });
        self.contents.pending = None;
        self.save()
    }

    /// This machine, which is linked, is shown by this name from now on. A wizard that is
    /// open stays so.
    pub(crate) fn rename(
        &mut self,
        machine_name: String,
        account_id: u32,
        token: String,
    ) -> Result<()> {
        self.contents.machine_name = machine_name;
        self.contents.link = Some(Link { account_id, token });
        self.save()
    }

    pub(crate) fn unlink(&mut self) -> Result<()> {
        self.contents.link = None;
        self.contents.pending = None;
        self.save()
    }

    pub(crate) fn pending(&self) -> Option<&Pending> {
        self.contents.pending.as_ref()
    }

    pub(crate) fn set_pending(&mut self, pending: Option<Pending>) -> Result<()> {
        self.contents.pending = pending;
        self.save()
    }

    fn save(&self) -> Result<()> {
        let folder = match self.path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        let write = || -> Result<()> {
            fs::create_dir_all(folder)?;
            // On Unix its mode is 0600 from the start.
            let mut file = NamedTempFile::new_in(folder)?;
            file.write_all(serde_json::to_string_pretty(&self.contents)?.as_bytes())?;
            file.as_file().sync_all()?;
            file.persist(&self.path)?;
            Ok(())
        };
        write().with_context(|| format!("impossible d'écrire {}", self.path.display()))
    }
}
