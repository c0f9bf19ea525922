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
use gestan_account_wizard::{Kept, Link, Pending};
use serde::{Deserialize, Serialize};
use tempfile::NamedTempFile;

pub(crate) struct Store {
    path: PathBuf,
}

#[derive(Serialize, Deserialize)]
struct Contents {
    machine_id: String,
    machine_name: String,
    link: Option<Link>,
    pending: Option<Pending>,
}

/// `compte.json` in the user's configuration folder.
pub(crate) fn default_path() -> PathBuf {
    etcetera::choose_base_strategy().map_or_else(
        |_| PathBuf::from("compte-gestan.json"),
        |folders| folders.config_dir().join("gestan").join("compte.json"),
    )
}

impl Store {
    pub(crate) fn new(path: PathBuf) -> Self {
        Self { path }
    }

    pub(crate) fn load(&self) -> Result<Option<Kept>> {
        let text = match fs::read_to_string(&self.path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            text => text.with_context(|| format!("impossible de lire {}", self.path.display()))?,
        };
        let contents: Contents = serde_json::from_str(&text)
            .with_context(|| format!("le fichier {} est abîmé", self.path.display()))?;
        let machine = Machine { id: contents.machine_id, name: contents.machine_name };
        Ok(Some(Kept { machine, link: contents.link, pending: contents.pending }))
    }

    pub(crate) fn save(&self, kept: &Kept) -> Result<()> {
        let folder = match self.path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        let contents = Contents {
            machine_id: kept.machine.id.clone(),
            machine_name: kept.machine.name.clone(),
            link: kept.link.clone(),
            pending: kept.pending.clone(),
        };
        let write = || -> Result<()> {
            fs::create_dir_all(folder)?;
            // On Unix its mode is 0600 from the start.
            let mut file = NamedTempFile::new_in(folder)?;
            file.write_all(serde_json::to_string_pretty(&contents)?.as_bytes())?;
            file.as_file().sync_all()?;
            file.persist(&self.path)?;
            Ok(())
        };
        write().with_context(|| format!("impossible d'écrire {}", self.path.display()))
    }
}
