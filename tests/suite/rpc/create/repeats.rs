//! Create, sent again.

use gestan_account_client::{
    Code,
    v1::{self, ErrorReason, ViolationReason},
};
use gestan_account_tests::{
    Stored, TestServer, assert_refused, code_in, count, machine, stored, text, uuid, violations,
};
use jiff::SignedDuration;
use tokio::task::JoinSet;

use super::request;

const ONE: Stored = Stored {
    accounts: 0,
    words: 0,
    challenges: 1,
    codes: 0,
    request_ids: 1,
    mails: 1,
    links: 0,
    audit_events: 0,
};

#[tokio::test]
async fn create_with_the_same_request_id_gives_the_same_answer_and_one_mail() {
    let server = TestServer::start().await;
    let create = request("jeanne@exemple.fr", 1);
    let first = server.client.create(create.clone()).await.expect("an answer");
    server.advance(SignedDuration::from_secs(20));
    let again = server.client.create(create.clone()).await.expect("an answer");
    assert_eq!(again, first);
    assert_eq!(stored(&server).await, ONE);

    assert_eq!(server.deliver_mail().await, 1);
    server.advance(SignedDuration::from_hours(3));
    let late = server.client.create(create).await.expect("an answer");
    assert_eq!(late, first);
    assert_eq!(server.deliver_mail().await, 0);
    let code = code_in(&server.mails()[0].text);
    assert!(!server.confirm(&first.challenge_id, &code).await.account_existed);
}

#[tokio::test]
async fn twenty_concurrent_creates_with_one_request_id_mail_once() {
    let server = TestServer::start().await;
    let mut calls = JoinSet::new();
    for _ in 0..20 {
        let client = server.client.clone();
        calls.spawn(async move { client.create(request("jeanne@exemple.fr", 1)).await });
    }
    let answers = calls.join_all().await;
    let answers: Vec<_> = answers.into_iter().map(|answer| answer.expect("an answer")).collect();
    assert_eq!(answers.len(), 20);
    assert!(answers.iter().all(|answer| answer == &answers[0]), "{answers:?}");
    assert_eq!(stored(&server).await, ONE);
    assert_eq!(server.deliver_mail().await, 1);
    assert_eq!(server.mails().len(), 1);
}

#[tokio::test]
async fn create_with_another_request_id_makes_another_challenge_and_mail() {
    let server = TestServer::start().await;
    let first = server.client.create(request("jeanne@exemple.fr", 1)).await.expect("an answer");
    let other = v1::CreateRequest { request_id: uuid(77), ..request("jeanne@exemple.fr", 1) };
    let second = server.client.create(other).await.expect("an answer");
    assert_ne!(first.challenge_id, second.challenge_id);
    assert_eq!(server.deliver_mail().await, 2);
    assert_eq!(stored(&server).await.challenges, 2);
}

#[tokio::test]
async fn create_refuses_a_request_id_that_was_used_for_a_different_request() {
    let server = TestServer::start().await;
    let first = request("jeanne@exemple.fr", 1);
    server.client.create(first.clone()).await.expect("an answer");

    let profile = v1::Account { city: "Lyon".to_owned(), ..Default::default() };
    let different = [
        v1::CreateRequest { email: "paul@exemple.fr".to_owned(), ..first.clone() },
        v1::CreateRequest { machine: Some(machine(2)), ..first.clone() },
        v1::CreateRequest { locale: "en".to_owned(), ..first.clone() },
        v1::CreateRequest { profile: Some(profile), ..first.clone() },
    ];
    for create in different {
        let outcome = server.client.create(create).await;
        let rejection = assert_refused(outcome, Code::InvalidArgument, ErrorReason::InvalidRequest);
        let expected = [("request_id".to_owned(), ViolationReason::RequestIdReused)];
        assert_eq!(violations(&rejection), expected);
    }
    let resend = v1::ResendPasswordRequest {
        request_id: first.request_id,
        email: first.email,
        machine: first.machine,
        ..Default::default()
    };
    let outcome = server.client.resend_password(resend).await;
    let rejection = assert_refused(outcome, Code::InvalidArgument, ErrorReason::InvalidRequest);
    assert_eq!(
        violations(&rejection),
        [("request_id".to_owned(), ViolationReason::RequestIdReused)]
    );
    assert_eq!(stored(&server).await, ONE);
    assert_eq!(
        text(server.db(), "SELECT email FROM challenge").await.as_deref(),
        Some("jeanne@exemple.fr")
    );
    assert_eq!(server.deliver_mail().await, 1);
    assert_eq!(count(server.db(), "SELECT count(*) FROM outbox_mail").await, 1);
}
