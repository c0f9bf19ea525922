//! Of which actions other systems are told, and in which words. What they are told names
//! accounts by their numbers and fields by their names; whoever may know more asks for it.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::Action;
use crate::{
    domain::{account_id::AccountId, entry_id::EntryId, profile::Field},
    model::event::EventKind,
    storage::event_outbox::NewEvent,
};

/// What other systems are told of an action that was done to an account; none of most.
pub(super) fn event(account_id: AccountId, action: &Action, now: Timestamp) -> Option<NewEvent> {
    let (kind, data) = match action {
        Action::CreateAccount => (EventKind::AccountOpened, of_account(account_id)),
        Action::UpdateFields(fields) => changed(account_id, fields),
        Action::ChangeEmail => changed(account_id, &[Field::Email]),
        // It is an event of both accounts, and told once.
        Action::MergeAccounts { merged, .. } if merged.into == account_id => {
            let data = json!({
                "account_id": merged.into.number(),
                "merged_account_id": merged.from.number(),
            });
            (EventKind::AccountMerged, data)
        }
        Action::GrantTime { entry } => (EventKind::TimeGranted, of_entry(account_id, *entry)),
        Action::ChargeTime { entry } => (EventKind::TimeCharged, of_entry(account_id, *entry)),
        Action::CorrectTime { entry } => (EventKind::TimeCorrected, of_entry(account_id, *entry)),
        // Whoever keeps something of it has to erase that, too.
        Action::EraseAccount { .. } => (EventKind::AccountErased, of_account(account_id)),
        // What machines and secrets an account has is nobody else's business, and neither is
        // what was read.
        Action::MergeAccounts { .. }
        | Action::SetPassword
        | Action::LinkMachine
        | Action::UnlinkMachine(_)
        | Action::DetachMachine { .. }
        | Action::RequestEmailChange
        | Action::ReadAccount
        | Action::ExportAccount
        | Action::SendCode
        | Action::StartEmailChange { .. }
        | Action::CancelEmailChange
        | Action::ListEvents
        | Action::ListTimeEntries
        | Action::EndPassword { .. }
        | Action::RetryMail
        | Action::DropMail
        | Action::DiagnoseAccount => return None,
    };
    let body = json!({ "type": kind.name(), "timestamp": format!("{now:.3}"), "data": data });
    Some(NewEvent { kind, body: body.to_string() })
}

fn of_account(account_id: AccountId) -> Value {
    json!({ "account_id": account_id.number() })
}

fn of_entry(account_id: AccountId, entry: EntryId) -> Value {
    json!({ "account_id": account_id.number(), "entry_id": entry.number() })
}

fn changed(account_id: AccountId, fields: &[Field]) -> (EventKind, Value) {
    let names: Vec<&str> = fields.iter().map(|field| field.name()).collect();
    let data = json!({ "account_id": account_id.number(), "fields": names });
    (EventKind::AccountChanged, data)
}
