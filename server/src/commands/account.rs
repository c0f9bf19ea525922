//! `account`: what an operator does with accounts: shows one as the support desk sees it, exports
//! one for its owner, erases some, lists those that nobody uses, and ends what is theirs after a
//! leak.

mod end;

mod erase;
mod export;
mod list;
mod show;

use anyhow::{Context as _, bail};

use self::{
    end::{Order, Which},
    erase::Erase,
    export::Export,
    list::List,
    show::Show,
};
use crate::{
    clock::{Clock as _, SystemClock},
    domain::account_id::AccountId,
    model::account::Account as Stored,
    settings::database::{Connection, close},
    storage::{account, database::Database, erased_account},
};

/// The settings of `account`; they may also stand behind what it is to do.
#[derive(clap::Args)]
#[command(mut_args = |setting| setting.global(true))]
pub struct Account {
    #[command(flatten)]
    database: Connection,

    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand)]
enum Command {
    /// Show an account and its machines. Reading it is an event of its audit trail, as it is for
    /// the support desk.
    Show(Show),
    /// Write all that is kept of a customer, as JSON, to standard output, for the customer. It has
    /// no secret. That it was made is an event of the account's audit trail.
    Export(Export),
    /// Erase accounts for good, and tell nobody: above all those that were erased before and that
    /// a backup has brought back.
    Erase(Erase),
    /// List the accounts that no machine has used for a while.
    List(List),
    /// Detach every machine of accounts, immediately. Their owners join again by password or by a
    /// mailed code; no mail tells them.
    Unlink(Which),
    /// End the password of accounts, immediately. Their owners choose another one by a mailed code;
    /// linked machines go on. No mail tells them.
    EndPassword(Which),
}

impl Account {
    /// Does what it is asked.
    ///
    /// # Errors
    /// When the database cannot be reached or does not exist, or there is no such account.
    pub async fn run(&self) -> anyhow::Result<()> {
        // Whatever is wrong with what was typed is told before anything is opened.
        let ids = match &self.command {
            Command::Erase(erase) => erase.ids()?,
            _ => Vec::new(),
        };
        let db = self.database.open_existing().await?;
        let now = SystemClock::start().now();
        match &self.command {
            Command::Show(show) => show.run(&db, now).await?,
            Command::Export(export) => export.run(&db, now).await?,
            Command::Erase(erase) => erase.run(&db, &ids, now).await?,
            Command::List(list) => list.run(&db, now).await?,
            Command::Unlink(which) => which.end(&db, Order::Links, now).await?,
            Command::EndPassword(which) => which.end(&db, Order::Password, now).await?,
        }
        close(db).await;
        Ok(())
    }
}

/// The account that this ID leads to.
async fn existing(db: &Database, number: u32) -> anyhow::Result<Stored> {
    let asked = AccountId::parse(number).context("an ID is at least 1")?;
    if let Some(account) = account::find(&db.read(), asked).await? {
        return Ok(account);
    }
    match erased_account::find(&db.read(), asked).await? {
        Some(time) => bail!("the account {asked} was erased on {time:.0}"),
        None => bail!("there is no account {asked}"),
    }
}
