//! `check-ledger`: whether the time ledger adds up. It reads, and mends nothing.

use anyhow::bail;

use crate::{
    settings::database::{Connection, close, naming_holder},
    storage::{
        database::Database,
        error::StorageError,
        time_entry::check::{Checked, check},
    },
};

/// The settings of `check-ledger`.
#[derive(clap::Args)]
pub struct CheckLedger {
    #[command(flatten)]
    database: Connection,
}

impl CheckLedger {
    /// Checks the whole database as it is at one moment, and prints a line for each breach.
    ///
    /// # Errors
    /// When there is a breach, after all are printed; when the database cannot be reached or does
    /// not exist.
    #[expect(clippy::print_stdout, reason = "the answer of a command that a person typed")]
    #[expect(clippy::print_stderr, reason = "what that person should know, apart from breaches")]
    pub async fn run(&self) -> anyhow::Result<()> {
        let db = self.database.open_existing().await?;
        let checked = Self::check(&db).await.map_err(|error| naming_holder(&db, error))?;
        close(db).await;
        for breach in &checked.breaches {
            println!("{breach}");
        }
        let Checked { accounts, entries, breaches } = checked;
        if !breaches.is_empty() {
            bail!("the time ledger does not add up: {} breaches", breaches.len());
        }
        eprintln!("The time ledger adds up: {accounts} accounts, {entries} entries.");
        Ok(())
    }

    async fn check(db: &Database) -> Result<Checked, StorageError> {
        let snapshot = db.snapshot().await?;
        let checked = check(&snapshot).await?;
        snapshot.rollback().await?;
        Ok(checked)
    }
}
