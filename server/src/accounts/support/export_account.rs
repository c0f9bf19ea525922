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
    accounts::{
        Accounts,
        error::Error,
        time_ledger::{EntryPosition, LedgerPage},
    },
    audit::Action,
    domain::account_id::AccountId,
    model::{
        account::Account,
        link::Link,
        time_entry::{EntryBounds, TimeEntry, TimeEntryNote},
    },
    storage::{account_alias, connections::Connections, error::StorageError, link},
    throttle::of_account::{self, CountedTimes},
};

/// How many entries a page has, and how many events.
const SIZE: u16 = 1_000;

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
    pub after: Option<ExportPosition>,
}

/// Where a page ends: at least one of the two lists goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExportPosition {
    /// Behind which entry; none when there are no more.
    pub entries: Option<EntryPosition>,
    /// Behind which event; none when there are no more.
    pub events: Option<EventPosition>,
}

/// A page of all that is kept.
pub struct AccountExported {
    /// When it was read.
    pub time: Timestamp,
    /// What only the first page has.
    pub first: Option<FirstPage>,
    /// The entries of the time ledger, the newest first, each with what was written about it.
    pub entries: Vec<(TimeEntry, TimeEntryNote)>,
    /// The events, the newest first.
    pub events: Vec<EventShown>,
    /// Where the next page begins; none when there is none.
    pub next: Option<ExportPosition>,
}

/// All but the entries and the events.
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
    after: Option<ExportPosition>,
    now: Timestamp,
) -> Result<AccountExported, StorageError> {
    let (mut entries, mut events) = (Vec::new(), Vec::new());
    let (mut next_entries, mut next_events) = (None, None);
    if after.is_none_or(|after| after.entries.is_some()) {
        let mut ids = vec![account.id];
        ids.extend(account_alias::list(db, account.id).await?);
        let behind = after.and_then(|after| after.entries);
        let page = LedgerPage::of_accounts(db, &ids, EntryBounds::default(), behind, SIZE).await?;
        let mut notes = page.notes;
        let with_note = |entry: TimeEntry| {
            let note = notes.remove(&entry.id).unwrap_or_default();
            (entry, note)
        };
        entries.extend(page.entries.into_iter().map(with_note));
        next_entries = page.next;
    }
    if after.is_none_or(|after| after.events.is_some()) {
        let behind = after.and_then(|after| after.events);
        let page = list_events::page(db, account.id, behind, SIZE.into(), true).await?;
        events.extend(page.events.into_iter().map(without_agent));
        next_events = page.next;
    }
    let first = match after {
        None => Some(first_page(db, account, now).await?),
        Some(_) => None,
    };
    let next = ExportPosition { entries: next_entries, events: next_events };
    let next = Some(next).filter(|next| next.entries.is_some() || next.events.is_some());
    Ok(AccountExported { time: now, first, entries, events, next })
}

async fn first_page(
    db: &Connections,
    account: Account,
    now: Timestamp,
) -> Result<FirstPage, StorageError> {
    let (mails, codes) = diagnose_account::history(db, &account, now, MOST).await?;
    let pending = account.pending_address();
    let counted = of_account::counted(db, account.id, &account.email, pending.as_ref()).await?;
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
