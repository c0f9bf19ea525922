//! A customer whose data are erased.

use gestan_account_proto::support::v1::{EraseAccountRequest, EraseAccountResponse};

use crate::Desk;

/// A request that erases an account.
#[must_use]
pub fn erase_request(account_id: u32) -> EraseAccountRequest {
    EraseAccountRequest {
        account_id,
        confirm_account_id: account_id,
        reason: "demande 42".to_owned(),
        ..Default::default()
    }
}

/// Erases an account; its last mail is not sent yet.
///
/// # Panics
/// When the server refuses.
pub async fn erase(desk: &Desk, account_id: u32) -> EraseAccountResponse {
    let erased = desk.clone().erase_account(erase_request(account_id)).await;
    erased.expect("it is erased").into_inner()
}
