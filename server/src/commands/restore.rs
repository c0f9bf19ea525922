//! `restore`: a backup in the place of the SQLite database.

use std::path::PathBuf;

use anyhow::Context as _;

use crate::{
    clock::{Clock as _, SystemClock},
    settings::database::DatabaseUrl,
    storage::restore::{self, Contents, Restored},
};

/// The settings of `restore`.
#[derive(clap::Args)]
pub struct Restore {
    /// File that `backup` has made. It is checked, and stays as it is.
    #[arg(long, value_name = "FILE")]
    from: PathBuf,

    /// Make a database where there is none, instead of replacing one.
    #[arg(long)]
    new: bool,

    #[command(flatten)]
    database: DatabaseUrl,
}

impl Restore {
    /// Puts the backup in the place of the database, and says what is in it, and where the
    /// file is that it replaces.
    ///
    /// # Errors
    /// When the backup is not whole, the database is in use or not there, or a file cannot be
    /// written. Then the database is what it was.
    #[expect(clippy::print_stdout, reason = "the answer of a command that a person typed")]
    pub async fn run(&self) -> anyhow::Result<()> {
        let now = SystemClock::start().now();
        let url = self.database.as_given()?;
        let restored = restore::restore(url, &self.from, self.new, now).await;
        let restored = restored.context("nothing was restored, and nothing has changed")?;
        let Restored { database, replaced, contents } = restored;
        let Contents { accounts, last_event_time } = contents;
        println!("restored\t{}", database.display());
        println!("accounts\t{accounts}");
        let last = last_event_time.map_or_else(|| "-".to_owned(), |time| format!("{time:.0}"));
        println!("last event\t{last}");
        if let Some(replaced) = replaced {
            println!("replaced\t{}", replaced.display());
        }
        Ok(())
    }
}
