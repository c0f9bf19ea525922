//! Events as they are read again. What stands beside the name of an action is a list of the
//! names of fields, of `machine:` with the machine that it was done to, of `from:` and `into:`
//! with the accounts of a merge, of `entry:` with an entry of the time ledger, and, as the last of them, of `reason:` with an agent's own words,
//! which may hold commas.

use jiff::Timestamp;
use sea_orm::ConnectionTrait;
use uuid::Uuid;

use crate::{
    domain::{account_id::AccountId, entry_id::EntryId, machine::MachineId, reason::Reason},
    storage::{
        audit_event::{self, Span, StoredEvent},
        error::StorageError,
    },
};

/// The kinds of actors.
pub(super) const MACHINE: &str = "machine";
pub(super) const SUPPORT_KEY: &str = "support_key";
pub(super) const OPERATOR: &str = "operator";
pub(super) const MAILBOX: &str = "mailbox";

/// An event of the trail.
#[derive(Clone)]
pub struct Recorded {
    /// Its number.
    pub id: i64,
    /// The account that it is an event of.
    pub account_id: AccountId,
    /// When.
    pub time: Timestamp,
    /// What was done, by the name of the action: a later release may have others.
    pub action: String,
    /// The names of the fields that were changed.
    pub fields: Vec<String>,
    /// The machine that it was done to.
    pub target: Option<MachineId>,
    /// Which account was merged into which.
    pub merged: Option<MergedAccounts>,
    /// The entry of the time ledger that was written.
    pub entry: Option<EntryId>,
    /// The agent's reason.
    pub reason: Option<String>,
    /// Who did it.
    pub by: Done,
    /// From which address, when that is known.
    pub ip: Option<String>,
}

/// Which account was merged into which.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MergedAccounts {
    /// The one that has ended.
    pub from: AccountId,
    /// The one that stays.
    pub into: AccountId,
}

/// Who did it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Done {
    /// A machine.
    ByMachine(MachineId),
    /// A support agent, by the number of the key.
    BySupportKey(i32),
    /// The operator, on the server's command line.
    ByOperator,
    /// Whoever has the mailbox, by a code.
    ByMailbox,
    /// A kind of caller that only a later release knows.
    ByUnknown,
}

impl Recorded {
    /// The machines that it speaks of.
    pub fn machines(&self) -> impl Iterator<Item = MachineId> {
        let doer = match self.by {
            Done::ByMachine(id) => Some(id),
            Done::BySupportKey(_) | Done::ByMailbox | Done::ByOperator | Done::ByUnknown => None,
        };
        doer.into_iter().chain(self.target)
    }

    /// The support key that did it.
    #[must_use]
    pub fn support_key(&self) -> Option<i32> {
        match self.by {
            Done::BySupportKey(id) => Some(id),
            Done::ByMachine(_) | Done::ByMailbox | Done::ByOperator | Done::ByUnknown => None,
        }
    }
}

/// The events of an account, the newest first, from behind the one at `before`.
///
/// # Errors
/// A [`StorageError`].
pub async fn list(
    db: &impl ConnectionTrait,
    account_id: AccountId,
    before: Option<(Timestamp, i64)>,
    limit: usize,
) -> Result<Vec<Recorded>, StorageError> {
    let stored = audit_event::list(db, account_id, before, limit).await?;
    Ok(stored.into_iter().map(recorded).collect())
}

/// The events of a span, the newest first.
///
/// # Errors
/// A [`StorageError`].
pub async fn list_span(
    db: &impl ConnectionTrait,
    span: Span,
    limit: usize,
) -> Result<Vec<Recorded>, StorageError> {
    let stored = audit_event::list_span(db, span, limit).await?;
    Ok(stored.into_iter().map(recorded).collect())
}

/// How a machine stands beside the name of an action.
pub(super) fn machine(id: MachineId) -> String {
    format!("machine:{}", id.uuid())
}

/// How the accounts of a merge do.
pub(super) fn merged(MergedAccounts { from, into }: MergedAccounts) -> String {
    format!("from:{from},into:{into}")
}

/// How an entry of the time ledger does.
pub(super) fn entry(id: EntryId) -> String {
    format!("entry:{id}")
}

/// How a reason does.
pub(super) fn reason(reason: &Reason) -> String {
    format!("reason:{}", reason.as_str())
}

fn recorded(stored: StoredEvent) -> Recorded {
    let StoredEvent { id, account_id, time, action, actor_kind, actor_id, fields, ip } = stored;
    let (listed, reason) = match fields.strip_prefix("reason:") {
        Some(reason) => ("", Some(reason)),
        None => fields
            .split_once(",reason:")
            .map_or((&*fields, None), |(listed, reason)| (listed, Some(reason))),
    };
    let (mut target, mut from, mut into, mut entry) = (None, None, None, None);
    let mut names = Vec::new();
    for name in listed.split(',').filter(|name| !name.is_empty()) {
        match name.split_once(':') {
            Some(("machine", id)) => target = target.or(parse_machine(id)),
            Some(("from", id)) => from = parse_account(id),
            Some(("into", id)) => into = parse_account(id),
            Some(("entry", id)) => entry = id.parse().ok().and_then(EntryId::parse),
            _ => names.push(name.to_owned()),
        }
    }
    Recorded {
        id,
        account_id,
        time,
        action,
        fields: names,
        target,
        merged: from.zip(into).map(|(from, into)| MergedAccounts { from, into }),
        entry,
        reason: reason.map(str::to_owned),
        by: done_by(&actor_kind, &actor_id),
        ip,
    }
}

fn done_by(kind: &str, id: &str) -> Done {
    let done = match kind {
        MACHINE => parse_machine(id).map(Done::ByMachine),
        SUPPORT_KEY => id.parse().ok().map(Done::BySupportKey),
        OPERATOR => Some(Done::ByOperator),
        MAILBOX => Some(Done::ByMailbox),
        _ => None,
    };
    done.unwrap_or(Done::ByUnknown)
}

fn parse_account(id: &str) -> Option<AccountId> {
    id.parse().ok().and_then(AccountId::parse)
}

fn parse_machine(id: &str) -> Option<MachineId> {
    Uuid::try_parse(id).ok().map(MachineId::from_db)
}
