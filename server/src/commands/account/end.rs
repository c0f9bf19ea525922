//! `account unlink` and `account end-password`: what an operator ends after a leak, of some
//! accounts or of all. Each is an event of its account. Nobody is mailed: whoever ends what all
//! customers have tells them by words of their own.

use anyhow::bail;
use jiff::Timestamp;

use crate::{
    audit::{self, Action, Actor},
    domain::{account_id::AccountId, reason::Reason},
    settings::{database::naming_holder, one_line::Trimmed},
    storage::{account, database::Database, error::StorageError, link},
};

/// How many accounts are changed in a transaction: calls get their turn between two.
const BATCH: u64 = 500;

/// Which accounts are meant, and why.
#[derive(clap::Args)]
pub(super) struct Which {
    /// Their IDs.
    #[arg(value_name = "ID", required_unless_present = "all", conflicts_with = "all",
        value_parser = Trimmed(clap::value_parser!(u32).range(1..)))]
    ids: Vec<u32>,

    /// Every account.
    #[arg(long)]
    all: bool,

    /// Why, for the audit trail: no personal data, at most 200 characters.
    #[arg(long, value_name = "TEXT")]
    reason: String,
}

/// What is to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// The links of machines.
    Links,
    /// The password.
    Password,
}

/// What has ended.
#[derive(Clone, Copy, Debug, Default)]
struct Ended {
    accounts: usize,
    things: usize,
}

impl Which {
    /// Ends it, and prints how much.
    ///
    /// # Errors
    /// When the reason is none, an account does not exist (then nothing has changed), or the
    /// database fails (what was ended before stays ended; the command may be typed again).
    #[expect(clippy::print_stdout, reason = "the answer of a command that a person typed")]
    pub(super) async fn end(
        &self,
        db: &Database,
        order: Order,
        now: Timestamp,
    ) -> anyhow::Result<()> {
        let Ok(reason) = Reason::parse(&self.reason) else {
            bail!("--reason wants a line of 1 to {} characters", Reason::MAX_CHARS);
        };
        let named = self.named(db).await?;
        let (mut ended, mut last) = (Ended::default(), None);
        loop {
            let batch = match &named {
                Some(named) if last.is_none() => named.clone(),
                Some(_) => Vec::new(),
                None => account::list_ids(&db.read(), last, BATCH).await?,
            };
            let Some(&end) = batch.last() else { break };
            let done = db.retry(|| end_batch(db, order, &batch, &reason, now)).await;
            let done = done.map_err(|error| naming_holder(db, error))?;
            ended = Ended {
                accounts: ended.accounts + done.accounts,
                things: ended.things + done.things,
            };
            last = Some(end);
        }
        println!("accounts\t{}", ended.accounts);
        if order == Order::Links {
            println!("machines\t{}", ended.things);
        }
        tracing::info!(?order, ended.accounts, ended.things, "ended by the operator");
        Ok(())
    }

    /// The accounts that these IDs lead to; none when all are meant.
    async fn named(&self, db: &Database) -> anyhow::Result<Option<Vec<AccountId>>> {
        if self.all {
            return Ok(None);
        }
        let mut named = Vec::new();
        for id in self.ids.iter().filter_map(|id| AccountId::parse(*id)) {
            let Some(account) = account::find(&db.read(), id).await? else {
                bail!("there is no account {id}: nothing was changed");
            };
            named.push(account.id);
        }
        Ok(Some(named))
    }
}

async fn end_batch(
    db: &Database,
    order: Order,
    batch: &[AccountId],
    reason: &Reason,
    now: Timestamp,
) -> Result<Ended, StorageError> {
    let transaction = db.begin().await?;
    let done: Vec<(AccountId, Action)> = match order {
        Order::Links => {
            let links = link::unlink_all_of(&transaction, batch, now).await?;
            let action = |machine| Action::DetachMachine { machine, reason: reason.clone() };
            links.into_iter().map(|(id, machine)| (id, action(machine))).collect()
        }
        Order::Password => {
            let ids = account::end_passwords(&transaction, batch).await?;
            let action = || Action::EndPassword { reason: reason.clone() };
            ids.into_iter().map(|id| (id, action())).collect()
        }
    };
    audit::record_of_many(&transaction, &done, Actor::operator(), now).await?;
    transaction.commit().await?;
    let mut accounts: Vec<AccountId> = done.iter().map(|(id, _)| *id).collect();
    accounts.sort_unstable();
    accounts.dedup();
    Ok(Ended { accounts: accounts.len(), things: done.len() })
}
