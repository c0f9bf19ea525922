//! `backup`: the SQLite database into a new file.

use std::path::PathBuf;

use anyhow::Context as _;

use crate::{settings::database::DatabaseUrl, storage};

/// The settings of `backup`.
#[derive(clap::Args)]
pub struct Backup {
    /// File to make. A file that exists is never replaced.
    #[arg(long, value_name = "FILE")]
    to: PathBuf,

    #[command(flatten)]
    database: DatabaseUrl,
}

impl Backup {
    /// Copies the SQLite database into a new file.
    ///
    /// # Errors
    /// When there is no such database, or it cannot be copied.
    pub async fn run(&self) -> anyhow::Result<()> {
        let bytes = storage::backup::backup(&self.database.database_url, &self.to)
            .await
            .context("cannot back the database up")?;
        tracing::info!(file = %self.to.display(), bytes, "backed up and checked");
        Ok(())
    }
}
