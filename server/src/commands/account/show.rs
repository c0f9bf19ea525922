//! `account show`: an account as the support desk sees it.

use std::fmt::Write as _;

use jiff::Timestamp;

use super::existing;
use crate::{
    audit::{self, Action, Actor},
    model::{account::Account, link::Machines},
    settings::{database::naming_holder, one_line::Trimmed},
    storage::{database::Database, link},
};

/// What `account show` is told.
#[derive(clap::Args)]
pub(super) struct Show {
    /// Its ID.
    #[arg(value_parser = Trimmed(clap::value_parser!(u32).range(1..)))]
    id: u32,
}

impl Show {
    /// Shows an account.
    ///
    /// # Errors
    /// When there is no such account.
    #[expect(clippy::print_stdout, reason = "the answer of a command that a person typed")]
    pub(super) async fn run(&self, db: &Database, now: Timestamp) -> anyhow::Result<()> {
        print!("{}", show(db, self.id, now).await?);
        Ok(())
    }
}

async fn show(db: &Database, number: u32, now: Timestamp) -> anyhow::Result<String> {
    let reader = db.read();
    let account = existing(db, number).await?;
    let id = account.id;
    // Before anything is shown: what cannot be written is not read.
    let recorded = audit::record_reading(db, id, &Action::ReadAccount, Actor::operator(), now);
    recorded.await.map_err(|error| naming_holder(db, error))?;
    let machines = link::list(&reader, id).await?;
    Ok(shown(&account, &machines, now))
}

/// A line a fact, then a line a machine.
fn shown(account: &Account, machines: &Machines, now: Timestamp) -> String {
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
