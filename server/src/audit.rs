//! The audit trail: who changed what of an account, when, from where, and which
//! support agent read it. An event is written in the transaction of its change. It has
//! the names of fields, never values.

use std::net::IpAddr;

use jiff::Timestamp;
use sea_orm::ConnectionTrait;

use crate::{
    domain::{account_id::AccountId, machine::MachineId, profile::Field},
    storage::{
        audit_event::{self, AuditEvent},
        error::StorageError,
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
    /// Fields were changed.
    UpdateFields(Vec<Field>),
    /// A new address was asked for.
    RequestEmailChange,
    /// The new address was confirmed.
    ChangeEmail,
    /// A support agent read it. This is no change, but its owner may want to know of
    /// it.
    ReadAccount,
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
}

/// Writes an event.
///
/// # Errors
/// A [`StorageError`].
pub async fn record(
    transaction: &impl ConnectionTrait,
    account_id: AccountId,
    action: &Action,
    actor: Actor,
    now: Timestamp,
) -> Result<(), StorageError> {
    audit_event::insert(transaction, vec![event(account_id, action, actor, now)]).await
}

/// Writes several events; with none, it does nothing.
///
/// # Errors
/// A [`StorageError`].
pub async fn record_all(
    transaction: &impl ConnectionTrait,
    account_id: AccountId,
    actions: &[Action],
    actor: Actor,
    now: Timestamp,
) -> Result<(), StorageError> {
    let events = actions.iter().map(|action| event(account_id, action, actor, now));
    audit_event::insert(transaction, events.collect()).await
}

fn event(
    account_id: AccountId,
    action: &Action,
    actor: Actor,
    now: Timestamp,
) -> AuditEvent<'static> {
    let (name, fields) = match action {
        Action::CreateAccount => ("create_account", String::new()),
        Action::SetPassword => ("set_password", "password".to_owned()),
        Action::LinkMachine => ("link_machine", String::new()),
        Action::UnlinkMachine(machine) => ("unlink_machine", format!("machine:{}", machine.uuid())),
        Action::UpdateFields(fields) => {
            let names: Vec<&str> = fields.iter().map(|field| field.name()).collect();
            ("update_fields", names.join(","))
        }
        Action::RequestEmailChange => ("request_email_change", "pending_email".to_owned()),
        Action::ChangeEmail => ("change_email", "email".to_owned()),
        Action::ReadAccount => ("read_account", String::new()),
    };
    let (actor_kind, actor_id) = match actor.who {
        Who::Machine(id) => ("machine", id.uuid().to_string()),
        Who::SupportKey(id) => ("support_key", id.to_string()),
    };
    AuditEvent { time: now, account_id, action: name, actor_kind, actor_id, fields, ip: actor.ip }
}
