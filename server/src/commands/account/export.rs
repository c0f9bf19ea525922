//! `account export`: all that is kept of a customer, for the customer: what ExportAccount gives
//! an agent, in one document.

use anyhow::Context as _;
use jiff::Timestamp;

use super::existing;
use crate::{
    accounts::support::export_account::export,
    audit::{self, Action, Actor},
    grpc::ExportedDocument,
    settings::{database::naming_holder, lifetimes::Retentions, one_line::Trimmed},
    storage::database::Database,
};

/// What `account export` is told.
#[derive(clap::Args)]
pub(super) struct Export {
    #[command(flatten)]
    retentions: Retentions,

    /// Its ID.
    #[arg(value_parser = Trimmed(clap::value_parser!(u32).range(1..)))]
    id: u32,
}

impl Export {
    /// Writes all that is kept of an account.
    ///
    /// # Errors
    /// When there is no such account.
    #[expect(clippy::print_stdout, reason = "the answer of a command that a person typed")]
    pub(super) async fn run(&self, db: &Database, now: Timestamp) -> anyhow::Result<()> {
        let account = existing(db, self.id).await?;
        let (id, locale) = (account.id, account.locale);
        // Before anything is shown: what cannot be written is not read.
        let recorded =
            audit::record_reading(db, id, &Action::ExportAccount, Actor::operator(), now);
        recorded.await.map_err(|error| naming_holder(db, error))?;
        let mut document = ExportedDocument::new(id, self.retentions.get(), locale);
        let mut after = None;
        loop {
            let page = export(&db.read(), account.clone(), after, now).await?;
            after = page.next;
            document.add(page);
            if after.is_none() {
                break;
            }
        }
        println!("{}", document.to_json().context("the account cannot be written as JSON")?);
        Ok(())
    }
}
