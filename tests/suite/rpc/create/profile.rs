//! What Create sends along for the new account.

use gestan_account_client::v1;
use gestan_account_tests::{PASSWORD, TestServer, stored, text};

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

/// A form of which nothing is valid that can be wrong.
fn wrong() -> v1::Account {
    v1::Account {
        email: "autre@exemple.fr".to_owned(),
        company_name: "c".repeat(121),
        last_name: "Du\u{7}pont".to_owned(),
        first_name: "Jean\u{200b}ne".to_owned(),
        address: "1 rue\tHaute".to_owned(),
        postal_code: "7500".to_owned(),
        city: "v".repeat(60_000),
        country_code: "ZZZ".to_owned(),
        phone: "01-58".to_owned(),
        ape_code: "9999Z".to_owned(),
        ..Default::default()
    }
}

#[tokio::test]
async fn create_leaves_out_what_is_not_valid_and_names_it() {
    let server = TestServer::start().await;
    let create = v1::CreateRequest { profile: Some(wrong()), ..request("jeanne@exemple.fr", 1) };
    let created = server.client.create(create.clone()).await.expect("no dead end");
    let all = [
        "profile.email",
        "profile.company_name",
        "profile.last_name",
        "profile.first_name",
        "profile.address",
        "profile.postal_code",
        "profile.city",
        "profile.country_code",
        "profile.phone",
        "profile.ape_code",
    ];
    assert_eq!(created.skipped_profile_fields, all);
    // A repeat has the same answer.
    assert_eq!(server.client.create(create).await.expect("a repeat"), created);
    assert_eq!(server.deliver_mail().await, 1);
}

#[tokio::test]
async fn create_keeps_what_is_valid_beside_what_is_left_out() {
    let server = TestServer::start().await;
    let profile = v1::Account {
        company_name: "Brasserie de l’Étoile".to_owned(),
        city: "Strasbourg".to_owned(),
        postal_code: "67 000".to_owned(),
        ..wrong()
    };
    let account = opened(&server, Some(profile)).await;
    let bare = v1::Account {
        id: account.id,
        etag: account.etag.clone(),
        email: "jeanne@exemple.fr".to_owned(),
        company_name: "Brasserie de l’Étoile".to_owned(),
        city: "Strasbourg".to_owned(),
        postal_code: "67000".to_owned(),
        country_code: "FRA".to_owned(),
        create_time: account.create_time,
        update_time: account.update_time,
        ..Default::default()
    };
    assert_eq!(account, bare);
    assert_eq!(text(server.db(), "SELECT phone_e164 FROM account").await, None);
}

/// The account comes to be in France.
#[tokio::test]
async fn create_judges_the_form_of_an_unknown_country_as_in_france() {
    let server = TestServer::start().await;
    let french = ("67000", "01-58-90-49-77", "1105Z", vec!["profile.country_code"]);
    let foreign = (
        "SW1A 1AA",
        "020 7946 0018",
        "SIC 11.05",
        vec!["profile.postal_code", "profile.country_code", "profile.phone", "profile.ape_code"],
    );
    for (machine, (postal_code, phone, ape_code, skipped)) in (1..).zip([french, foreign]) {
        let profile = v1::Account {
            country_code: "FR".to_owned(),
            postal_code: postal_code.to_owned(),
            phone: phone.to_owned(),
            ape_code: ape_code.to_owned(),
            ..Default::default()
        };
        let email = format!("jeanne{machine}@exemple.fr");
        let create = v1::CreateRequest { profile: Some(profile), ..request(&email, machine) };
        let created = server.client.create(create).await.expect("no dead end");
        assert_eq!(created.skipped_profile_fields, skipped);
    }
    assert_eq!(server.deliver_mail().await, 2);
}

#[tokio::test]
async fn create_names_what_it_leaves_out_whether_or_not_the_address_has_an_account() {
    let server = TestServer::start().await;
    server.open_account("jeanne@exemple.fr", 1).await;
    let before = stored(&server).await.accounts;
    let mut named = Vec::new();
    for (email, machine) in [("jeanne@exemple.fr", 2), ("personne@exemple.fr", 3)] {
        let create = v1::CreateRequest { profile: Some(wrong()), ..request(email, machine) };
        named.push(server.client.create(create).await.expect("no dead end").skipped_profile_fields);
    }
    assert_eq!(named[0], named[1]);
    assert_eq!(named[0].len(), 10);
    assert_eq!(stored(&server).await.accounts, before);
    assert_eq!(server.deliver_mail().await, 2);
}

/// The address is that of the account, however it is written; one that is wrong itself is
/// refused for itself.
#[tokio::test]
async fn create_leaves_out_another_address_and_takes_the_same_one() {
    let server = TestServer::start().await;
    for (machine, (of_form, skipped)) in
        (1..).zip([("JEANNE@exemple.fr", 0), ("autre@exemple.fr", 1), ("à revoir", 1)])
    {
        let profile = v1::Account { email: of_form.to_owned(), ..Default::default() };
        let email = "jeanne@exemple.fr";
        let create = v1::CreateRequest { profile: Some(profile), ..request(email, machine) };
        let created = server.client.create(create).await.expect("no dead end");
        assert_eq!(created.skipped_profile_fields.len(), skipped, "{of_form}");
    }
    assert_eq!(server.deliver_mail().await, 3);
}
