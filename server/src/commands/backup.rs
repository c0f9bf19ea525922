//! `backup`: the SQLite database into a new file, or into a folder that keeps the newest.

use std::path::PathBuf;

use anyhow::{Context as _, bail};

use crate::{
    clock::{Clock as _, SystemClock},
    settings::{database::DatabaseUrl, one_line::Trimmed},
    storage::backup::{self, rotation},
};

/// The settings of `backup`.
#[derive(clap::Args)]
pub struct Backup {
    #[command(flatten)]
    place: Place,

    /// Most backups that the folder keeps: when the new one is whole and checked, the oldest are
    /// removed. Without this none is. Only files that are named as this command names them are
    /// ever removed.
    #[arg(long, value_name = "COUNT", requires = "into",
        value_parser = Trimmed(clap::value_parser!(u16).range(1..)))]
    keep: Option<u16>,

    #[command(flatten)]
    database: DatabaseUrl,
}

/// Where the backup goes.
#[derive(clap::Args)]
#[group(required = true, multiple = false)]
struct Place {
    /// File to make. A file that exists is never replaced.
    #[arg(long, value_name = "FILE")]
    to: Option<PathBuf>,

    /// Folder to make it in, named by the time: `gestan-account-20270331T080000Z.sqlite`. The
    /// folder must be there: one that is not may be a disk that is not mounted.
    #[arg(long, value_name = "FOLDER")]
    into: Option<PathBuf>,
}

impl Backup {
    /// Copies the SQLite database into a new file, and removes the oldest ones beside it.
    ///
    /// # Errors
    /// When there is no such database, it cannot be copied, or an old one cannot be removed.
    pub async fn run(&self) -> anyhow::Result<()> {
        let now = SystemClock::start().now();
        let backed_up = async {
            let to = match (&self.place.to, &self.place.into) {
                (Some(file), _) => file.clone(),
                (None, Some(folder)) if folder.is_dir() => folder.join(rotation::dated_name(now)),
                (None, Some(folder)) => bail!("there is no folder {}", folder.display()),
                (None, None) => bail!("neither --to nor --into says where"),
            };
            let bytes = backup::backup(self.database.existing()?, &to).await?;
            tracing::info!(file = %to.display(), bytes, "backed up and checked");
            anyhow::Ok(to)
        };
        let made = backed_up.await.context("cannot back the database up")?;
        if let Some(keep) = self.keep {
            let removed = rotation::keep_newest(&made, keep.into(), now);
            let removed = removed.context("backed up, but an old backup cannot be removed")?;
            for file in removed {
                tracing::info!(file = %file.display(), "old backup removed");
            }
        }
        Ok(())
    }
}
