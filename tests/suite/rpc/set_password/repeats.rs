//! A ticket that has set a password already.

use gestan_account_client::{
    Code,
    v1::{self, ErrorReason},
};
use gestan_account_server::throttle::Throttles;
use gestan_account_tests::{
    PASSWORD, TestServer, TestServerOptions, assert_refused, count, new_password, refused, stored,
    text,
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

/// The same call brings the password that the ticket set: any other is a guess at the one in
/// force.
#[tokio::test]
async fn a_spent_ticket_answers_one_guess_at_the_password_and_counts_it() {
    let throttles = TestServerOptions::default().throttles;
    let wrong_passwords = Throttles::default().wrong_passwords;
    let throttles = Throttles { wrong_passwords, ..throttles };
    let options = TestServerOptions { throttles, ..Default::default() };
    let server = TestServer::start_with(options).await;
    let confirmed = ticket(&server, "jeanne@exemple.fr", 1).await;
    let set_first = server.set_password(&confirmed.ticket, PASSWORD).await;
    server.deliver_mail().await;
    let again = set(&server.client, &confirmed.ticket, PASSWORD).await.expect("a repeat");
    assert_eq!(again, set_first);

    let mut guesses = JoinSet::new();
    for number in 1..20 {
        let (client, ticket) = (server.client.clone(), confirmed.ticket.clone());
        guesses.spawn(async move { set(&client, &ticket, &new_password(number)).await });
    }
    for outcome in guesses.join_all().await {
        assert_refused(outcome, Code::FailedPrecondition, ErrorReason::TicketSpent);
    }
    let hits = "SELECT hits FROM throttle WHERE key LIKE 'passwords:%:from:127.0.0.1/32'";
    let hits = text(server.db(), hits).await.expect("the guess is counted");
    assert_eq!(hits.matches(',').count(), 0, "once: {hits}");
    assert_ne!(hits, "[]");

    // Nor does it tell that this one is right, also after a restart.
    let jobs = server.accounts.hasher.jobs_done();
    let outcome = set(&server.client, &confirmed.ticket, PASSWORD).await;
    assert_refused(outcome, Code::FailedPrecondition, ErrorReason::TicketSpent);
    assert_eq!(server.accounts.hasher.jobs_done(), jobs, "nothing is compared");
    assert_eq!(count(server.db(), "SELECT count(seed) FROM challenge").await, 0);
    let client = server.client_with(&set_first.link_token);
    client.get(v1::GetRequest::default()).await.expect("the machine stays linked");
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
