//! `compact`: leaves no byte of what was deleted in an SQLite file, at once.

use crate::{
    clock::{Clock as _, SystemClock},
    settings::database::{Connection, close, naming_holder},
    storage::compaction::{self, Compacted},
};

/// The settings of `compact`.
#[derive(clap::Args)]
pub struct Compact {
    #[command(flatten)]
    database: Connection,
}

impl Compact {
    /// Compacts the file of the database.
    ///
    /// # Errors
    /// When the database cannot be reached or does not exist, or its file cannot be compacted.
    #[expect(clippy::print_stdout, reason = "the answer of a command that a person typed")]
    pub async fn run(&self) -> anyhow::Result<()> {
        let db = self.database.open_existing().await?;
        let now = SystemClock::start().now();
        let compacted = compaction::compact(&db, now).await;
        match compacted.map_err(|error| naming_holder(&db, error))? {
            Compacted::File => println!("compacted"),
            Compacted::Elsewhere => {
                println!("nothing to compact: PostgreSQL sees to its own files");
            }
        }
        close(db).await;
        Ok(())
    }
}
