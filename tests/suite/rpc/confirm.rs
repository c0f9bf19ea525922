//! Confirm.

mod any_challenge;
mod by_account;
mod many;
mod mistakes;
mod repeats;
mod several_codes;
mod tries;
mod typing;

use gestan_account_client::{Client, Code, Error, v1, v1::ErrorReason};
use gestan_account_server::{clock::Clock as _, domain::personal_code::PersonalCode};
use gestan_account_tests::{TestServer, assert_refused, count, stored, text, uuid};
use jiff::SignedDuration;

/// Answers a challenge, whatever comes of it.
pub(crate) async fn confirm(
    client: &Client,
    challenge_id: &str,
    code: &str,
) -> Result<v1::ConfirmResponse, Error> {
    let request = v1::ConfirmRequest {
        challenge_id: challenge_id.to_owned(),
        code: code.to_owned(),
        ..Default::default()
    };
    client.confirm(request).await
}

/// A well-formed code that no mail brought.
pub(crate) fn wrong_code(server: &TestServer) -> String {
    PersonalCode::generate(&*server.accounts.randomness).display().to_string()
}

#[tokio::test]
async fn confirm_opens_the_account_and_gives_a_ticket_for_an_hour() {
    let server = TestServer::start().await;
    let created = server.create("jeanne@exemple.fr", 1).await;
    let code = server.code_to("jeanne@exemple.fr").await;
    let answer = confirm(&server.client, &created.challenge_id, &code).await.expect("an answer");

    assert_eq!(Some(i64::from(answer.account_id)), {
        let id = count(server.db(), "SELECT id FROM account").await;
        Some(id)
    });
    assert!(!answer.account_existed);
    assert_eq!(answer.account, None);
    assert!(answer.ticket.starts_with("gestan_ticket_"), "{:?}", answer.ticket.len());
    let in_an_hour = (server.clock.now() + SignedDuration::from_hours(1)).as_second();
    assert_eq!(answer.ticket_expire_time.expect("a time").seconds, in_an_hour);
    let stored = stored(&server).await;
    assert_eq!((stored.accounts, stored.links, stored.mails), (1, 0, 1));
    assert_eq!(text(server.db(), "SELECT password_hash FROM account").await, None);
}

#[tokio::test]
async fn confirm_refuses_an_unknown_challenge_like_a_wrong_code() {
    let server = TestServer::start().await;
    let created = server.create("jeanne@exemple.fr", 1).await;
    let code = server.code_to("jeanne@exemple.fr").await;
    let unauthenticated = (Code::Unauthenticated, ErrorReason::InvalidCredentials);
    let outcome = confirm(&server.client, &uuid(999), &code).await;
    let unknown = assert_refused(outcome, unauthenticated.0, unauthenticated.1);
    let outcome = confirm(&server.client, &created.challenge_id, &wrong_code(&server)).await;
    let wrong = assert_refused(outcome, unauthenticated.0, unauthenticated.1);
    assert_eq!(unknown.message(), wrong.message());
    assert_eq!(stored(&server).await.accounts, 0);
}

#[tokio::test]
async fn confirm_refuses_an_expired_code_and_takes_it_until_then() {
    let server = TestServer::start().await;
    let punctual = server.create("paul@exemple.fr", 1).await;
    let late = server.create("jeanne@exemple.fr", 2).await;
    let code_of_paul = server.code_to("paul@exemple.fr").await;
    let code_of_jeanne = server.code_to("jeanne@exemple.fr").await;

    server.advance(SignedDuration::from_hours(24) - SignedDuration::from_millis(1));
    server.confirm(&punctual.challenge_id, &code_of_paul).await;
    server.advance(SignedDuration::from_millis(1));
    let outcome = confirm(&server.client, &late.challenge_id, &code_of_jeanne).await;
    assert_refused(outcome, Code::FailedPrecondition, ErrorReason::CodeExpired);
    let outcome = confirm(&server.client, &late.challenge_id, &wrong_code(&server)).await;
    assert_refused(outcome, Code::FailedPrecondition, ErrorReason::CodeExpired);
    assert_eq!(count(server.db(), "SELECT sum(wrong_tries) FROM challenge").await, 0);
    assert_eq!(stored(&server).await.accounts, 1);
}

#[tokio::test]
async fn a_code_that_cannot_be_mailed_in_time_is_never_mailed() {
    let server = TestServer::start().await;
    server.create("jeanne@exemple.fr", 1).await;
    server.advance(SignedDuration::from_hours(24));
    server.deliver_mail().await;
    assert!(server.mails().is_empty());
    assert_eq!(stored(&server).await.codes, 0);
    let state = text(server.db(), "SELECT state FROM outbox_mail").await;
    assert_eq!(state.as_deref(), Some("expired"));
}
