//! `migrate`: the schema of the database, brought up to date.

use crate::settings::database::{Connection, close};

/// The settings of `migrate`.
#[derive(clap::Args)]
pub struct Migrate {
    #[command(flatten)]
    database: Connection,
}

impl Migrate {
    /// Brings the schema up to date.
    ///
    /// # Errors
    /// When the database cannot be reached or changed.
    pub async fn run(&self) -> anyhow::Result<()> {
        close(self.database.open_migrated().await?).await;
        Ok(())
    }
}
