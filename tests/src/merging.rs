//! Two accounts of one company, and how the desk makes them one.

use gestan_account_proto::support::v1::{MergeAccountsRequest, MergeAccountsResponse};

use crate::Desk;

/// A request that merges the first account into the second.
#[must_use]
pub fn merge_request(from_account_id: u32, into_account_id: u32) -> MergeAccountsRequest {
    let reason = "doublon".to_owned();
    MergeAccountsRequest { from_account_id, into_account_id, reason, ..Default::default() }
}

/// Merges the first account into the second.
///
/// # Panics
/// When the server refuses.
pub async fn merge(desk: &Desk, from: u32, into: u32) -> MergeAccountsResponse {
    let merged = desk.clone().merge_accounts(merge_request(from, into)).await;
    merged.expect("they are merged").into_inner()
}
