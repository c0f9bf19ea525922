//! ResendPassword.

mod mail;
mod serves;
mod unknown;
mod whose;

use gestan_account_client::v1;
use gestan_account_tests::{machine, uuid};

/// A request of machine `number`, with a request ID of its own, that names no
/// account.
pub(crate) fn request(number: u128) -> v1::ResendPasswordRequest {
    v1::ResendPasswordRequest {
        request_id: uuid(2000 + number),
        machine: Some(machine(number)),
        ..Default::default()
    }
}
