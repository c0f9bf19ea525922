//! What Create sends along for the new account.

use gestan_account_client::v1;
use gestan_account_tests::{PASSWORD, TestServer, text};

use super::request;

async fn opened(server: &TestServer, profile: Option<v1::Account>) -> v1::Account {
    let create = v1::CreateRequest { profile, ..request("jeanne@exemple.fr", 1) };
    let created = server.client.create(create).await;
    let created = created.unwrap_or_else(|error| panic!("Create: {error}"));
    let code = server.code_to("jeanne@exemple.fr").await;
    let confirmed = server.confirm(&created.challenge_id, &code).await;
    let set = server.set_password(&confirmed.ticket, PASSWORD).await;
    server.deliver_mail().await;
    set.account.unwrap_or_else(|| panic!("no account"))
}

#[tokio::test]
async fn create_fills_the_new_account_with_the_profile() {
    let server = TestServer::start().await;
    let profile = v1::Account {
        email: "JEANNE@exemple.fr".to_owned(),
        company_name: "  Brasserie de l’E\u{301}toile ".to_owned(),
        last_name: "Martin".to_owned(),
        first_name: "Jeanne".to_owned(),
        address: "Zone artisanale\r\n12 rue des Houblons".to_owned(),
        postal_code: "67 000".to_owned(),
        city: "Strasbourg".to_owned(),
        country_code: "fra".to_owned(),
        phone: "01-58-90-49-77".to_owned(),
        ape_code: "11.05z".to_owned(),
        ..Default::default()
    };
    let account = opened(&server, Some(profile)).await;
    assert_eq!(account.email, "jeanne@exemple.fr");
    assert_eq!(account.company_name, "Brasserie de l’Étoile");
    assert_eq!(account.last_name, "Martin");
    assert_eq!(account.first_name, "Jeanne");
    assert_eq!(account.address, "Zone artisanale\n12 rue des Houblons");
    assert_eq!(account.postal_code, "67000");
    assert_eq!(account.city, "Strasbourg");
    assert_eq!(account.country_code, "FRA");
    assert_eq!(account.phone, "01-58-90-49-77");
    assert_eq!(account.ape_code, "1105Z");
    let e164 = text(server.db(), "SELECT phone_e164 FROM account").await;
    assert_eq!(e164.as_deref(), Some("+33158904977"));
}

#[tokio::test]
async fn create_normalises_the_ape_code_of_either_nomenclature() {
    for (typed, kept) in [("11.07b", "1107B"), (" 0111 z", "0111Z"), ("1107G", "1107G")] {
        let server = TestServer::start().await;
        let profile = v1::Account { ape_code: typed.to_owned(), ..Default::default() };
        assert_eq!(opened(&server, Some(profile)).await.ape_code, kept);
        let stored = text(server.db(), "SELECT ape_code FROM account").await;
        assert_eq!(stored.as_deref(), Some(kept));
    }
}

#[tokio::test]
async fn create_opens_an_account_in_france_unless_told_otherwise() {
    let server = TestServer::start().await;
    let account = opened(&server, None).await;
    assert_eq!(account.country_code, "FRA");
    let bare = v1::Account {
        id: account.id,
        etag: account.etag.clone(),
        email: "jeanne@exemple.fr".to_owned(),
        country_code: "FRA".to_owned(),
        create_time: account.create_time,
        update_time: account.update_time,
        ..Default::default()
    };
    assert_eq!(account, bare);
}

#[tokio::test]
async fn create_leaves_codes_of_another_country_as_they_are() {
    let server = TestServer::start().await;
    let profile = v1::Account {
        country_code: "GBR".to_owned(),
        postal_code: "SW1A 1AA".to_owned(),
        phone: "020 7946 0018".to_owned(),
        ape_code: "SIC 11.05".to_owned(),
        ..Default::default()
    };
    let account = opened(&server, Some(profile)).await;
    assert_eq!(account.country_code, "GBR");
    assert_eq!(account.postal_code, "SW1A 1AA");
    assert_eq!(account.phone, "020 7946 0018");
    assert_eq!(account.ape_code, "SIC 11.05");
    let e164 = text(server.db(), "SELECT phone_e164 FROM account").await;
    assert_eq!(e164.as_deref(), Some("+442079460018"));
}
