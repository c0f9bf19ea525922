//! `account erase`: erases accounts without a network, and without a mail. It is for accounts that
//! were erased before and that a backup has brought back, and for those that the operator has
//! decided on (`account list`).

use std::{fs, path::PathBuf};

use anyhow::{Context as _, bail};
use jiff::Timestamp;

use crate::{
    accounts::erasure,
    audit::{self, Action, Actor},
    domain::{account_id::AccountId, reason::Reason, request_name::RequestName},
    randomness::{Randomness, SystemRandomness},
    settings::database::naming_holder,
    storage::{account, account_alias, database::Database, erased_account, error::StorageError},
};

/// What `account erase` is told.
#[derive(clap::Args)]
pub(super) struct Erase {
    /// File with the IDs of the accounts, one a line.
    #[arg(long, value_name = "FILE")]
    ids: PathBuf,

    /// On what ground, for the one event that stays of each: no personal data.
    #[arg(long, value_name = "TEXT")]
    reason: String,
}

/// What became of an account.
enum Outcome {
    Erased,
    Before,
    Merged(AccountId),
    NeverWas,
}

impl Erase {
    /// The IDs in the file.
    ///
    /// # Errors
    /// When it cannot be read, or has a line that is no ID.
    pub(super) fn ids(&self) -> anyhow::Result<Vec<AccountId>> {
        self.reason()?;
        let name = self.ids.display();
        let text = fs::read_to_string(&self.ids).with_context(|| format!("cannot read {name}"))?;
        let lines = text.lines().map(str::trim).enumerate().filter(|(_, line)| !line.is_empty());
        let id = |(index, line): (usize, &str)| {
            let id = line.parse().ok().and_then(AccountId::parse);
            id.with_context(|| format!("{name}, line {}: an ID is a number from 1 on", index + 1))
        };
        let ids = lines.map(id).collect::<anyhow::Result<Vec<_>>>()?;
        if ids.is_empty() {
            bail!("{name} has no ID");
        }
        Ok(ids)
    }

    fn reason(&self) -> anyhow::Result<Reason> {
        let reason = Reason::parse(&self.reason);
        reason.ok().context("--reason must have from 1 to 200 characters, on one line")
    }

    /// Erases the accounts one after the other, each wholly or not at all.
    ///
    /// # Errors
    /// When the database fails; those of the lines that were printed are erased.
    #[expect(clippy::print_stdout, reason = "the answer of a command that a person typed")]
    pub(super) async fn run(
        &self,
        db: &Database,
        ids: &[AccountId],
        now: Timestamp,
    ) -> anyhow::Result<()> {
        let action = Action::EraseAccount { reason: self.reason()? };
        for id in ids {
            let outcome = db.retry(|| erase(db, *id, &action, now)).await;
            match outcome.map_err(|error| naming_holder(db, error))? {
                Outcome::Erased => {
                    tracing::info!(account.id = %id, "account erased");
                    println!("{id}\terased");
                }
                Outcome::Before => println!("{id}\terased before"),
                Outcome::Merged(into) => println!("{id}\tnot erased: it is a part of {into}"),
                Outcome::NeverWas => println!("{id}\tno such account"),
            }
        }
        Ok(())
    }
}

async fn erase(
    db: &Database,
    id: AccountId,
    action: &Action,
    now: Timestamp,
) -> Result<Outcome, StorageError> {
    let transaction = db.begin().await?;
    // By its own ID only: nobody is to erase another account than the one that is named.
    let outcome = if let Some(alias) = account_alias::find(&transaction, id).await? {
        Outcome::Merged(alias.account_id)
    } else {
        let found = account::find_for_update(&transaction, id).await?;
        match found.filter(|account| account.id == id) {
            Some(account) => {
                let write_off = RequestName::of((&SystemRandomness as &dyn Randomness).uuid());
                erasure::erase(&transaction, &account, None, write_off, now).await?;
                audit::record(&transaction, id, action, Actor::operator(), now).await?;
                transaction.commit().await?;
                return Ok(Outcome::Erased);
            }
            None if erased_account::find(&transaction, id).await?.is_some() => Outcome::Before,
            None => Outcome::NeverWas,
        }
    };
    transaction.rollback().await?;
    Ok(outcome)
}
