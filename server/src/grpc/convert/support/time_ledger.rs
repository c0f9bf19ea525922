//! Between the messages of the support desk about the time ledger and domain types.

use gestan_account_proto::{support::v1 as proto, v1};
use jiff::{SignedDuration, Timestamp};

use super::{page, required_account_id};
use crate::{
    accounts::support::{
        ChargeTime, CorrectTime, GrantTime, ListTimeEntries, TimeEntriesListed, TimeEntryShown,
        TimeWritten,
    },
    domain::{
        account_id::AccountId,
        entry_id::EntryId,
        machine::MachineId,
        minutes::Minutes,
        page_token::Query,
        request_name::RequestName,
        text::Line,
        violation::{Expected, Problem, Violations},
    },
    grpc::convert::time_entry::{encoded, entries_after, entries_token},
    model::time_entry::{EntryBounds, Summary, TimeEntryKind},
};

/// How long ago a service may lie that is written today, and how long a span of all accounts
/// may be.
const MAX_DAYS: i32 = 400;

/// How many entries a page has when the caller does not say, and how many at most.
const USUAL: u16 = 50;
const MOST: u16 = 1_000;

pub(in crate::grpc) fn grant_time(
    request: &proto::GrantTimeRequest,
    now: Timestamp,
) -> Result<GrantTime, Violations> {
    let mut violations = Violations::default();
    let account_id = required_account_id(request.account_id, &mut violations);
    let name = violations.check("request_id", RequestName::parse(&request.request_id));
    let minutes = violations.check("minutes", minutes(request.minutes, Minutes::MAX_GRANT));
    let reference = violations.check("reference", Line::parse(&request.reference));
    let summary = violations.check("summary", Line::parse(&request.summary));
    let support_time = support_time(request.support_time.as_ref(), now);
    let support_time = violations.check("support_time", support_time);
    let allow_duplicate = request.allow_duplicate;
    match (account_id, name, minutes, reference, summary, support_time) {
        (
            Some(account_id),
            Some(request),
            Some(minutes),
            Some(reference),
            Some(summary),
            Some(support_time),
        ) => Ok(GrantTime {
            account_id,
            request,
            minutes,
            reference,
            summary,
            support_time,
            allow_duplicate,
        }),
        _ => Err(violations),
    }
}

pub(in crate::grpc) fn time_granted(written: &TimeWritten) -> proto::GrantTimeResponse {
    let (entry, balance_minutes, balance) = told(written);
    proto::GrantTimeResponse { entry, balance_minutes, balance }
}

pub(in crate::grpc) fn charge_time(
    request: &proto::ChargeTimeRequest,
    now: Timestamp,
) -> Result<ChargeTime, Violations> {
    let mut violations = Violations::default();
    let account_id = required_account_id(request.account_id, &mut violations);
    let name = violations.check("request_id", RequestName::parse(&request.request_id));
    let minutes = violations.check("minutes", minutes(request.minutes, Minutes::MAX_CHARGE));
    let summary = violations.check("summary", required_summary(&request.summary));
    let company_name = violations.check("company_name", Line::parse(&request.company_name));
    let machine = match request.machine_id.trim() {
        "" => Some(None),
        id => violations.check("machine_id", MachineId::parse(id)).map(Some),
    };
    let support_time = support_time(request.support_time.as_ref(), now);
    let support_time = violations.check("support_time", support_time);
    let (allow_overdraft, allow_duplicate) = (request.allow_overdraft, request.allow_duplicate);
    match (account_id, name, minutes, summary, company_name, machine, support_time) {
        (
            Some(account_id),
            Some(request),
            Some(minutes),
            Some(summary),
            Some(company_name),
            Some(machine),
            Some(support_time),
        ) => Ok(ChargeTime {
            account_id,
            request,
            minutes,
            summary,
            company_name,
            machine,
            support_time,
            allow_overdraft,
            allow_duplicate,
        }),
        _ => Err(violations),
    }
}

pub(in crate::grpc) fn time_charged(written: &TimeWritten) -> proto::ChargeTimeResponse {
    let (entry, balance_minutes, balance) = told(written);
    proto::ChargeTimeResponse { entry, balance_minutes, balance }
}

pub(in crate::grpc) fn correct_time(
    request: &proto::CorrectTimeRequest,
) -> Result<CorrectTime, Violations> {
    let mut violations = Violations::default();
    let account_id = required_account_id(request.account_id, &mut violations);
    let name = violations.check("request_id", RequestName::parse(&request.request_id));
    let entry = EntryId::parse(request.entry_id).ok_or(Problem::Malformed(Expected::EntryId));
    let entry = violations.check("entry_id", entry);
    let minutes = match request.minutes {
        0 => Some(None),
        asked => violations.check("minutes", minutes(asked, Minutes::MAX_GRANT)).map(Some),
    };
    let summary = violations.check("summary", required_summary(&request.summary));
    let allow_overdraft = request.allow_overdraft;
    match (account_id, name, entry, minutes, summary) {
        (Some(account_id), Some(request), Some(entry), Some(minutes), Some(summary)) => {
            Ok(CorrectTime { account_id, request, entry, minutes, summary, allow_overdraft })
        }
        _ => Err(violations),
    }
}

pub(in crate::grpc) fn time_corrected(written: &TimeWritten) -> proto::CorrectTimeResponse {
    let (entry, balance_minutes, balance) = told(written);
    proto::CorrectTimeResponse { entry, balance_minutes, balance }
}

/// The entry, and its balance in numbers and for people.
fn told(written: &TimeWritten) -> (Option<v1::TimeEntry>, i32, String) {
    let balance = written.entry.balance_after;
    (Some(encoded(&written.entry, &written.note)), balance.number(), balance.to_string())
}

pub(in crate::grpc) fn list_time_entries(
    request: &proto::ListTimeEntriesRequest,
) -> Result<ListTimeEntries, Violations> {
    let mut violations = Violations::default();
    let account_id = AccountId::parse(request.account_id);
    let from = violations.check("from_time", time(request.from_time.as_ref()));
    let to = violations.check("to_time", time(request.to_time.as_ref()));
    if let (Some(from), Some(to)) = (from, to) {
        check_span(account_id, from, to, &mut violations);
    }
    let kind = violations.check("kind", kind(request.kind));
    let page_size = page::size_of(request.page_size, USUAL, MOST);
    let page_size = violations.check("page_size", page_size);
    let fields = fields(request);
    let fields = fields.each_ref().map(Vec::as_slice);
    let after = entries_after(entries_of(&fields), &request.page_token);
    let after = violations.check("page_token", after);
    match (from, to, kind, page_size, after) {
        (Some(from), Some(to), Some(kind), Some(page_size), Some(after))
            if violations.is_empty() =>
        {
            let bounds = EntryBounds { from, to, kind };
            Ok(ListTimeEntries { account_id, bounds, page_size, after })
        }
        _ => Err(violations),
    }
}

/// A span has a length. That of one account may have any, or no end; that of all has both.
fn check_span(
    account_id: Option<AccountId>,
    from: Option<Timestamp>,
    to: Option<Timestamp>,
    violations: &mut Violations,
) {
    if account_id.is_none() {
        for (field, time) in [("from_time", from), ("to_time", to)] {
            if time.is_none() {
                violations.add(field, Problem::Required);
            }
        }
    }
    let (Some(from), Some(to)) = (from, to) else { return };
    let is_too_long = account_id.is_none() && to.duration_since(from) > days(MAX_DAYS);
    if to <= from || is_too_long {
        violations.add("to_time", Problem::SpanOutOfRange { max_days: MAX_DAYS });
    }
}

pub(in crate::grpc) fn time_entries_listed(
    listed: TimeEntriesListed,
    request: &proto::ListTimeEntriesRequest,
) -> proto::ListTimeEntriesResponse {
    let fields = fields(request);
    let fields = fields.each_ref().map(Vec::as_slice);
    let next = listed.next.map(|next| entries_token(entries_of(&fields), next));
    proto::ListTimeEntriesResponse {
        entries: listed.entries.into_iter().map(shown).collect(),
        next_page_token: next.unwrap_or_default(),
        balance_minutes: listed.balance.map(Minutes::number).unwrap_or_default(),
        balance: listed.balance.map(|balance| balance.to_string()).unwrap_or_default(),
    }
}

fn shown(shown: TimeEntryShown) -> proto::SupportTimeEntry {
    proto::SupportTimeEntry {
        entry: Some(encoded(&shown.entry, &shown.note)),
        account_id: shown.entry.account_id.number(),
        agent: shown.agent.unwrap_or_default(),
        request_id: shown.entry.request.as_str().to_owned(),
        overdraft: shown.entry.overdraft,
        other_account_id: shown.other_account_id.map(AccountId::number).unwrap_or_default(),
    }
}

/// What must be the same on every page.
fn fields(request: &proto::ListTimeEntriesRequest) -> [Vec<u8>; 4] {
    let bytes = |time: &Option<prost_types::Timestamp>| {
        let time = time.as_ref();
        time.map(|time| [&time.seconds.to_be_bytes()[..], &time.nanos.to_be_bytes()[..]].concat())
            .unwrap_or_default()
    };
    [
        request.account_id.to_be_bytes().to_vec(),
        bytes(&request.from_time),
        bytes(&request.to_time),
        request.kind.to_be_bytes().to_vec(),
    ]
}

fn entries_of<'a>(fields: &'a [&'a [u8]]) -> Query<'a> {
    Query { rpc: "SupportService.ListTimeEntries", fields }
}

fn minutes(asked: i32, max: i32) -> Result<Minutes, Problem> {
    match asked {
        0 => Err(Problem::Required),
        asked if (1..=max).contains(&asked) => Ok(Minutes::new(asked)),
        _ => Err(Problem::OutOfRange { min: 1, max }),
    }
}

fn required_summary(text: &str) -> Result<Summary, Problem> {
    let summary = Summary::parse(text)?;
    if summary.as_str().is_empty() { Err(Problem::Required) } else { Ok(summary) }
}

/// A time, if one is given.
fn time(given: Option<&prost_types::Timestamp>) -> Result<Option<Timestamp>, Problem> {
    let Some(given) = given else { return Ok(None) };
    let time = match given.nanos {
        0..1_000_000_000 => Timestamp::new(given.seconds, given.nanos).ok(),
        _ => None,
    };
    time.map(Some).ok_or(Problem::Malformed(Expected::Time))
}

/// When a service was given, if that is told.
fn support_time(
    given: Option<&prost_types::Timestamp>,
    now: Timestamp,
) -> Result<Option<Timestamp>, Problem> {
    let time = time(given)?;
    match time {
        Some(time) if time > now || now.duration_since(time) > days(MAX_DAYS) => {
            Err(Problem::TimeOutOfRange { max_days: MAX_DAYS })
        }
        time => Ok(time),
    }
}

fn days(days: i32) -> SignedDuration {
    SignedDuration::from_hours(i64::from(days) * 24)
}

fn kind(number: i32) -> Result<Option<TimeEntryKind>, Problem> {
    use v1::TimeEntryKind as Kind;
    match Kind::try_from(number).map_err(|_| Problem::Malformed(Expected::TimeEntryKind))? {
        Kind::Unspecified => Ok(None),
        Kind::Grant => Ok(Some(TimeEntryKind::Grant)),
        Kind::Charge => Ok(Some(TimeEntryKind::Charge)),
        Kind::Correction => Ok(Some(TimeEntryKind::Correction)),
        Kind::MergeIn => Ok(Some(TimeEntryKind::MergeIn)),
        Kind::MergeOut => Ok(Some(TimeEntryKind::MergeOut)),
        Kind::WriteOff => Ok(Some(TimeEntryKind::WriteOff)),
    }
}
