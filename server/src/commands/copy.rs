//! `copy`: everything from one database into another.

use anyhow::Context as _;

use crate::storage;

/// The settings of `copy`.
#[derive(clap::Args)]
pub struct Copy {
    /// Database to read, written like `--database-url` of `serve`. Leave the password out, since
    /// others can see it here: PostgreSQL's is also taken from PGPASSWORD and ~/.pgpass.
    #[arg(long, value_name = "URL")]
    from: String,

    /// Database to fill.
    #[arg(long, value_name = "URL")]
    to: String,
}

impl Copy {
    /// Moves everything from one database into another, and prints what was moved.
    ///
    /// # Errors
    /// When the two are not the same in the end.
    #[expect(clippy::print_stdout, reason = "the answer of a command that a person typed")]
    pub async fn run(&self) -> anyhow::Result<()> {
        let report = storage::copy::copy(&self.from, &self.to).await.context("cannot copy")?;
        print!("{report}");
        Ok(())
    }
}
