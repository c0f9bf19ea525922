//! Contract §5, mails and calls: nobody can make the service bomb a mailbox.

use std::time::Duration;

use gestan_account_client::{Code, Error, v1, v1::ErrorReason};
use gestan_account_server::throttle::{Throttles, calls::CallRate, mails_in_all::MailsInAll};
use gestan_account_tests::{
    Log, PASSWORD, TestServer, TestServerOptions, assert_refused, count, machine, uuid,
};
use jiff::{SignedDuration, Timestamp};

const HOUR: SignedDuration = SignedDuration::from_hours(1);

async fn start() -> TestServer {
    let throttles = Throttles {
        mails_per_ip: TestServerOptions::default().throttles.mails_per_ip,
        ..Throttles::default()
    };
    TestServer::start_with(TestServerOptions { throttles, ..Default::default() }).await
}

async fn create(
    server: &TestServer,
    number: u128,
    email: &str,
) -> Result<v1::CreateResponse, Error> {
    let request = v1::CreateRequest {
        request_id: uuid(1_000 + number),
        email: email.to_owned(),
        machine: Some(machine(number)),
        ..Default::default()
    };
    server.client.create(request).await
}

async fn resend_by_id(
    server: &TestServer,
    number: u128,
    account_id: u32,
) -> Result<v1::ResendPasswordResponse, Error> {
    let request = v1::ResendPasswordRequest {
        request_id: uuid(2_000 + number),
        account_id,
        machine: Some(machine(number)),
        ..Default::default()
    };
    server.client.resend_password(request).await
}

fn wait_told<T: std::fmt::Debug>(outcome: Result<T, Error>, reason: ErrorReason) -> Duration {
    let rejection = assert_refused(outcome, Code::ResourceExhausted, reason);
    rejection.retry_delay().expect("RetryInfo")
}

#[tokio::test]
async fn an_address_gets_a_mail_a_minute_five_an_hour_and_ten_a_day() {
    let server = start().await;
    let (mut sent, mut number) = (Vec::new(), 0);
    for minute in 0..25 * 60 {
        number += 1;
        match create(&server, number, "jeanne@exemple.fr").await {
            Ok(_) => sent.push(minute),
            Err(error) => {
                assert_eq!(error.reason(), Some(ErrorReason::TooManyMailsToAddress));
            }
        }
        if minute < 10 {
            number += 1;
            let again = create(&server, number, "Jeanne@Exemple.fr").await;
            wait_told(again, ErrorReason::TooManyMailsToAddress);
        }
        server.advance(SignedDuration::from_mins(1));
    }
    assert_eq!(&sent[..6], [0, 1, 2, 3, 4, 60]);
    assert_eq!(sent.iter().filter(|minute| **minute < 24 * 60).count(), 10);
    server.deliver_mail().await;
}

#[tokio::test]
async fn the_wait_that_is_told_is_the_true_one() {
    let server = start().await;
    create(&server, 1, "jeanne@exemple.fr").await.expect("the first");
    server.advance(SignedDuration::from_secs(18));
    let wait = wait_told(
        create(&server, 2, "jeanne@exemple.fr").await,
        ErrorReason::TooManyMailsToAddress,
    );
    assert_eq!(wait, Duration::from_secs(42));
    server.advance(SignedDuration::from_secs(41));
    assert!(create(&server, 3, "jeanne@exemple.fr").await.is_err());
    server.advance(SignedDuration::from_secs(1));
    create(&server, 4, "jeanne@exemple.fr").await.expect("the wait is over");
    create(&server, 4, "jeanne@exemple.fr").await.expect("a repeat is no new mail");
    server.deliver_mail().await;
    assert_eq!(server.mails().len(), 2);
}

#[tokio::test]
async fn a_hundred_concurrent_requests_make_one_mail() {
    let server = start().await;
    let requests = (0..100).map(|number| {
        let client = server.client.clone();
        let request = v1::CreateRequest {
            request_id: uuid(number + 1),
            email: "jeanne@exemple.fr".to_owned(),
            machine: Some(machine(number + 1)),
            ..Default::default()
        };
        tokio::spawn(async move { client.create(request).await })
    });
    let mut accepted = 0;
    for outcome in requests.collect::<Vec<_>>() {
        accepted += usize::from(outcome.await.expect("no panic").is_ok());
    }
    assert_eq!(accepted, 1);
    assert_eq!(server.deliver_mail().await, 1);
}

#[tokio::test]
async fn an_id_does_not_tell_its_address_by_its_limit() {
    let server = start().await;
    let member = server.open_account("jeanne@exemple.fr", 1).await;
    server.advance(HOUR);
    server.deliver_mail().await;
    let before = server.mails().len();

    // The address is at its limit; a caller that names the ID gets the answer for an unknown one.
    create(&server, 2, "jeanne@exemple.fr").await.expect("the hour has passed");
    for (number, account_id) in [(3, member.account_id), (4, 4_000_000_000)] {
        resend_by_id(&server, number, account_id).await.expect("nothing is refused");
        let again = resend_by_id(&server, number + 10, account_id).await;
        assert_eq!(wait_told(again, ErrorReason::TooManyMailsToAddress), Duration::from_mins(1));
    }
    // The mail waits for the address' minute to pass.
    server.deliver_mail().await;
    assert_eq!(server.mails().len() - before, 1);
    server.advance(SignedDuration::from_mins(1));
    server.deliver_mail().await;
    assert_eq!(server.mails().len() - before, 2);
}

#[tokio::test]
async fn an_address_at_its_limit_tells_not_whether_it_has_an_account() {
    let server = start().await;
    server.open_account("jeanne@exemple.fr", 1).await;
    server.advance(HOUR);
    for (number, email) in [(2, "jeanne@exemple.fr"), (3, "personne@exemple.fr")] {
        create(&server, number, email).await.expect("the first");
        let again = create(&server, number + 10, email).await;
        assert_eq!(wait_told(again, ErrorReason::TooManyMailsToAddress), Duration::from_mins(1));
    }
    server.deliver_mail().await;
}

#[tokio::test]
async fn a_new_address_is_mailed_no_oftener_than_others_and_nothing_is_half_done() {
    let server = start().await;
    let member = server.open_account("jeanne@exemple.fr", 1).await;
    create(&server, 2, "cible@exemple.fr").await.expect("somebody asks for the address");
    let request = v1::UpdateRequest {
        account: Some(v1::Account {
            email: "cible@exemple.fr".to_owned(),
            city: "Lyon".to_owned(),
            ..Default::default()
        }),
        password: PASSWORD.to_owned(),
        ..Default::default()
    };
    let outcome = member.client.update(request).await;
    wait_told(outcome, ErrorReason::TooManyMailsToAddress);
    let changed = count(server.db(), "SELECT count(*) FROM account WHERE city = 'Lyon'").await;
    assert_eq!(changed, 0);
    server.deliver_mail().await;
}

#[tokio::test]
async fn an_ip_address_asks_for_20_mails_an_hour() {
    let throttles = Throttles {
        mails_per_address: TestServerOptions::default().throttles.mails_per_address,
        ..Throttles::default()
    };
    let server =
        TestServer::start_with(TestServerOptions { throttles, ..Default::default() }).await;
    for number in 0..20 {
        create(&server, number, &format!("client{number}@exemple.fr")).await.expect("one of 20");
    }
    let wait =
        wait_told(create(&server, 20, "autre@exemple.fr").await, ErrorReason::TooManyMailsFromIp);
    assert_eq!(wait, Duration::from_hours(1));
    server.advance(HOUR);
    create(&server, 21, "autre@exemple.fr").await.expect("the hour has passed");
    server.deliver_mail().await;
}

#[tokio::test]
async fn when_strangers_ask_for_too_many_mails_linked_machines_and_notices_still_get_theirs() {
    let mails_in_all = "3/1h".parse().expect("a limit");
    let options = TestServerOptions { mails_in_all, ..Default::default() };
    let server = TestServer::start_with(options).await;
    let member = server.open_account("jeanne@exemple.fr", 1).await;
    create(&server, 2, "client2@exemple.fr").await.expect("the second");
    let third = create(&server, 3, "client3@exemple.fr").await.expect("the third");
    let refused = create(&server, 4, "client4@exemple.fr").await;
    assert_eq!(wait_told(refused, ErrorReason::TooManyMailsInAll), Duration::from_hours(1));
    let refused = resend_by_id(&server, 5, member.account_id).await;
    assert_eq!(wait_told(refused, ErrorReason::TooManyMailsInAll), Duration::from_hours(1));

    let again = create(&server, 3, "client3@exemple.fr").await.expect("a repeat is no new mail");
    assert_eq!(again, third);
    let request = v1::ResendPasswordRequest {
        request_id: uuid(6),
        machine: Some(machine(1)),
        ..Default::default()
    };
    for _ in 0..2 {
        member.client.resend_password(request.clone()).await.expect("a token vouches for it");
    }
    server.register(member.account_id, 7).await;
    server.advance(HOUR);
    create(&server, 4, "client4@exemple.fr").await.expect("the hour has passed");
    resend_by_id(&server, 5, member.account_id).await.expect("so may this one");
    server.deliver_mail().await;
}

#[test]
fn that_strangers_ask_for_many_mails_is_logged_once_an_hour() {
    let (log, _logging) = Log::capture();
    let mails = MailsInAll::new("10/1h".parse().expect("a limit"));
    let start: Timestamp = "2026-11-24T08:00:00Z".parse().expect("a time");
    let warnings = || log.text().matches("strangers ask for nearly as many mails").count();
    mails.count(7, start);
    assert_eq!(warnings(), 0);
    for _ in 0..3 {
        mails.check(0, start).expect("there is room");
        mails.count(1, start);
    }
    assert_eq!(warnings(), 1);
    mails.check(0, start).expect_err("that was all");
    mails.count(9, start + HOUR);
    assert_eq!(warnings(), 2);
    assert!(mails.check(0, start + HOUR).is_ok());
    assert!(mails.check(1, start + HOUR).is_err(), "one is on its way");
}

#[tokio::test]
async fn strangers_calls_are_counted_by_address_and_linked_machines_are_not() {
    let call_rate = CallRate { burst: 10, per_second: 2 };
    let server =
        TestServer::start_with(TestServerOptions { call_rate, ..Default::default() }).await;
    let member = server.open_account("jeanne@exemple.fr", 1).await;
    server.advance(SignedDuration::from_secs(10));
    let garbage = server.client_with(&member.link_token.replace("gestan_link_", "gestan_lien_"));
    let mut refused = 0;
    for _ in 0..30 {
        let outcome = garbage.get(v1::GetRequest::default()).await;
        let error = outcome.expect_err("nobody vouches for it");
        refused += usize::from(error.reason() == Some(ErrorReason::TooManyCallsFromIp));
    }
    assert_eq!(refused, 20);
    let wait =
        wait_told(create(&server, 5, "autre@exemple.fr").await, ErrorReason::TooManyCallsFromIp);
    assert_eq!(wait, Duration::from_millis(500));
    for _ in 0..30 {
        member.client.get(v1::GetRequest::default()).await.expect("a link token vouches for it");
    }
    server.advance(SignedDuration::from_millis(500));
    create(&server, 6, "autre@exemple.fr").await.expect("a token has come back");
    server.deliver_mail().await;
}

#[tokio::test]
async fn an_address_does_not_tell_its_id_by_its_limit() {
    let server = start().await;
    let member = server.open_account("jeanne@exemple.fr", 1).await;
    server.advance(HOUR);
    server.deliver_mail().await;
    let before = server.mails().len();

    // Asked for by the ID first: the address is refused no more than any other.
    resend_by_id(&server, 2, member.account_id).await.expect("the hour has passed");
    for (number, email) in [(3, "jeanne@exemple.fr"), (4, "personne@exemple.fr")] {
        create(&server, number, email).await.expect("nothing is refused");
    }
    // The mails that the mailbox gets are limited all the same.
    server.deliver_mail().await;
    let to_jeanne = |server: &TestServer| {
        server.mails().iter().skip(before).filter(|mail| mail.to == "jeanne@exemple.fr").count()
    };
    assert_eq!(to_jeanne(&server), 1);
    server.advance(SignedDuration::from_mins(1));
    server.deliver_mail().await;
    assert_eq!(to_jeanne(&server), 2);
}

#[tokio::test]
async fn a_plus_and_its_suffix_make_no_other_mailbox() {
    let server = start().await;
    create(&server, 1, "jeanne+1@exemple.fr").await.expect("the first");
    let again = create(&server, 2, "jeanne+2@exemple.fr").await;
    assert_eq!(wait_told(again, ErrorReason::TooManyMailsToAddress), Duration::from_mins(1));
    create(&server, 3, "jeanne+1@autre.fr").await.expect("another domain");
    server.deliver_mail().await;
}

#[tokio::test]
async fn concurrent_copies_of_one_call_are_answered_alike_within_the_limits() {
    let server = start().await;
    let request = v1::CreateRequest {
        request_id: uuid(1),
        email: "jeanne@exemple.fr".to_owned(),
        machine: Some(machine(1)),
        ..Default::default()
    };
    let calls: Vec<_> = (0..20)
        .map(|_| {
            let (client, request) = (server.client.clone(), request.clone());
            tokio::spawn(async move { client.create(request).await })
        })
        .collect();
    let mut answers = Vec::new();
    for call in calls {
        answers.push(call.await.expect("no panic").expect("it is answered"));
    }
    assert!(answers.iter().all(|answer| *answer == answers[0]));
    assert_eq!(server.deliver_mail().await, 1);
}
