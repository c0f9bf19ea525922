//! SetPassword.

mod current_password;
mod other_machines;
mod repeats;
mod strength;
mod ticket;

use gestan_account_client::{Client, Error, v1};
use gestan_account_tests::{TestServer, machine};

/// An account that waits for its first password, and the ticket for it.
pub(crate) async fn ticket(server: &TestServer, email: &str, number: u128) -> v1::ConfirmResponse {
    let created = server.create(email, number).await;
    let code = server.code_to(email).await;
    server.confirm(&created.challenge_id, &code).await
}

/// Sets a password by ticket, whatever comes of it.
pub(crate) async fn set(
    client: &Client,
    ticket: &str,
    new_password: &str,
) -> Result<v1::SetPasswordResponse, Error> {
    let request = v1::SetPasswordRequest {
        ticket: ticket.to_owned(),
        new_password: new_password.to_owned(),
        ..Default::default()
    };
    client.set_password(request).await
}

/// Links machine 9 by password: whether the password is the one in force.
pub(crate) async fn password_is(server: &TestServer, account_id: u32, password: &str) -> bool {
    let request = v1::RegisterExistingRequest {
        account_id,
        secret: password.to_owned(),
        machine: Some(machine(9)),
    };
    let linked = server.client.register_existing(request).await.is_ok();
    server.deliver_mail().await;
    linked
}
