//! Wrong codes, and how many a challenge bears.

use gestan_account_client::{Code, v1::ErrorReason};
use gestan_account_tests::{TestServer, assert_refused, count, refused, stored};
use tokio::task::JoinSet;

use super::{confirm, wrong_code};

const TRIES: &str = "SELECT wrong_tries FROM challenge ORDER BY create_time LIMIT 1";

#[tokio::test]
async fn confirm_takes_the_right_code_after_nine_wrong_ones() {
    let server = TestServer::start().await;
    let created = server.create("jeanne@exemple.fr", 1).await;
    let code = server.code_to("jeanne@exemple.fr").await;
    for tries in 1..=9 {
        let outcome = confirm(&server.client, &created.challenge_id, &wrong_code(&server)).await;
        assert_refused(outcome, Code::Unauthenticated, ErrorReason::InvalidCredentials);
        assert_eq!(count(server.db(), TRIES).await, tries);
    }
    server.confirm(&created.challenge_id, &code).await;
    assert_eq!(stored(&server).await.accounts, 1);
}

#[tokio::test]
async fn confirm_kills_a_challenge_after_ten_wrong_codes_and_a_new_create_helps() {
    let server = TestServer::start().await;
    let created = server.create("jeanne@exemple.fr", 1).await;
    let code = server.code_to("jeanne@exemple.fr").await;
    for _ in 0..10 {
        let outcome = confirm(&server.client, &created.challenge_id, &wrong_code(&server)).await;
        assert_refused(outcome, Code::Unauthenticated, ErrorReason::InvalidCredentials);
    }
    for typed in [&code, &wrong_code(&server)] {
        let outcome = confirm(&server.client, &created.challenge_id, typed).await;
        assert_refused(outcome, Code::FailedPrecondition, ErrorReason::TooManyTries);
    }
    assert_eq!(count(server.db(), TRIES).await, 10);
    assert_eq!(stored(&server).await.accounts, 0);

    let anew = server.create("jeanne@exemple.fr", 1).await;
    let fresh = server.code_to("jeanne@exemple.fr").await;
    assert_ne!(fresh, code);
    let confirmed = server.confirm(&anew.challenge_id, &fresh).await;
    assert!(!confirmed.account_existed);
}

#[tokio::test]
async fn confirm_counts_wrong_codes_of_forty_concurrent_calls_exactly() {
    let server = TestServer::start().await;
    let created = server.create("jeanne@exemple.fr", 1).await;
    let code = server.code_to("jeanne@exemple.fr").await;
    let mut calls = JoinSet::new();
    for _ in 0..40 {
        let (client, id, wrong) =
            (server.client.clone(), created.challenge_id.clone(), wrong_code(&server));
        calls.spawn(async move { refused(confirm(&client, &id, &wrong).await).reason() });
    }
    let reasons = calls.join_all().await;
    let of = |reason| reasons.iter().filter(|other| **other == reason).count();
    assert_eq!(of(ErrorReason::InvalidCredentials), 10, "{reasons:?}");
    assert_eq!(of(ErrorReason::TooManyTries), 30, "{reasons:?}");
    assert_eq!(count(server.db(), TRIES).await, 10);
    let outcome = confirm(&server.client, &created.challenge_id, &code).await;
    assert_refused(outcome, Code::FailedPrecondition, ErrorReason::TooManyTries);
    assert_eq!(stored(&server).await.accounts, 0);
}

#[tokio::test]
async fn confirm_counts_wrong_codes_against_the_named_challenge_only() {
    let server = TestServer::start().await;
    let first = server.create("jeanne@exemple.fr", 1).await;
    let code = server.code_to("jeanne@exemple.fr").await;
    let attacked = server.create("jeanne@exemple.fr", 2).await;
    server.deliver_mail().await;
    for _ in 0..11 {
        refused(confirm(&server.client, &attacked.challenge_id, &wrong_code(&server)).await);
    }
    server.confirm(&first.challenge_id, &code).await;
    let counted = count(server.db(), "SELECT sum(wrong_tries) FROM challenge").await;
    assert_eq!(counted, 10);
}
