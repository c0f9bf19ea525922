use std::error::Error;

use gestan_account_client::{Client, ClientOptions, FieldMask, LinkToken, TokenStore, v1};

/// From an address that somebody typed to an account with a city.
async fn open_account(
    url: &str,
    store: &dyn TokenStore,
    ask_for_code: impl AsyncFnOnce() -> String,
) -> Result<v1::Account, Box<dyn Error>> {
    let client = Client::connect(url, ClientOptions::new().locale("fr-FR")).await?;

    // The service mails a code to the address.
    let created = client
        .create(v1::CreateRequest {
            // A new UUID for each request; the same when it is repeated.
            request_id: "0d4b1a55-5a0e-4a0c-9f43-6f0f4a3a9f10".into(),
            email: "jeanne@exemple.fr".into(),
            machine: Some(v1::Machine {
                // A UUID that this machine made once.
                id: "7f0c7d3e-6a57-4a9b-8a53-3f1d1f0f7a11".into(),
                name: "Caisse 1".into(),
            }),
            ..Default::default()
        })
        .await?;

    // The code opens the account, and brings the right to choose a password.
    let code = ask_for_code().await;
    let challenge_id = created.challenge_id;
    let confirmed =
        client.confirm(v1::ConfirmRequest { challenge_id, code, ..Default::default() }).await?;

    // The password links this machine: its token is given once.
    let password = "quatre bateaux verts dansent";
    let linked = client
        .set_password(v1::SetPasswordRequest {
            ticket: confirmed.ticket,
            new_password: password.into(),
            ..Default::default()
        })
        .await?;
    let token = LinkToken::parse(linked.link_token)?;
    store.save(&token)?;

    // From here on the calls come from a linked machine.
    let client = client.with_link_token(&token);
    let read = client.get(v1::GetRequest::default()).await?.account.unwrap_or_default();

    // What the mask names is changed, unless another machine was quicker since `get`.
    let updated = client
        .update(v1::UpdateRequest {
            account: Some(v1::Account {
                etag: read.etag,
                city: "Lille".into(),
                ..Default::default()
            }),
            update_mask: Some(FieldMask { paths: vec!["city".into()] }),
            password: password.into(),
        })
        .await?;
    Ok(updated.account.unwrap_or_default())
}
