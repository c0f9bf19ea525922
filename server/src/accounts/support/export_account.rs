//! ExportAccount: all that is kept of a customer, for the customer (GDPR, articles 15 and 20).
//! It has no secret and no digest, and it names no agent: they are persons, too.
//!
//! The operator has the same by a command: what is read is read here, for both.

use jiff::Timestamp;

use super::{
    Agent, diagnose_account,
    diagnose_account::{CodeAsked, MailSent},
    list_events::{self, DoneBy, EventPosition, EventShown},
};
use crate::{
    accounts::{Accounts, error::Error},
    audit::Action,
    domain::account_id::AccountId,
    model::{account::Account, link::Link},
    storage::{account_alias, connections::Connections, error::StorageError, link},
    throttle::of_account::{self, CountedTimes},
};

/// How many events a page has.
const EVENTS: usize = 1_000;

/// How many mails, and how many codes, are told: limits keep them far below.
const MOST: u64 = 1_000;

/// What stands for every agent.
const SUPPORT: &str = "support";

/// Input of ExportAccount.
#[derive(Clone, Copy, Debug)]
pub struct ExportAccount {
    /// The account.
    pub account_id: AccountId,
    /// Where the page before ended; none for the first page.
    pub after: Option<EventPosition>,
}

/// A page of all that is kept.
pub struct AccountExported {
    /// When it was read.
    pub time: Timestamp,
    /// What only the first page has.
    pub first: Option<FirstPage>,
    /// The events, the newest first.
    pub events: Vec<EventShown>,
    /// Where the next page begins; none when there is none.
    pub next: Option<EventPosition>,
}

/// All but the events.
pub struct FirstPage {
    /// The account.
    pub account: Account,
    /// The IDs of the accounts that were merged into it.
    pub merged: Vec<AccountId>,
    /// Its links, dead or alive, each with the network that its machine was last seen in.
    pub links: Vec<(Link, Option<String>)>,
    /// The codes that were asked for.
    pub codes: Vec<CodeAsked>,
    /// The mails.
    pub mails: Vec<MailSent>,
    /// What is counted for the limits.
    pub counted: CountedTimes,
}

impl Accounts {
    /// Gives an agent a page of all that is kept of a customer.
    ///
    /// # Errors
    /// [`Error::Desk`] when there is no such account.
    pub async fn export_account(
        &self,
        query: &ExportAccount,
        agent: &Agent,
    ) -> Result<AccountExported, Error> {
        let account = self.account_for_desk(query.account_id).await?;
        self.record_reading(account.id, &Action::ExportAccount, agent).await?;
        Ok(export(&self.db.read(), account, query.after, self.now()).await?)
    }
}

/// Reads a page of all that is kept of a customer. That it is read is recorded before.
///
/// # Errors
/// A [`StorageError`].
pub async fn export(
    db: &Connections,
    account: Account,
    after: Option<EventPosition>,
    now: Timestamp,
) -> Result<AccountExported, StorageError> {
    let listed = list_events::page(db, account.id, after, EVENTS, true).await?;
    let events = listed.events.into_iter().map(without_agent).collect();
    let first = match after {
        None => Some(first_page(db, account, now).await?),
        Some(_) => None,
    };
    Ok(AccountExported { time: now, first, events, next: listed.next })
}

async fn first_page(
    db: &Connections,
    account: Account,
    now: Timestamp,
) -> Result<FirstPage, StorageError> {
    let (mails, codes) = diagnose_account::history(db, &account, now, MOST).await?;
    let pending = account.pending_address();
    let mailboxes: Vec<_> = [&account.email].into_iter().chain(&pending).collect();
    let counted = of_account::counted(db, account.id, &mailboxes).await?;
    let merged = account_alias::list(db, account.id).await?;
    let links = link::list_all(db, account.id).await?;
    Ok(FirstPage { account, merged, links, codes, mails, counted })
}

/// An event without who of the desk, or which operator, has done it, and where they were.
fn without_agent(event: EventShown) -> EventShown {
    let (by, ip) = match event.by {
        DoneBy::Agent(_) => (DoneBy::Agent(SUPPORT.to_owned()), None),
        DoneBy::Operator => (DoneBy::Operator, None),
        by => (by, event.ip),
    };
    EventShown { by, ip, ..event }
}
