//! `account`: an account as the support desk sees it; and what is ended of accounts after a leak.

mod end;

use std::fmt::Write as _;

use anyhow::Context as _;
use jiff::Timestamp;

use self::end::{Order, Which};
use crate::{
    audit::{self, Action, Actor},
    clock::{Clock as _, SystemClock},
    domain::account_id::AccountId,
    model::{account::Account as Stored, link::Machines},
    settings::{
        database::{Connection, close, naming_holder},
        one_line::Trimmed,
    },
    storage::{account, database::Database, link},
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
    Show {
        /// Its ID.
        #[arg(value_parser = Trimmed(clap::value_parser!(u32).range(1..)))]
        id: u32,
    },
    /// Detach every machine of accounts, immediately. Their owners join again by password or by a
    /// mailed code; no mail tells them.
    Unlink(Which),
    /// End the password of accounts, immediately. Their owners choose another one by a mailed code;
    /// linked machines go on. No mail tells them.
    EndPassword(Which),
}

impl Account {
    /// Shows an account, or ends what is asked for.
    ///
    /// # Errors
    /// When the database cannot be reached or does not exist, or there is no such account.
    #[expect(clippy::print_stdout, reason = "the answer of a command that a person typed")]
    pub async fn run(&self) -> anyhow::Result<()> {
        let db = self.database.open_existing().await?;
        let now = SystemClock::start().now();
        match &self.command {
            Command::Show { id } => print!("{}", show(&db, *id, now).await?),
            Command::Unlink(which) => which.end(&db, Order::Links, now).await?,
            Command::EndPassword(which) => which.end(&db, Order::Password, now).await?,
        }
        close(db).await;
        Ok(())
    }
}

async fn show(db: &Database, number: u32, now: Timestamp) -> anyhow::Result<String> {
    let reader = db.read();
    let asked = AccountId::parse(number).context("an ID is at least 1")?;
    let found = account::find(&reader, asked).await?;
    let account = found.with_context(|| format!("there is no account {asked}"))?;
    let id = account.id;
    // Before anything is shown: what cannot be written is not read.
    let recorded = audit::record_reading(db, id, &Action::ReadAccount, Actor::operator(), now);
    recorded.await.map_err(|error| naming_holder(db, error))?;
    let machines = link::list(&reader, id).await?;
    Ok(shown(&account, &machines, now))
}

/// A line a fact, then a line a machine.
fn shown(account: &Stored, machines: &Machines, now: Timestamp) -> String {
    let profile = &account.profile;
    let address = profile.address.as_str().lines().collect::<Vec<_>>().join(", ");
    let (create_time, update_time) = (time(account.create_time), time(account.update_time));
    let mut text = String::new();
    for (name, value) in [
        ("id", account.id.to_string().as_str()),
        ("email", account.email.as_typed()),
        ("pending_email", account.shown_pending_email(now).unwrap_or_default()),
        ("company_name", profile.company_name.as_str()),
        ("last_name", profile.last_name.as_str()),
        ("first_name", profile.first_name.as_str()),
        ("address", &address),
        ("postal_code", profile.postal_code.as_str()),
        ("city", profile.city.as_str()),
        ("country_code", profile.country.alpha3()),
        ("phone", profile.phone.as_str()),
        ("ape_code", profile.ape_code.as_str()),
        ("language", account.locale.tag()),
        ("has_password", if account.password_hash.is_some() { "yes" } else { "no" }),
        ("create_time", &create_time),
        ("update_time", &update_time),
        ("machine_count", machines.count.to_string().as_str()),
    ] {
        // Writing to a text cannot fail.
        let _ = writeln!(text, "{name}: {}", if value.is_empty() { "-" } else { value });
    }
    for link in &machines.links {
        let (linked, seen) = (time(link.link_time), time(link.last_seen_time));
        let (id, name) = (link.machine.id.uuid(), link.machine.name.as_str());
        let _ = writeln!(text, "machine\t{id}\t{name}\t{linked}\t{seen}");
    }
    text
}

fn time(time: Timestamp) -> String {
    format!("{time:.0}")
}
