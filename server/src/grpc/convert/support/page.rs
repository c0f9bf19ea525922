//! Pages of lists: how long they are, and where the next one begins.

use jiff::Timestamp;
use uuid::Uuid;

use crate::{
    accounts::{
        EntryPosition,
        support::{EventPosition, RefusalPosition, export_account::ExportPosition},
    },
    domain::{entry_id::EntryId, page_token::Query, violation::Problem},
};

/// The RPC whose pages those of all that is kept are.
const EXPORT: &str = "ExportAccount";

/// How many bytes tell where events begin, where entries do, and where both do.
const EVENT: usize = 16;
const ENTRY: usize = 12;
const BOTH: usize = EVENT + ENTRY;

/// How many events or recipients a page has when the caller does not say, and how many at most (AIP-158:
/// more are asked for in vain, and that is no mistake).
const USUAL: u16 = 50;
const MOST: u16 = 200;

/// How many of them are asked for.
pub(super) fn size(asked: i32) -> Result<u16, Problem> {
    size_of(asked, USUAL, MOST)
}

/// How many of anything are asked for.
pub(in crate::grpc::convert) fn size_of(asked: i32, usual: u16, most: u16) -> Result<u16, Problem> {
    match u16::try_from(asked) {
        Ok(0) => Ok(usual),
        Ok(size) => Ok(size.min(most)),
        Err(_) if asked > 0 => Ok(most),
        Err(_) => Err(Problem::Negative),
    }
}

/// Where a page of events begins.
pub(super) fn events_after(account_id: u32, token: &str) -> Result<Option<EventPosition>, Problem> {
    after("ListEvents", account_id, token)
}

/// The token of the page that begins there.
pub(super) fn events_token(account_id: u32, at: EventPosition) -> String {
    self::token("ListEvents", account_id, at)
}

/// Where a page of refused recipients begins.
pub(super) fn refused_after(token: &str) -> Result<Option<RefusalPosition>, Problem> {
    let position = REFUSED.position(token)?;
    position.map(|bytes| refusal_of(&bytes).ok_or(Problem::OtherPage)).transpose()
}

/// The token of the page that begins there.
pub(super) fn refused_token(at: RefusalPosition) -> String {
    REFUSED.token(&[&at.time.as_millisecond().to_be_bytes()[..], at.mail_id.as_bytes()].concat())
}

const REFUSED: Query<'static> = Query { rpc: "ListRefusedRecipients", fields: &[] };

fn refusal_of(bytes: &[u8]) -> Option<RefusalPosition> {
    let (time, id) = bytes.split_first_chunk::<8>()?;
    let time = Timestamp::from_millisecond(i64::from_be_bytes(*time)).ok()?;
    Some(RefusalPosition { time, mail_id: Uuid::from_slice(id).ok()? })
}

/// Where a page of all that is kept begins: in its events, in its entries, or in both.
pub(super) fn export_after(
    account_id: u32,
    token: &str,
) -> Result<Option<ExportPosition>, Problem> {
    let account_id = account_id.to_be_bytes();
    let position = Query { rpc: EXPORT, fields: &[&account_id] }.position(token)?;
    position.map(|bytes| export_position(&bytes).ok_or(Problem::OtherPage)).transpose()
}

/// The token of the page that begins there.
pub(super) fn export_token(account_id: u32, at: ExportPosition) -> String {
    let account_id = account_id.to_be_bytes();
    let mut position = Vec::new();
    if let Some(at) = at.entries {
        position.extend(at.time.as_millisecond().to_be_bytes());
        position.extend(at.id.number().to_be_bytes());
    }
    if let Some(at) = at.events {
        position.extend(event_bytes(at));
    }
    Query { rpc: EXPORT, fields: &[&account_id] }.token(&position)
}

/// Each of the two has a length of its own: by it is known which there are.
fn export_position(bytes: &[u8]) -> Option<ExportPosition> {
    let (entries, events) = match bytes.len() {
        EVENT => (None, Some(bytes)),
        ENTRY => (Some(bytes), None),
        BOTH => {
            let (entries, events) = bytes.split_at_checked(ENTRY)?;
            (Some(entries), Some(events))
        }
        _ => return None,
    };
    let entry = |bytes: &[u8]| {
        let (time, id) = bytes.split_first_chunk::<8>()?;
        let time = Timestamp::from_millisecond(i64::from_be_bytes(*time)).ok()?;
        let id = EntryId::parse(u32::from_be_bytes(id.try_into().ok()?))?;
        Some(EntryPosition { time, id })
    };
    Some(ExportPosition {
        entries: match entries {
            Some(bytes) => Some(entry(bytes)?),
            None => None,
        },
        events: match events {
            Some(bytes) => Some(position_of(bytes)?),
            None => None,
        },
    })
}

fn after(
    rpc: &'static str,
    account_id: u32,
    token: &str,
) -> Result<Option<EventPosition>, Problem> {
    let account_id = account_id.to_be_bytes();
    let position = Query { rpc, fields: &[&account_id] }.position(token)?;
    position.map(|bytes| position_of(&bytes).ok_or(Problem::OtherPage)).transpose()
}

fn token(rpc: &'static str, account_id: u32, at: EventPosition) -> String {
    let account_id = account_id.to_be_bytes();
    Query { rpc, fields: &[&account_id] }.token(&event_bytes(at))
}

fn event_bytes(at: EventPosition) -> Vec<u8> {
    [at.time.as_millisecond().to_be_bytes(), at.id.to_be_bytes()].concat()
}

fn position_of(bytes: &[u8]) -> Option<EventPosition> {
    let (time, id) = bytes.split_first_chunk::<8>()?;
    let time = Timestamp::from_millisecond(i64::from_be_bytes(*time)).ok()?;
    Some(EventPosition { time, id: i64::from_be_bytes(id.try_into().ok()?) })
}
