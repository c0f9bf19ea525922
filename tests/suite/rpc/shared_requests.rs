//! Concurrent requests for a code are served by one transaction. Each must get what
//! it would have got alone.

use std::collections::BTreeSet;

use gestan_account_client::{
    Code, Error,
    v1::{self, CreateResponse, ErrorReason},
};
use gestan_account_server::{
    storage::purge::{Retention, purge},
    throttle::{Limits, Throttles},
};
use gestan_account_tests::{TestServer, TestServerOptions, assert_refused, count, execute, uuid};
use jiff::SignedDuration;
use tokio::task::JoinSet;

use super::create::request;

/// Concurrent calls.
const CALLS: u32 = 100;

type Answers = Vec<(u32, Result<CreateResponse, Error>)>;

/// Sends all of them concurrently; gives the answers in the order of the numbers.
async fn concurrently(server: &TestServer, requests: Vec<(u32, v1::CreateRequest)>) -> Answers {
    let mut calls = JoinSet::new();
    for (number, request) in requests {
        let client = server.client.clone();
        calls.spawn(async move { (number, client.create(request).await) });
    }
    let mut answers = calls.join_all().await;
    answers.sort_by_key(|(number, _)| *number);
    answers
}

fn customer(number: u32) -> v1::CreateRequest {
    request(&format!("client{number}@exemple.fr"), number.into())
}

async fn rows(server: &TestServer, table: &str) -> u32 {
    let rows = count(server.db(), &format!("SELECT count(*) FROM {table}")).await;
    u32::try_from(rows).expect("a number of rows")
}

#[tokio::test(flavor = "multi_thread")]
async fn each_is_answered_once_and_repeats_are_answered_alike() {
    let server = TestServer::start().await;
    let _ = server.take_statements();
    let twice = (0..2 * CALLS).map(|number| (number, customer(number % CALLS))).collect();
    let answers = concurrently(&server, twice).await;
    let statements = server.take_statements().len();
    let answers: Vec<CreateResponse> =
        answers.into_iter().map(|(_, answer)| answer.expect("it is answered")).collect();
    let (first, second) = answers.split_at(CALLS as usize);
    assert_eq!(first, second);
    let challenges: BTreeSet<&str> =
        first.iter().map(|answer| answer.challenge_id.as_str()).collect();
    assert_eq!(challenges.len(), CALLS as usize);
    for table in ["challenge", "outbox_mail", "idempotency_key"] {
        assert_eq!(rows(&server, table).await, CALLS, "{table}");
    }
    // Alone, each of the first has six, and each of the second two.
    assert!(statements < CALLS as usize * 8 / 2, "{statements} statements");
    assert_eq!(server.deliver_mail().await, CALLS as usize);
    let mailed: BTreeSet<String> = server.mails().into_iter().map(|mail| mail.to).collect();
    assert_eq!(mailed.len(), CALLS as usize);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_that_is_refused_among_others_leaves_nothing_and_may_ask_again() {
    let throttles = Throttles {
        mails_per_ip: Limits::new([(CALLS as usize / 2, SignedDuration::from_hours(1))]),
        ..TestServerOptions::default().throttles
    };
    let options = TestServerOptions { throttles, ..Default::default() };
    let server = TestServer::start_with(options).await;
    let all: Vec<_> = (0..CALLS).map(|number| (number, customer(number))).collect();
    let answers = concurrently(&server, all.clone()).await;
    let mut refused = Vec::new();
    for (number, answer) in answers {
        if answer.is_err() {
            let reason = ErrorReason::TooManyMailsFromIp;
            let rejection = assert_refused(answer, Code::ResourceExhausted, reason);
            assert_eq!(rejection.retry_delay().expect("a wait").as_secs(), 3600);
            refused.push((number, customer(number)));
        }
    }
    assert_eq!(refused.len(), CALLS as usize / 2);
    for table in ["challenge", "outbox_mail", "idempotency_key"] {
        assert_eq!(rows(&server, table).await, CALLS / 2, "{table}");
    }
    server.advance(SignedDuration::from_hours(1));
    let answers = concurrently(&server, refused).await;
    assert!(answers.iter().all(|(_, answer)| answer.is_ok()), "{answers:?}");
    assert_eq!(rows(&server, "challenge").await, CALLS);
    server.deliver_mail().await;
    // Counters that stayed empty are not kept for ever.
    server.advance(SignedDuration::from_hours(2));
    let week = SignedDuration::from_hours(7 * 24);
    let retention =
        Retention { challenges: week, audit_events: week, time_notes: week, ledgers: week };
    purge(&server.accounts.db, retention, server.outbox.clock.now()).await.expect("it is purged");
    assert_eq!(rows(&server, "throttle").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_requests_with_one_id_the_second_is_refused_and_the_others_are_not() {
    let server = TestServer::start().await;
    let mut all: Vec<_> = (0..CALLS).map(|number| (number, customer(number))).collect();
    let mut other = customer(0);
    other.email = "autre@exemple.fr".to_owned();
    all.push((CALLS, other));
    let mut answers = concurrently(&server, all).await;
    let (_, last) = answers.pop().expect("an answer");
    let (_, first) = answers.remove(0);
    assert!(answers.iter().all(|(_, answer)| answer.is_ok()));
    let refused = match (first, last) {
        (Ok(_), Err(error)) | (Err(error), Ok(_)) => error,
        both => panic!("{both:?}"),
    };
    let rejection = refused.rejection().expect("the service refuses");
    assert_eq!(rejection.violations()[0].field, "request_id");
    assert_eq!(server.deliver_mail().await, CALLS as usize);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_for_one_address_share_a_salt() {
    let server = TestServer::start().await;
    let same = |number: u32| (number, request("jeanne@exemple.fr", number.into()));
    let answers = concurrently(&server, (0..CALLS).map(same).collect()).await;
    assert!(answers.iter().all(|(_, answer)| answer.is_ok()));
    assert_eq!(rows(&server, "challenge").await, CALLS);
    assert_eq!(count(server.db(), "SELECT count(DISTINCT salt) FROM challenge").await, 1);
    server.deliver_mail().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_row_is_the_trouble_of_its_own_request_only() {
    let server = TestServer::start().await;
    concurrently(&server, vec![(0, customer(0))]).await;
    execute(server.db(), "UPDATE throttle SET hits = 'ÉÉÉ' WHERE key LIKE 'mails-to:%'").await;
    let mut again = customer(0);
    again.request_id = uuid(1);
    let mut all: Vec<_> = (1..CALLS).map(|number| (number, customer(number))).collect();
    all.insert(0, (0, again));
    let mut answers = concurrently(&server, all).await;
    let (_, damaged) = answers.remove(0);
    assert_refused(damaged, Code::Internal, ErrorReason::Internal);
    assert!(answers.iter().all(|(_, answer)| answer.is_ok()), "{answers:?}");
    assert_eq!(server.deliver_mail().await, CALLS as usize);
}
