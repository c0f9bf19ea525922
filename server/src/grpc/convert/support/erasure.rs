//! What is kept of a customer as messages, and the end of it.

use gestan_account_proto::{support::v1 as proto, v1};
use jiff::Timestamp;

use super::{
    super::{
        encode::{self, timestamp},
        fields::{etag_in, required_account_id},
        time_entry::encoded,
    },
    diagnosis, event, page,
};
use crate::{
    accounts::support::{
        AccountErased, EraseAccount,
        export_account::{AccountExported, ExportAccount, FirstPage},
    },
    domain::{
        account_id::AccountId,
        locale::Locale,
        minutes::Minutes,
        reason::Reason,
        violation::{Problem, Violations},
    },
    grpc::texts,
    model::link::Link,
    storage::purge::Retention,
};

pub(in crate::grpc) fn erase_account(
    request: &proto::EraseAccountRequest,
) -> Result<EraseAccount, Violations> {
    let mut violations = Violations::default();
    let account_id = required_account_id(request.account_id, &mut violations);
    let validate_only = request.validate_only;
    if !validate_only && request.confirm_account_id != request.account_id {
        violations.add("confirm_account_id", Problem::Differs { from: "account_id" });
    }
    let etag = etag_in("etag", &request.etag, &mut violations);
    let reason = violations.check("reason", Reason::parse(&request.reason));
    let (without_mail, write_off) = (request.without_mail, Minutes::new(request.write_off_minutes));
    match (account_id, reason) {
        (Some(account_id), Some(reason)) if violations.is_empty() => {
            Ok(EraseAccount { account_id, etag, write_off, reason, without_mail, validate_only })
        }
        _ => Err(violations),
    }
}

pub(in crate::grpc) fn account_erased(erased: AccountErased) -> proto::EraseAccountResponse {
    proto::EraseAccountResponse {
        erase_time: erased.erase_time.map(timestamp),
        machines: erased.erased.machines,
        events: erased.erased.events,
        kept_time_entries: erased.erased.kept_entries,
        complete_time: erased.complete_time.map(timestamp),
    }
}

pub(in crate::grpc) fn export_account(
    request: &proto::ExportAccountRequest,
) -> Result<ExportAccount, Violations> {
    let mut violations = Violations::default();
    let account_id = required_account_id(request.account_id, &mut violations);
    let after = page::export_after(request.account_id, &request.page_token);
    let after = violations.check("page_token", after);
    match (account_id, after) {
        (Some(account_id), Some(after)) => Ok(ExportAccount { account_id, after }),
        _ => Err(violations),
    }
}

pub(in crate::grpc) fn account_exported(
    exported: AccountExported,
    account_id: AccountId,
    retention: Retention,
    locale: Locale,
) -> proto::ExportAccountResponse {
    let AccountExported { time, first, entries, events, next } = exported;
    let next = next.map(|next| page::export_token(account_id.number(), next));
    let information = || texts::information(retention, locale);
    let first = first.map(|first| first_page(first, information(), time));
    proto::ExportAccountResponse {
        next_page_token: next.unwrap_or_default(),
        export_time: Some(timestamp(time)),
        time_entries: entries.iter().map(|(entry, note)| encoded(entry, note)).collect(),
        events: events.into_iter().map(|shown| event(shown, locale)).collect(),
        ..first.unwrap_or_default()
    }
}

fn first_page(
    first: FirstPage,
    information: String,
    now: Timestamp,
) -> proto::ExportAccountResponse {
    let limits = [("secrets", first.counted.secrets), ("mails", first.counted.mails)];
    let limits = limits.into_iter().filter(|(_, times)| !times.is_empty());
    let limit = |(what, times): (&str, Vec<Timestamp>)| proto::ExportedLimit {
        what: what.to_owned(),
        times: times.into_iter().map(timestamp).collect(),
    };
    proto::ExportAccountResponse {
        locale: first.account.locale.tag().to_owned(),
        has_password: first.account.password_hash.is_some(),
        balance_minutes: first.account.time_balance.number(),
        account: Some(encode::account(first.account, now)),
        machines: first.links.into_iter().map(machine).collect(),
        codes: first.codes.iter().map(diagnosis::code).collect(),
        mails: first.mails.into_iter().map(diagnosis::mail).collect(),
        limits: limits.map(limit).collect(),
        merged_account_ids: first.merged.into_iter().map(AccountId::number).collect(),
        information,
        ..Default::default()
    }
}

fn machine((link, network): (Link, Option<String>)) -> proto::ExportedMachine {
    let (id, name) = (link.machine.id.uuid().to_string(), link.machine.name.as_str().to_owned());
    proto::ExportedMachine {
        machine: Some(v1::Machine { id, name }),
        link_time: Some(timestamp(link.link_time)),
        last_seen_time: Some(timestamp(link.last_seen_time)),
        unlink_time: link.unlink_time.map(timestamp),
        last_seen_network: network.unwrap_or_default(),
    }
}
