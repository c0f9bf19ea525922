//! A ticket that has set a password already.

use gestan_account_client::{
    Code,
    v1::{self, ErrorReason},
};
use gestan_account_tests::{
    PASSWORD, TestServer, assert_refused, count, new_password, refused, stored, text,
};
use jiff::SignedDuration;
use tokio::task::JoinSet;

use super::{password_is, set, ticket};

#[tokio::test]
async fn set_password_repeated_within_ten_minutes_gives_the_same_token_and_one_mail() {
    let server = TestServer::start().await;
    let confirmed = ticket(&server, "jeanne@exemple.fr", 1).await;
    // The ticket may be used long after the code.
    server.advance(SignedDuration::from_mins(45));
    let first = set(&server.client, &confirmed.ticket, PASSWORD).await.expect("an answer");
    let hash = text(server.db(), "SELECT password_hash FROM account").await;
    let after = stored(&server).await;
    server.advance(SignedDuration::from_mins(10));
    let again = set(&server.client, &confirmed.ticket, PASSWORD).await.expect("an answer");
    assert_eq!(again, first);
    assert_eq!(stored(&server).await, after, "nothing is done twice");
    assert_eq!(text(server.db(), "SELECT password_hash FROM account").await, hash);
    assert_eq!(server.deliver_mail().await, 1);
    let client = server.client_with(&again.link_token);
    client.get(v1::GetRequest::default()).await.expect("the token works");
}

#[tokio::test]
async fn set_password_refuses_a_spent_ticket_after_ten_minutes() {
    let server = TestServer::start().await;
    let confirmed = ticket(&server, "jeanne@exemple.fr", 1).await;
    let first = server.set_password(&confirmed.ticket, PASSWORD).await;
    server.advance(SignedDuration::from_mins(10) + SignedDuration::from_millis(1));
    let outcome = set(&server.client, &confirmed.ticket, PASSWORD).await;
    assert_refused(outcome, Code::FailedPrecondition, ErrorReason::TicketSpent);
    assert_eq!(server.deliver_mail().await, 1);
    let client = server.client_with(&first.link_token);
    client.get(v1::GetRequest::default()).await.expect("the machine stays linked");
}

#[tokio::test]
async fn set_password_refuses_a_spent_ticket_with_another_password() {
    let server = TestServer::start().await;
    let confirmed = ticket(&server, "jeanne@exemple.fr", 1).await;
    server.set_password(&confirmed.ticket, PASSWORD).await;
    let outcome = set(&server.client, &confirmed.ticket, &new_password(1)).await;
    assert_refused(outcome, Code::FailedPrecondition, ErrorReason::TicketSpent);
    assert_eq!(server.deliver_mail().await, 1);
    assert!(!password_is(&server, confirmed.account_id, &new_password(1)).await);
    assert!(password_is(&server, confirmed.account_id, PASSWORD).await);
}

#[tokio::test]
async fn set_password_repeated_brings_no_link_back_that_was_cut_since() {
    let server = TestServer::start().await;
    let confirmed = ticket(&server, "jeanne@exemple.fr", 1).await;
    let first = server.set_password(&confirmed.ticket, PASSWORD).await;
    let client = server.client_with(&first.link_token);
    client.unlink(v1::UnlinkRequest::default()).await.expect("it is unlinked");
    let outcome = set(&server.client, &confirmed.ticket, PASSWORD).await;
    assert_refused(outcome, Code::FailedPrecondition, ErrorReason::TicketSpent);
    assert_eq!(stored(&server).await.links, 0);
    let outcome = client.get(v1::GetRequest::default()).await;
    assert_refused(outcome, Code::Unauthenticated, ErrorReason::InvalidCredentials);
    server.deliver_mail().await;
}

#[tokio::test]
async fn set_password_repeated_gives_no_token_that_was_renewed_since() {
    let server = TestServer::start().await;
    let confirmed = ticket(&server, "jeanne@exemple.fr", 1).await;
    server.set_password(&confirmed.ticket, PASSWORD).await;
    let renewed = server.register(confirmed.account_id, 1).await;
    let outcome = set(&server.client, &confirmed.ticket, PASSWORD).await;
    assert_refused(outcome, Code::FailedPrecondition, ErrorReason::TicketSpent);
    renewed.client.get(v1::GetRequest::default()).await.expect("the new token works");
}

#[tokio::test]
async fn twenty_concurrent_set_passwords_with_one_ticket_make_one_link() {
    let server = TestServer::start().await;
    let confirmed = ticket(&server, "jeanne@exemple.fr", 1).await;
    let mut calls = JoinSet::new();
    for _ in 0..20 {
        let (client, ticket) = (server.client.clone(), confirmed.ticket.clone());
        calls.spawn(async move { set(&client, &ticket, PASSWORD).await });
    }
    let answers = calls.join_all().await;
    let answers: Vec<_> = answers.into_iter().map(|answer| answer.expect("an answer")).collect();
    assert!(answers.iter().all(|answer| answer == &answers[0]));
    assert_eq!(count(server.db(), "SELECT count(*) FROM link").await, 1);
    let set = "SELECT count(*) FROM audit_event WHERE action = 'set_password'";
    assert_eq!(count(server.db(), set).await, 1);
    assert_eq!(server.deliver_mail().await, 1);
}

#[tokio::test]
async fn concurrent_set_passwords_with_different_passwords_set_one_of_them() {
    let server = TestServer::start().await;
    let confirmed = ticket(&server, "jeanne@exemple.fr", 1).await;
    let mut calls = JoinSet::new();
    for number in 0..10 {
        let (client, ticket) = (server.client.clone(), confirmed.ticket.clone());
        calls.spawn(async move { (number, set(&client, &ticket, &new_password(number)).await) });
    }
    let mut winners = Vec::new();
    for (number, outcome) in calls.join_all().await {
        if outcome.is_ok() {
            winners.push(number);
        } else {
            assert_eq!(refused(outcome).reason(), ErrorReason::TicketSpent);
        }
    }
    assert_eq!(winners.len(), 1, "{winners:?}");
    server.deliver_mail().await;
    assert!(password_is(&server, confirmed.account_id, &new_password(winners[0])).await);
}
