use gestan_account_client::{ClientOptions, Error, LinkToken, blocking::Client, v1};

/// Links this machine to an account that exists, reads the account, and leaves.
fn join_account(url: &str, account_id: u32, password: &str) -> Result<String, Error> {
    let client = Client::connect(url, ClientOptions::new())?;
    let registered = client.register_existing(v1::RegisterExistingRequest {
        account_id,
        secret: password.into(),
        machine: Some(v1::Machine {
            id: "7f0c7d3e-6a57-4a9b-8a53-3f1d1f0f7a12".into(),
            name: "Caisse 2".into(),
        }),
    })?;

    let client = client.with_link_token(&LinkToken::parse(registered.link_token)?);
    let read = client.get(v1::GetRequest::default())?;
    client.unlink(v1::UnlinkRequest::default())?;

    // The token is dead now, and the error says so in a way that a program reads.
    let refused = client.get(v1::GetRequest::default()).expect_err("the machine was detached");
    assert_eq!(refused.reason(), Some(v1::ErrorReason::InvalidCredentials));
    Ok(read.account.unwrap_or_default().email)
}
