//! Entries of the time ledger, as messages, and where a page of them begins.

use gestan_account_proto::v1;
use jiff::Timestamp;

use super::encode::timestamp;
use crate::{
    accounts::{EntryPosition, OwnLedger, OwnTimeEntries},
    domain::{
        entry_id::EntryId,
        page_token::Query,
        violation::{Problem, Violations},
    },
    model::time_entry::{TimeEntry, TimeEntryKind, TimeEntryNote},
};

/// How many entries a machine gets when it does not say, and how many at most.
const USUAL: u16 = 50;
const MOST: u16 = 200;

/// A page that a machine asks for: where it begins, and how many entries it has at most.
pub(in crate::grpc) fn list_time_entries(
    request: &v1::ListTimeEntriesRequest,
    ledger: OwnLedger,
) -> Result<(Option<EntryPosition>, u16), Violations> {
    let mut violations = Violations::default();
    let page_size = super::support::size_of(request.page_size, USUAL, MOST);
    let page_size = violations.check("page_size", page_size);
    let account_id = ledger.account_id().number().to_be_bytes();
    let after = entries_after(own(&[&account_id]), &request.page_token);
    let after = violations.check("page_token", after);
    after.zip(page_size).ok_or(violations)
}

pub(in crate::grpc) fn own_time_entries(
    listed: OwnTimeEntries,
    ledger: OwnLedger,
) -> v1::ListTimeEntriesResponse {
    let account_id = ledger.account_id().number().to_be_bytes();
    let next = listed.next.map(|next| entries_token(own(&[&account_id]), next));
    v1::ListTimeEntriesResponse {
        entries: listed.entries.into_iter().map(|(entry, note)| encoded(&entry, &note)).collect(),
        next_page_token: next.unwrap_or_default(),
        balance_minutes: listed.balance.number(),
    }
}

fn own<'a>(fields: &'a [&'a [u8]]) -> Query<'a> {
    Query { rpc: "AccountService.ListTimeEntries", fields }
}

pub(in crate::grpc::convert) fn encoded(entry: &TimeEntry, note: &TimeEntryNote) -> v1::TimeEntry {
    let machine = note.machine.as_ref().map(|machine| v1::Machine {
        id: machine.id.uuid().to_string(),
        name: machine.name.as_str().to_owned(),
    });
    v1::TimeEntry {
        id: entry.id.number(),
        kind: kind(entry.kind).into(),
        minutes: entry.minutes.number(),
        balance_minutes: entry.balance_after.number(),
        support_time: Some(timestamp(entry.support_time)),
        create_time: Some(timestamp(entry.create_time)),
        summary: note.summary.as_str().to_owned(),
        company_name: note.company_name.as_str().to_owned(),
        machine,
        corrects_id: entry.corrects.map(EntryId::number).unwrap_or_default(),
        reference: entry.reference.as_str().to_owned(),
    }
}

fn kind(kind: TimeEntryKind) -> v1::TimeEntryKind {
    match kind {
        TimeEntryKind::Grant => v1::TimeEntryKind::Grant,
        TimeEntryKind::Charge => v1::TimeEntryKind::Charge,
        TimeEntryKind::Correction => v1::TimeEntryKind::Correction,
        TimeEntryKind::MergeIn => v1::TimeEntryKind::MergeIn,
        TimeEntryKind::MergeOut => v1::TimeEntryKind::MergeOut,
        TimeEntryKind::WriteOff => v1::TimeEntryKind::WriteOff,
    }
}

/// Where a page of entries begins.
pub(in crate::grpc::convert) fn entries_after(
    query: Query<'_>,
    token: &str,
) -> Result<Option<EntryPosition>, Problem> {
    let position = query.position(token)?;
    position.map(|bytes| position_of(&bytes).ok_or(Problem::OtherPage)).transpose()
}

/// The token of the page that begins there.
pub(in crate::grpc::convert) fn entries_token(query: Query<'_>, at: EntryPosition) -> String {
    let (time, id) = (at.time.as_millisecond().to_be_bytes(), at.id.number().to_be_bytes());
    query.token(&[&time[..], &id[..]].concat())
}

fn position_of(bytes: &[u8]) -> Option<EntryPosition> {
    let (time, id) = bytes.split_first_chunk::<8>()?;
    let time = Timestamp::from_millisecond(i64::from_be_bytes(*time)).ok()?;
    let id = EntryId::parse(u32::from_be_bytes(id.try_into().ok()?))?;
    Some(EntryPosition { time, id })
}
