//! Support time: what the desk asks for, and whether the ledger adds up.

use gestan_account_proto::support::v1::{
    ChargeTimeRequest, CorrectTimeRequest, GrantTimeRequest, ListTimeEntriesRequest,
};
use gestan_account_server::storage::time_entry::check::{Checked, check};
use sea_orm::ConnectionTrait;

use crate::Desk;

/// Time that is bought.
#[must_use]
pub fn grant(account_id: u32, minutes: i32) -> GrantTimeRequest {
    GrantTimeRequest { account_id, minutes, ..Default::default() }
}

/// Time that is used.
#[must_use]
pub fn charge(account_id: u32, minutes: i32) -> ChargeTimeRequest {
    let summary = "Export comptable".to_owned();
    ChargeTimeRequest { account_id, minutes, summary, ..Default::default() }
}

/// An entry that is put right, as far as anything is left of it.
#[must_use]
pub fn correction(account_id: u32, entry_id: u32) -> CorrectTimeRequest {
    let summary = "Erreur de durée".to_owned();
    CorrectTimeRequest { account_id, entry_id, summary, ..Default::default() }
}

/// The minutes and the balance after each entry of an account, the newest first.
///
/// # Panics
/// When the desk may not read it.
pub async fn ledger_of(desk: &Desk, account_id: u32) -> Vec<(i32, i32)> {
    let request = ListTimeEntriesRequest { account_id, page_size: 1_000, ..Default::default() };
    let listed = desk.clone().list_time_entries(request).await.expect("it is listed").into_inner();
    let entries = listed.entries.into_iter().filter_map(|shown| shown.entry);
    entries.map(|entry| (entry.minutes, entry.balance_minutes)).collect()
}

/// Looks through the whole ledger.
///
/// # Panics
/// When it does not add up.
pub async fn assert_adds_up(db: &impl ConnectionTrait) -> Checked {
    let checked = check(db).await.expect("it is read");
    assert!(checked.breaches.is_empty(), "{:#?}", checked.breaches);
    checked
}
