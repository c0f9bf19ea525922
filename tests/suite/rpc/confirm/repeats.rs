//! A code that was answered already.

use gestan_account_client::{Code, v1::ErrorReason};
use gestan_account_tests::{PASSWORD, TestServer, assert_refused, count, stored};
use jiff::SignedDuration;

use super::{confirm, wrong_code};

#[tokio::test]
async fn confirm_repeated_within_ten_minutes_gives_the_identical_answer() {
    let server = TestServer::start().await;
    let created = server.create("jeanne@exemple.fr", 1).await;
    let code = server.code_to("jeanne@exemple.fr").await;
    let first = server.confirm(&created.challenge_id, &code).await;
    let after_first = stored(&server).await;
    server.advance(SignedDuration::from_mins(4));
    assert_eq!(server.confirm(&created.challenge_id, &code).await, first);
    assert_eq!(stored(&server).await, after_first);

    server.set_password(&first.ticket, PASSWORD).await;
    server.deliver_mail().await;
    let after_set = stored(&server).await;
    server.advance(SignedDuration::from_mins(6));
    assert_eq!(server.confirm(&created.challenge_id, &code).await, first);
    assert_eq!(stored(&server).await, after_set, "the repeat has no effect");
    let spent = count(server.db(), "SELECT count(ticket_spent_time) FROM challenge").await;
    assert_eq!(spent, 1, "and brings no spent ticket back to life");
}

#[tokio::test]
async fn confirm_refuses_a_spent_code_after_ten_minutes() {
    let server = TestServer::start().await;
    let created = server.create("jeanne@exemple.fr", 1).await;
    let code = server.code_to("jeanne@exemple.fr").await;
    let first = server.confirm(&created.challenge_id, &code).await;
    server.advance(SignedDuration::from_mins(10) + SignedDuration::from_millis(1));
    let outcome = confirm(&server.client, &created.challenge_id, &code).await;
    assert_refused(outcome, Code::FailedPrecondition, ErrorReason::CodeSpent);
    assert_eq!(stored(&server).await.accounts, 1);
    // The ticket outlives the window of repeats.
    server.set_password(&first.ticket, PASSWORD).await;
    server.deliver_mail().await;
}

#[tokio::test]
async fn confirm_refuses_a_wrong_code_for_an_answered_challenge_and_counts_no_try() {
    let server = TestServer::start().await;
    let created = server.create("jeanne@exemple.fr", 1).await;
    let code = server.code_to("jeanne@exemple.fr").await;
    server.confirm(&created.challenge_id, &code).await;
    let outcome = confirm(&server.client, &created.challenge_id, &wrong_code(&server)).await;
    assert_refused(outcome, Code::FailedPrecondition, ErrorReason::CodeSpent);
    assert_eq!(count(server.db(), "SELECT wrong_tries FROM challenge").await, 0);
}

#[tokio::test]
async fn confirm_refuses_a_code_that_register_existing_has_spent() {
    let server = TestServer::start().await;
    let member = server.open_account("jeanne@exemple.fr", 1).await;
    let asked = server.resend(member.account_id, 2).await;
    let code = server.code_to("jeanne@exemple.fr").await;
    let register = gestan_account_client::v1::RegisterExistingRequest {
        account_id: member.account_id,
        secret: code.clone(),
        machine: Some(gestan_account_tests::machine(2)),
    };
    server.client.register_existing(register).await.expect("it is linked");
    // At once, too: it would be another call that has the code's outcome.
    let outcome = confirm(&server.client, &asked.challenge_id, &code).await;
    assert_refused(outcome, Code::FailedPrecondition, ErrorReason::CodeSpent);
    let tickets = "SELECT count(ticket_digest) FROM challenge WHERE purpose = 'resend_password'";
    assert_eq!(count(server.db(), tickets).await, 0);
    server.deliver_mail().await;
}
