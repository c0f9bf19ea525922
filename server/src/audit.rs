//! The audit trail: who changed what of an account, when, from where. Written
//! in the transaction of the change; names of fields, never values.

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
}

/// Who did it, and from where.
#[derive(Clone, Copy, Debug)]
pub struct Actor {
    /// The machine that called, or whose challenge was answered.
    pub machine: MachineId,
    /// The caller's address, when it is known.
    pub ip: Option<IpAddr>,
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
    };
    let event = AuditEvent {
        time: now,
        account_id,
        action: name,
        actor_kind: "machine",
        actor_id: actor.machine.uuid().to_string(),
        fields,
        ip: actor.ip,
    };
    audit_event::insert(transaction, event).await
}
