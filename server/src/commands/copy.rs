//! `copy`: everything from one database into another.

use anyhow::Context as _;

use crate::{settings::one_line::one_line, storage};

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
        let (from, to) = (one_line("--from", &self.from)?, one_line("--to", &self.to)?);
        for url in [from, to] {
            storage::sqlite::check_log(url).context("cannot copy")?;
        }
        let report = storage::copy::copy(from, to).await.context("cannot copy")?;
        print!("{report}");
        Ok(())
    }
}
