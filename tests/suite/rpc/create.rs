//! Create.

mod addresses;
mod existing;
mod many;
mod profile;
mod repeats;
mod violations;

use gestan_account_client::v1;
use gestan_account_server::clock::Clock as _;
use gestan_account_tests::{
    Stored, TestServer, assert_says, code_in, count, machine, rows, stored, text, uuid,
};
use jiff::SignedDuration;
use uuid::Uuid;

/// A request of machine `number`, with a request ID of its own.
pub(crate) fn request(email: &str, number: u128) -> v1::CreateRequest {
    v1::CreateRequest {
        request_id: uuid(1000 + number),
        email: email.to_owned(),
        machine: Some(machine(number)),
        ..Default::default()
    }
}

#[tokio::test]
async fn create_leads_through_confirm_and_set_password_to_a_linked_machine() {
    let server = TestServer::start().await;
    let member = server.open_account("jeanne@exemple.fr", 1).await;
    let answer = member.client.get(v1::GetRequest::default()).await.expect("Get is answered");
    assert_eq!(answer.account.expect("an account").email, "jeanne@exemple.fr");
    assert_eq!(answer.machines.len(), 1);
    assert!(answer.machines[0].current);
    assert_eq!(count(server.db(), "SELECT count(*) FROM account").await, 1);
}

#[tokio::test]
async fn create_makes_no_account_until_confirm() {
    let server = TestServer::start().await;
    let created = server.create("jeanne@exemple.fr", 1).await;
    let asked = Stored { challenges: 1, request_ids: 1, mails: 1, ..Default::default() };
    assert_eq!(stored(&server).await, asked);
    let row = &rows(server.db(), "SELECT id FROM challenge").await[0];
    let stored_id: Uuid = row.try_get_by_index(0).expect("an ID");
    assert_eq!(stored_id.to_string(), created.challenge_id);

    let code = server.code_to("jeanne@exemple.fr").await;
    assert_eq!(stored(&server).await, Stored { codes: 1, ..asked });

    server.confirm(&created.challenge_id, &code).await;
    let opened = Stored { accounts: 1, words: 4, codes: 1, audit_events: 1, ..asked };
    assert_eq!(stored(&server).await, opened);
    let action = text(server.db(), "SELECT action FROM audit_event").await;
    assert_eq!(action.as_deref(), Some("create_account"));
}

#[tokio::test]
async fn create_tells_until_when_the_code_is_valid_and_when_to_ask_again() {
    let server = TestServer::start().await;
    let now = server.clock.now();
    let created = server.create("jeanne@exemple.fr", 1).await;
    let seconds = |time: Option<gestan_account_client::Timestamp>| time.expect("a time").seconds;
    let day = now + SignedDuration::from_hours(24);
    let minute = now + SignedDuration::from_mins(1);
    assert_eq!(seconds(created.code_expire_time), day.as_second());
    assert_eq!(seconds(created.resend_time), minute.as_second());
    let sql = "SELECT count(*) FROM challenge WHERE expire_time - create_time = 86400000";
    assert_eq!(count(server.db(), sql).await, 1);
    server.deliver_mail().await;
}

#[tokio::test]
async fn create_mails_a_code_with_all_that_a_reader_must_know() {
    let server = TestServer::start().await;
    server.create("jeanne@exemple.fr", 1).await;
    let mail = server.mail_to("jeanne@exemple.fr").await;
    assert_eq!(mail.subject, "Votre code pour ouvrir un compte client Gestan");
    assert_says(
        &mail,
        &[
            "Voici le code personnel qui ouvre votre compte client Gestan.",
            "Demandé par le poste : « Caisse 1 »",
            "Demandé le : mardi 24 novembre 2026 à 9 h (heure de Paris)",
            "Valable jusqu’au : mercredi 25 novembre 2026 à 9 h (heure de Paris)",
            "Notre assistance ne vous le demandera jamais",
            "Vous n’avez rien demandé ?",
            "sans ce code, aucun compte ne sera ouvert.",
        ],
    );
    let code = code_in(&mail.text);
    assert!(mail.html.contains(&code), "the HTML part lacks the code");
    assert!(!mail.subject.contains(&code));
    assert!(!mail.text.contains("http") && !mail.html.contains("href"), "a mail holds no link");
    assert_eq!(server.mails().len(), 1);
}

#[tokio::test]
async fn create_writes_its_mail_in_the_language_of_the_request() {
    let server = TestServer::start().await;
    let create = v1::CreateRequest { locale: "en-GB".to_owned(), ..request("jane@example.com", 1) };
    server.client.create(create).await.expect("Create is answered");
    let mail = server.mail_to("jane@example.com").await;
    assert_eq!(mail.subject, "Your code to open a Gestan client account");
    assert_says(&mail, &["Tuesday 24 November 2026 at 09:00 (Paris time)"]);
}
