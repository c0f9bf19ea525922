//! ListEvents: an agent reads the audit trail of an account, with names in place of numbers
//! as far as there are any.

use std::{cmp::Reverse, collections::HashMap};

use jiff::Timestamp;

use super::Agent;
use crate::{
    accounts::{Accounts, error::Error},
    audit::{self, Action, Done, MergedAccounts, Recorded},
    domain::{
        account_id::AccountId,
        entry_id::EntryId,
        machine::{MachineId, MachineName},
    },
    storage::{account_alias, connections::Connections, error::StorageError, link, support_key},
};

/// Where a page of events ends: the next one begins with what is older.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventPosition {
    /// When the last event of the page was.
    pub time: Timestamp,
    /// Its number, for several at that time.
    pub id: i64,
}

/// Input of ListEvents.
#[derive(Clone, Copy, Debug)]
pub struct ListEvents {
    /// The account.
    pub account_id: AccountId,
    /// How many events at most.
    pub page_size: u16,
    /// Where the page before ended; none for the first page.
    pub after: Option<EventPosition>,
}

/// A page of events.
pub struct EventsListed {
    /// The events, the newest first.
    pub events: Vec<EventShown>,
    /// Where the next page begins; none when there is none.
    pub next: Option<EventPosition>,
}

/// An event as an agent may see it.
pub struct EventShown {
    /// When.
    pub time: Timestamp,
    /// What was done, by its name in the trail.
    pub action: String,
    /// The names of the fields that were changed.
    pub fields: Vec<String>,
    /// The name of the machine that it was done to, when it was one whose link there is.
    pub target: Option<MachineName>,
    /// The reason that the agent gave.
    pub reason: Option<String>,
    /// Who did it.
    pub by: DoneBy,
    /// From which address, if that is known and this agent may see it.
    pub ip: Option<String>,
    /// The entry of the time ledger that was written.
    pub entry: Option<EntryId>,
    /// Which account was merged into which, when that was done.
    pub merged: Option<MergedAccounts>,
    /// The account that it was an event of before that one was merged into this one.
    pub merged_account_id: Option<AccountId>,
}

/// Who did it.
pub enum DoneBy {
    /// A machine, and its name while there is a link of it.
    Machine(MachineId, Option<MachineName>),
    /// An agent, by the name of the key.
    Agent(String),
    /// The operator, on the server's command line.
    Operator,
    /// Whoever has the mailbox, by a code.
    Mailbox,
    /// A kind of caller that only a later release knows.
    Unknown,
}

impl Accounts {
    /// Reads a page of an account's audit trail for an agent.
    ///
    /// # Errors
    /// [`Error::Desk`] when there is no such account.
    pub async fn list_events(
        &self,
        query: &ListEvents,
        agent: &Agent,
    ) -> Result<EventsListed, Error> {
        let account = self.account_for_desk(query.account_id).await?;
        self.record_reading(account.id, &Action::ListEvents, agent).await?;
        let (db, size) = (self.db.read(), usize::from(query.page_size));
        let sees_addresses = agent.role().sees_addresses();
        Ok(page(&db, account.id, query.after, size, sees_addresses).await?)
    }
}

/// A page of the trail of an account and of those that were merged into it.
pub(super) async fn page(
    db: &Connections,
    account_id: AccountId,
    after: Option<EventPosition>,
    size: usize,
    sees_addresses: bool,
) -> Result<EventsListed, StorageError> {
    let before = after.map(|after| (after.time, after.id));
    // One more tells whether there is another page.
    let mut recorded = audit::list(db, account_id, before, size + 1).await?;
    // Each trail has an index of its own, of which no more is read than a page needs.
    for merged in account_alias::list(db, account_id).await? {
        recorded.extend(audit::list(db, merged, before, size + 1).await?);
    }
    recorded.sort_unstable_by_key(|event| Reverse((event.time, event.id)));
    let has_more = recorded.len() > size;
    recorded.truncate(size);
    let last = recorded.last().filter(|_| has_more);
    let next = last.map(|last| EventPosition { time: last.time, id: last.id });

    let machines = recorded.iter().flat_map(Recorded::machines);
    let machines = link::find_names(db, account_id, machines).await?;
    let agents = recorded.iter().filter_map(Recorded::support_key);
    let agents = support_key::find_names(db, agents).await?;
    let shown = |event| shown(event, account_id, &machines, &agents, sees_addresses);
    Ok(EventsListed { events: recorded.into_iter().map(shown).collect(), next })
}

fn shown(
    event: Recorded,
    account_id: AccountId,
    machines: &HashMap<MachineId, MachineName>,
    agents: &HashMap<i32, String>,
    sees_addresses: bool,
) -> EventShown {
    let by = match event.by {
        Done::ByMachine(id) => DoneBy::Machine(id, machines.get(&id).cloned()),
        Done::BySupportKey(id) => {
            // Keys are never deleted; the number stands for one that is gone all the same.
            DoneBy::Agent(agents.get(&id).cloned().unwrap_or_else(|| format!("agent {id}")))
        }
        Done::ByOperator => DoneBy::Operator,
        Done::ByMailbox => DoneBy::Mailbox,
        Done::ByUnknown => DoneBy::Unknown,
    };
    EventShown {
        time: event.time,
        action: event.action,
        fields: event.fields,
        target: event.target.and_then(|id| machines.get(&id).cloned()),
        reason: event.reason,
        by,
        ip: event.ip.filter(|_| sees_addresses),
        entry: event.entry,
        merged: event.merged,
        merged_account_id: event.account_id.filter(|id| *id != account_id),
    }
}
