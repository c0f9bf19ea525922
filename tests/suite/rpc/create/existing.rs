//! Create for an address that has an account already.

use gestan_account_client::v1;
use gestan_account_tests::{
    PASSWORD, Stored, TestServer, assert_says, code_in, count, new_password, stored, text,
};

use super::request;

#[tokio::test]
async fn create_answers_and_stores_the_same_whether_or_not_the_address_has_an_account() {
    let server = TestServer::start().await;
    server.open_account("jeanne@exemple.fr", 1).await;

    let before = stored(&server).await;
    let known = server.client.create(request("jeanne@exemple.fr", 2)).await.expect("an answer");
    let between = stored(&server).await;
    let unknown = server.client.create(request("personne@exemple.fr", 3)).await.expect("an answer");
    let after = stored(&server).await;

    assert_eq!(known.code_expire_time, unknown.code_expire_time);
    assert_eq!(known.resend_time, unknown.resend_time);
    assert_eq!(known.challenge_id.len(), unknown.challenge_id.len());
    assert_ne!(known.challenge_id, unknown.challenge_id);
    let one_more = |stored: Stored| Stored {
        challenges: stored.challenges + 1,
        request_ids: stored.request_ids + 1,
        mails: stored.mails + 1,
        ..stored
    };
    assert_eq!(between, one_more(before));
    assert_eq!(after, one_more(between));
    let alike = "SELECT count(*) FROM challenge WHERE purpose = 'create' AND account_id IS NULL \
                 AND spent_time IS NULL AND length(salt) = 16 AND length(seed) = 32";
    assert_eq!(count(server.db(), alike).await, 2);
    server.deliver_mail().await;
}

#[tokio::test]
async fn create_for_an_existing_address_mails_its_id_and_leads_to_that_account() {
    let server = TestServer::start().await;
    let member = server.open_account("jeanne@exemple.fr", 1).await;
    let created = server.create("jeanne@exemple.fr", 2).await;
    let mail = server.mail_to("jeanne@exemple.fr").await;
    assert_eq!(mail.subject, "Vous avez déjà un compte client Gestan");
    let id = format!("Votre ID client : {}", member.account_id);
    assert_says(
        &mail,
        &[
            "Un compte client Gestan existe déjà à cette adresse",
            &id,
            "Demandé par le poste : « Caisse 2 »",
            "Valable jusqu’au : mercredi 25 novembre 2026 à 9 h (heure de Paris)",
            "Notre assistance ne vous le demandera jamais",
            "rien ne change sur votre compte",
        ],
    );

    let confirmed = server.confirm(&created.challenge_id, &code_in(&mail.text)).await;
    assert!(confirmed.account_existed);
    assert_eq!(confirmed.account_id, member.account_id);
    let set = server.set_password(&confirmed.ticket, &new_password(1)).await;
    let second = server.client_with(&set.link_token);
    let read = second.get(v1::GetRequest::default()).await.expect("Get is answered");
    assert_eq!(read.account.expect("an account").id, member.account_id);
    let names: Vec<_> = read.machines.iter().filter_map(|linked| linked.machine.as_ref()).collect();
    assert_eq!(
        names.iter().map(|machine| &*machine.name).collect::<Vec<_>>(),
        ["Caisse 1", "Caisse 2"]
    );
    assert_eq!(count(server.db(), "SELECT count(*) FROM account").await, 1);
    server.deliver_mail().await;
}

#[tokio::test]
async fn create_never_changes_the_profile_of_an_existing_account() {
    let server = TestServer::start().await;
    let member = server.open_account("jeanne@exemple.fr", 1).await;
    let profile = v1::Account {
        company_name: "Pirates & fils".to_owned(),
        city: "Tortuga".to_owned(),
        country_code: "HTI".to_owned(),
        ..Default::default()
    };
    let create = v1::CreateRequest { profile: Some(profile), ..request("jeanne@exemple.fr", 2) };
    let created = server.client.create(create).await.expect("Create is answered");
    let code = server.code_to("jeanne@exemple.fr").await;
    let confirmed = server.confirm(&created.challenge_id, &code).await;
    let set = server.set_password(&confirmed.ticket, &new_password(1)).await;
    assert_eq!(set.account.as_ref().expect("an account"), &member.account);
    let company = text(server.db(), "SELECT company_name FROM account").await;
    assert_eq!(company.as_deref(), Some(""));
    server.deliver_mail().await;
}

#[tokio::test]
async fn create_for_an_existing_address_changes_nothing_until_a_password_is_set() {
    let server = TestServer::start().await;
    let member = server.open_account("jeanne@exemple.fr", 1).await;
    let hash = text(server.db(), "SELECT password_hash FROM account").await;
    let created = server.create("jeanne@exemple.fr", 2).await;
    let code = server.code_to("jeanne@exemple.fr").await;
    server.confirm(&created.challenge_id, &code).await;

    assert_eq!(text(server.db(), "SELECT password_hash FROM account").await, hash);
    assert_eq!(stored(&server).await.links, 1);
    member.client.get(v1::GetRequest::default()).await.expect("the first machine stays linked");
    let third = server.register(member.account_id, 3).await;
    assert_eq!(third.account_id, member.account_id, "{PASSWORD:?} goes on working");
}
