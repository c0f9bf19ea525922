//! Between the messages of the support desk and domain types.

mod diagnosis;
mod erasure;
pub(super) mod page;
mod refused;
mod search;
mod time_ledger;

use gestan_account_proto::{support::v1 as proto, v1};
use jiff::Timestamp;

pub(in crate::grpc) use diagnosis::{diagnose_account, diagnosed};
pub(in crate::grpc) use erasure::{
    account_erased, account_exported, erase_account, export_account,
};

use super::{
    encode::{self, timestamp},
    fields::{account_id, account_id_in, etag_in, required_account_id},
};
use crate::{
    accounts::support::{
        AccountShown, CancelEmailChange, CodeSent, CodeTo, DoneBy, EmailChangeStarted, EventShown,
        EventsListed, GetAccount, ListEvents, MergeAccounts, Merged, SendCode, StartEmailChange,
        UnlinkMachine, WhichMachines,
    },
    domain::{
        account_id::AccountId,
        email_address::EmailAddress,
        locale::Locale,
        machine::{MachineId, MachineName},
        reason::Reason,
        violation::{Problem, Violations},
    },
    grpc::texts,
    model::account::Account,
};

pub(super) use page::size_of;
pub(in crate::grpc) use refused::{list_refused_recipients, refused_listed};
pub(in crate::grpc) use search::{accounts_found, find_accounts};
pub(in crate::grpc) use time_ledger::{
    charge_time, correct_time, grant_time, list_time_entries, time_charged, time_corrected,
    time_entries_listed, time_granted,
};

pub(in crate::grpc) fn get_account(
    request: proto::GetAccountRequest,
) -> Result<GetAccount, Violations> {
    let mut violations = Violations::default();
    let account_id = required_account_id(request.account_id, &mut violations);
    account_id.map(|account_id| GetAccount { account_id }).ok_or(violations)
}

pub(in crate::grpc) fn list_events(
    request: &proto::ListEventsRequest,
) -> Result<ListEvents, Violations> {
    let mut violations = Violations::default();
    let account_id = required_account_id(request.account_id, &mut violations);
    let page_size = violations.check("page_size", page::size(request.page_size));
    let after = page::events_after(request.account_id, &request.page_token);
    let after = violations.check("page_token", after);
    match (account_id, page_size, after) {
        (Some(account_id), Some(page_size), Some(after)) => {
            Ok(ListEvents { account_id, page_size, after })
        }
        _ => Err(violations),
    }
}

pub(in crate::grpc) fn send_code(request: &proto::SendCodeRequest) -> Result<SendCode, Violations> {
    let mut violations = Violations::default();
    let to = match (account_id(request.account_id), request.email.trim()) {
        (Some(id), "") => Some(CodeTo::Account(id)),
        (None, "") => {
            violations.add("account_id", Problem::Required);
            None
        }
        (None, email) => violations.check("email", EmailAddress::parse(email)).map(CodeTo::Address),
        (Some(_), _) => {
            violations.add("email", Problem::Conflict { with: "account_id" });
            None
        }
    };
    to.map(|to| SendCode { to }).ok_or(violations)
}

pub(in crate::grpc) fn code_sent(sent: &CodeSent, locale: Locale) -> proto::SendCodeResponse {
    let name = sent.machine.as_ref().map(|name| name.as_str().to_owned());
    proto::SendCodeResponse {
        masked_recipient: sent.masked_recipient.clone(),
        code_expire_time: Some(timestamp(sent.code_expire_time)),
        resend_time: Some(timestamp(sent.resend_time)),
        advice: texts::code_sent(sent, locale),
        machine_name: name.unwrap_or_default(),
    }
}

pub(in crate::grpc) fn unlink_machine(
    request: &proto::UnlinkMachineRequest,
) -> Result<UnlinkMachine, Violations> {
    let mut violations = Violations::default();
    let account_id = required_account_id(request.account_id, &mut violations);
    let which = match (request.machine_id.trim(), request.all_machines) {
        ("", true) => Some(WhichMachines::All),
        (id, false) => violations.check("machine_id", MachineId::parse(id)).map(WhichMachines::One),
        (_, true) => {
            violations.add("all_machines", Problem::Conflict { with: "machine_id" });
            None
        }
    };
    let reason = violations.check("reason", Reason::parse(&request.reason));
    match (account_id, which, reason) {
        (Some(account_id), Some(which), Some(reason)) => {
            Ok(UnlinkMachine { account_id, which, reason })
        }
        _ => Err(violations),
    }
}

pub(in crate::grpc) fn start_email_change(
    request: &proto::StartEmailChangeRequest,
) -> Result<StartEmailChange, Violations> {
    let mut violations = Violations::default();
    let account_id = required_account_id(request.account_id, &mut violations);
    let email = violations.check("email", EmailAddress::parse(&request.email));
    let reason = violations.check("reason", Reason::parse(&request.reason));
    let etag = etag_in("etag", &request.etag, &mut violations);
    let without_delay = request.without_delay;
    match (account_id, email, reason) {
        (Some(account_id), Some(email), Some(reason)) if violations.is_empty() => {
            Ok(StartEmailChange { account_id, email, reason, etag, without_delay })
        }
        _ => Err(violations),
    }
}

pub(in crate::grpc) fn email_change_started(
    started: EmailChangeStarted,
    now: Timestamp,
) -> proto::StartEmailChangeResponse {
    proto::StartEmailChangeResponse {
        account: Some(encode::account(started.account, now)),
        send_time: Some(timestamp(started.send_time)),
        code_expire_time: Some(timestamp(started.code_expire_time)),
    }
}

pub(in crate::grpc) fn cancel_email_change(
    request: proto::CancelEmailChangeRequest,
) -> Result<CancelEmailChange, Violations> {
    let mut violations = Violations::default();
    let account_id = required_account_id(request.account_id, &mut violations);
    account_id.map(|account_id| CancelEmailChange { account_id }).ok_or(violations)
}

pub(in crate::grpc) fn email_change_cancelled(
    account: Account,
    now: Timestamp,
) -> proto::CancelEmailChangeResponse {
    proto::CancelEmailChangeResponse { account: Some(encode::account(account, now)) }
}

pub(in crate::grpc) fn account_read(
    shown: AccountShown,
    now: Timestamp,
) -> proto::GetAccountResponse {
    let balance = shown.read.account.time_balance;
    let v1::GetResponse { account, machines, machine_count, time_balance_minutes } =
        shown.read.into_response(now);
    let merged_account_ids = shown.merged.into_iter().map(AccountId::number).collect();
    proto::GetAccountResponse {
        account,
        machines,
        merged_account_ids,
        machine_count,
        balance_minutes: time_balance_minutes,
        balance: balance.to_string(),
    }
}

pub(in crate::grpc) fn merge_accounts(
    request: &proto::MergeAccountsRequest,
) -> Result<MergeAccounts, Violations> {
    let mut violations = Violations::default();
    let from = account_id_in("from_account_id", request.from_account_id, &mut violations);
    let into = account_id_in("into_account_id", request.into_account_id, &mut violations);
    if from.is_some() && from == into {
        violations.add("into_account_id", Problem::Same { other: "from_account_id" });
    }
    let from_etag = etag_in("from_etag", &request.from_etag, &mut violations);
    let into_etag = etag_in("into_etag", &request.into_etag, &mut violations);
    let reason = violations.check("reason", Reason::parse(&request.reason));
    let validate_only = request.validate_only;
    match (from, into, reason) {
        (Some(from), Some(into), Some(reason)) if violations.is_empty() => {
            Ok(MergeAccounts { from, into, from_etag, into_etag, reason, validate_only })
        }
        _ => Err(violations),
    }
}

pub(in crate::grpc) fn accounts_merged(
    merged: Merged,
    now: Timestamp,
) -> proto::MergeAccountsResponse {
    proto::MergeAccountsResponse {
        moved_minutes: merged.minutes.number(),
        balance_minutes: merged.balance.number(),
        account: Some(encode::account(merged.account, now)),
        moved_machines: merged.machines.moved,
        joined_machines: merged.machines.joined,
    }
}

pub(in crate::grpc) fn events_listed(
    listed: EventsListed,
    account_id: AccountId,
    locale: Locale,
) -> proto::ListEventsResponse {
    let next = listed.next.map(|next| page::events_token(account_id.number(), next));
    proto::ListEventsResponse {
        events: listed.events.into_iter().map(|shown| event(shown, locale)).collect(),
        next_page_token: next.unwrap_or_default(),
    }
}

fn event(shown: EventShown, locale: Locale) -> proto::Event {
    let text = texts::event(&shown, locale);
    let (kind, machine, agent) = match shown.by {
        DoneBy::Machine(id, name) => (proto::ActorKind::Machine, Some(machine(id, name)), None),
        DoneBy::Agent(name) => (proto::ActorKind::Support, None, Some(name)),
        DoneBy::Operator => (proto::ActorKind::Operator, None, None),
        DoneBy::Mailbox => (proto::ActorKind::Mailbox, None, None),
        DoneBy::Unknown => (proto::ActorKind::Unspecified, None, None),
    };
    proto::Event {
        time: Some(timestamp(shown.time)),
        action: shown.action,
        text,
        fields: shown.fields,
        actor_kind: kind.into(),
        machine,
        agent: agent.unwrap_or_default(),
        ip: shown.ip.unwrap_or_default(),
        merged_account_id: shown.merged_account_id.map(AccountId::number).unwrap_or_default(),
    }
}

fn machine(id: MachineId, name: Option<MachineName>) -> v1::Machine {
    let name = name.map(|name| name.as_str().to_owned()).unwrap_or_default();
    v1::Machine { id: id.uuid().to_string(), name }
}
