//! Pages of lists: how long they are, and where the next one begins.

use jiff::Timestamp;

use crate::{
    accounts::support::EventPosition,
    domain::{page_token::Query, violation::Problem},
};

/// How many events a page has when the caller does not say, and how many at most (AIP-158:
/// more are asked for in vain, and that is no mistake).
const USUAL: u16 = 50;
const MOST: u16 = 200;

/// How many events are asked for.
pub(super) fn size(asked: i32) -> Result<u16, Problem> {
    size_of(asked, USUAL, MOST)
}

/// How many of anything are asked for.
pub(super) fn size_of(asked: i32, usual: u16, most: u16) -> Result<u16, Problem> {
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

/// Where a page of all that is kept begins: only its events may need several.
pub(super) fn export_after(account_id: u32, token: &str) -> Result<Option<EventPosition>, Problem> {
    after("ExportAccount", account_id, token)
}

/// The token of the page that begins there.
pub(super) fn export_token(account_id: u32, at: EventPosition) -> String {
    self::token("ExportAccount", account_id, at)
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
    let position = [at.time.as_millisecond().to_be_bytes(), at.id.to_be_bytes()].concat();
    Query { rpc, fields: &[&account_id] }.token(&position)
}

fn position_of(bytes: &[u8]) -> Option<EventPosition> {
    let (time, id) = bytes.split_first_chunk::<8>()?;
    let time = Timestamp::from_millisecond(i64::from_be_bytes(*time)).ok()?;
    Some(EventPosition { time, id: i64::from_be_bytes(id.try_into().ok()?) })
}
