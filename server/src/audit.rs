//! The audit trail: who changed what of an account, when, from where, and which
//! support agent read it. An event is written in the transaction of its change. It has
//! the names of fields, never values.
//!
//! Other systems are told of some of them, by the same transaction: `told` says of which.

mod recorded;
mod searches;
mod told;

use std::{net::IpAddr, ops::RangeInclusive, slice};

use jiff::{SignedDuration, Timestamp};
use sea_orm::ConnectionTrait;

pub use recorded::{Done, MergedAccounts, Recorded, list, list_span};
pub use searches::{Search, SearchEvents};

pub use crate::storage::audit_event::Span;
use crate::{
    domain::{
        account_id::AccountId, entry_id::EntryId, machine::MachineId, profile::Field,
        reason::Reason,
    },
    storage::{
        audit_event::{self, AuditEvent},
        database::Database,
        error::StorageError,
        transaction::Transaction,
    },
};

/// What was done to an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// It was opened.
    CreateAccount,
    /// Its password was set.
    SetPassword,
    /// A machine was linked, or its token replaced.
    LinkMachine,
    /// A machine was detached.
    UnlinkMachine(MachineId),
    /// The same, by a support agent.
    DetachMachine {
        /// The machine.
        machine: MachineId,
        /// Why.
        reason: Reason,
    },
    /// Fields were changed.
    UpdateFields(Vec<Field>),
    /// A new address was asked for.
    RequestEmailChange,
    /// The new address was confirmed.
    ChangeEmail,
    /// A support agent read it. This is no change, but its owner may want to know of
    /// it.
    ReadAccount,
    /// A support agent had a code mailed.
    SendCode,
    /// A support agent started a change of address.
    StartEmailChange {
        /// How the agent made sure who calls.
        reason: Reason,
        /// Whether its code was not to wait.
        without_delay: bool,
    },
    /// A support agent took a pending address back.
    CancelEmailChange,
    /// A support agent read its audit trail.
    ListEvents,
    /// A support agent merged an account into another one: an event of both.
    MergeAccounts {
        /// Which into which.
        merged: MergedAccounts,
        /// Why.
        reason: Reason,
    },
    /// The operator ended its password.
    EndPassword {
        /// Why.
        reason: Reason,
    },
    /// It was erased: the one event that is left of it.
    EraseAccount {
        /// On what ground.
        reason: Reason,
    },
    /// A copy of all that is kept of it was made.
    ExportAccount,
    /// The operator had a mail about it sent once more.
    RetryMail,
    /// The operator dropped a mail about it.
    DropMail,
    /// A support agent was told what keeps its owner out.
    DiagnoseAccount,
    /// A support agent added time that was bought.
    GrantTime {
        /// The entry of the time ledger.
        entry: EntryId,
    },
    /// A support agent charged time that was used.
    ChargeTime {
        /// The entry.
        entry: EntryId,
    },
    /// A support agent put an entry right.
    CorrectTime {
        /// The entry that does so.
        entry: EntryId,
    },
    /// A support agent read its time ledger.
    ListTimeEntries,
}

/// Who did it, and from where.
#[derive(Clone, Copy, Debug)]
pub struct Actor {
    who: Who,
    ip: Option<IpAddr>,
}

#[derive(Clone, Copy, Debug)]
enum Who {
    Machine(MachineId),
    SupportKey(i32),
    Operator,
    Mailbox,
}

impl Actor {
    /// The machine that called, or whose challenge was answered; the address,
    /// when it is known.
    #[must_use]
    pub fn machine(id: MachineId, ip: Option<IpAddr>) -> Self {
        Self { who: Who::Machine(id), ip }
    }

    /// A support agent, by the number of the key.
    #[must_use]
    pub fn support_key(id: i32, ip: Option<IpAddr>) -> Self {
        Self { who: Who::SupportKey(id), ip }
    }

    /// The operator, on the server's command line.
    #[must_use]
    pub fn operator() -> Self {
        Self { who: Who::Operator, ip: None }
    }

    /// Whoever has the mailbox: a code was given, and no machine was named.
    #[must_use]
    pub fn mailbox(ip: Option<IpAddr>) -> Self {
        Self { who: Who::Mailbox, ip }
    }
}

/// Writes an event, and enqueues it if other systems are told of such.
///
/// # Errors
/// A [`StorageError`].
pub async fn record(
    transaction: &Transaction,
    account_id: AccountId,
    action: &Action,
    actor: Actor,
    now: Timestamp,
) -> Result<(), StorageError> {
    record_all(transaction, account_id, slice::from_ref(action), actor, now).await
}

/// Writes several events; with none, it does nothing.
///
/// # Errors
/// A [`StorageError`].
pub async fn record_all(
    transaction: &Transaction,
    account_id: AccountId,
    actions: &[Action],
    actor: Actor,
    now: Timestamp,
) -> Result<(), StorageError> {
    let events = actions.iter().map(|action| event(account_id, action, actor, now));
    audit_event::insert(transaction, events.collect()).await?;
    let told = actions.iter().filter_map(|action| told::event(account_id, action, now));
    transaction.tell(told.collect(), now).await
}

/// Writes what was done to many accounts; with none, it does nothing.
///
/// # Errors
/// A [`StorageError`].
pub async fn record_of_many(
    transaction: &Transaction,
    done: &[(AccountId, Action)],
    actor: Actor,
    now: Timestamp,
) -> Result<(), StorageError> {
    let events = done.iter().map(|(account_id, action)| event(*account_id, action, actor, now));
    audit_event::insert(transaction, events.collect()).await?;
    let told = done.iter().filter_map(|(account_id, action)| told::event(*account_id, action, now));
    transaction.tell(told.collect(), now).await
}

/// Whether the same actor did the same within this time.
///
/// # Errors
/// A [`StorageError`].
pub async fn is_recorded(
    db: &impl ConnectionTrait,
    account_id: AccountId,
    action: &Action,
    actor: Actor,
    within: RangeInclusive<Timestamp>,
) -> Result<bool, StorageError> {
    let event = event(account_id, action, actor, *within.end());
    audit_event::is_like(db, &event, *within.start()).await
}

/// What the trail calls a reading of the time ledger.
const LIST_TIME_ENTRIES: &str = "list_time_entries";

/// For how long the same actor who reads the same account in the same way leaves no other
/// event: whoever looks twice during a call is one reader.
const SAME_READING: SignedDuration = SignedDuration::from_mins(10);

/// Writes to the trail that an account is read, unless the same reader did so a moment ago.
///
/// # Errors
/// A [`StorageError`].
pub async fn record_reading(
    db: &Database,
    account_id: AccountId,
    reading: &Action,
    actor: Actor,
    now: Timestamp,
) -> Result<(), StorageError> {
    let lately = now - SAME_READING..=now;
    if !is_recorded(&db.read(), account_id, reading, actor, lately).await? {
        let event = event(account_id, reading, actor, now);
        audit_event::insert(&db.write(), vec![event]).await?;
    }
    Ok(())
}

/// Writes to the trail that the time ledger of all accounts is read, unless the same reader did
/// so a moment ago. It is an event of no account.
///
/// # Errors
/// A [`StorageError`].
pub async fn record_reading_of_all(
    db: &Database,
    actor: Actor,
    now: Timestamp,
) -> Result<(), StorageError> {
    let event = told((None, LIST_TIME_ENTRIES, String::new()), actor, now);
    if !audit_event::is_like(&db.read(), &event, now - SAME_READING).await? {
        audit_event::insert(&db.write(), vec![event]).await?;
    }
    Ok(())
}

fn event(
    account_id: AccountId,
    action: &Action,
    actor: Actor,
    now: Timestamp,
) -> AuditEvent<'static> {
    let (name, fields) = named(action);
    told((Some(account_id), name, fields), actor, now)
}

fn told(
    (account_id, action, fields): (Option<AccountId>, &'static str, String),
    actor: Actor,
    now: Timestamp,
) -> AuditEvent<'static> {
    let (actor_kind, actor_id) = match actor.who {
        Who::Machine(id) => (recorded::MACHINE, id.uuid().to_string()),
        Who::SupportKey(id) => (recorded::SUPPORT_KEY, id.to_string()),
        Who::Operator => (recorded::OPERATOR, user()),
        Who::Mailbox => (recorded::MAILBOX, String::new()),
    };
    AuditEvent { time: now, account_id, action, actor_kind, actor_id, fields, ip: actor.ip }
}

/// What the trail calls an action, and what stands beside its name.
fn named(action: &Action) -> (&'static str, String) {
    match action {
        Action::CreateAccount => ("create_account", String::new()),
        Action::SetPassword => ("set_password", "password".to_owned()),
        Action::LinkMachine => ("link_machine", String::new()),
        Action::UnlinkMachine(machine) => ("unlink_machine", recorded::machine(*machine)),
        Action::DetachMachine { machine, reason } => {
            let (machine, reason) = (recorded::machine(*machine), recorded::reason(reason));
            ("unlink_machine", format!("{machine},{reason}"))
        }
        Action::UpdateFields(fields) => {
            let names: Vec<&str> = fields.iter().map(|field| field.name()).collect();
            ("update_fields", names.join(","))
        }
        Action::RequestEmailChange => ("request_email_change", "pending_email".to_owned()),
        Action::ChangeEmail => ("change_email", "email".to_owned()),
        Action::ReadAccount => ("read_account", String::new()),
        Action::SendCode => ("send_code", String::new()),
        Action::StartEmailChange { reason, without_delay } => {
            let at_once = if *without_delay { "without_delay," } else { "" };
            let reason = recorded::reason(reason);
            ("start_email_change", format!("pending_email,{at_once}{reason}"))
        }
        Action::CancelEmailChange => ("cancel_email_change", "pending_email".to_owned()),
        Action::ListEvents => ("list_events", String::new()),
        Action::MergeAccounts { merged, reason } => {
            let (merged, reason) = (recorded::merged(*merged), recorded::reason(reason));
            ("merge_accounts", format!("{merged},{reason}"))
        }
        Action::EndPassword { reason } => {
            ("end_password", format!("password,{}", recorded::reason(reason)))
        }
        Action::EraseAccount { reason } => ("erase_account", recorded::reason(reason)),
        Action::ExportAccount => ("export_account", String::new()),
        Action::RetryMail => ("retry_mail", String::new()),
        Action::DropMail => ("drop_mail", String::new()),
        Action::DiagnoseAccount => ("diagnose_account", String::new()),
        Action::GrantTime { entry } => ("grant_time", recorded::entry(*entry)),
        Action::ChargeTime { entry } => ("charge_time", recorded::entry(*entry)),
        Action::CorrectTime { entry } => ("correct_time", recorded::entry(*entry)),
        Action::ListTimeEntries => (LIST_TIME_ENTRIES, String::new()),
    }
}

/// Which user of the system the operator is, by number: several may share a server.
#[cfg(unix)]
fn user() -> String {
    format!("uid {}", rustix::process::getuid().as_raw())
}

/// Elsewhere than on Unix, users have no numbers.
#[cfg(not(unix))]
fn user() -> String {
    String::new()
}
