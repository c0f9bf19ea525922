//! A clock that was wrong for a moment leaves no limit behind that lasts until its time
//! has come.

use std::{collections::BTreeMap, time::Duration};

use gestan_account_client::{Code, Error, v1, v1::ErrorReason};
use gestan_account_server::{
    domain::email_address::EmailAddress,
    throttle::{Asker, Counts, Limits, Subject, Throttles, calls::CallRate},
};
use gestan_account_tests::{
    PASSWORD, TestServer, TestServerOptions, assert_refused, forget_networks, machine, uuid,
};
use jiff::{SignedDuration, Timestamp};

const DAY: SignedDuration = SignedDuration::from_hours(24);
const MINUTE: SignedDuration = SignedDuration::from_mins(1);
/// By how much a clock is ahead.
const AHEAD: [SignedDuration; 3] =
    [SignedDuration::from_secs(2), DAY, SignedDuration::from_hours(400 * 24)];
/// How a clock is set, time and again.
const JUMPS: [SignedDuration; 4] =
    [SignedDuration::from_hours(400 * 24), SignedDuration::from_hours(-400 * 24), DAY, DAY];

fn unthrottled() -> Throttles {
    TestServerOptions::default().throttles
}

async fn start_with(throttles: Throttles) -> TestServer {
    TestServer::start_with(TestServerOptions { throttles, ..Default::default() }).await
}

fn wait_told<T: std::fmt::Debug>(outcome: Result<T, Error>, reason: ErrorReason) -> Duration {
    let rejection = assert_refused(outcome, Code::ResourceExhausted, reason);
    rejection.retry_delay().expect("RetryInfo")
}

async fn create(server: &TestServer, number: u128, email: &str) -> Result<(), Error> {
    let request = v1::CreateRequest {
        request_id: uuid(number),
        email: email.to_owned(),
        machine: Some(machine(number)),
        ..Default::default()
    };
    server.client.create(request).await.map(|_| ())
}

async fn guess(server: &TestServer, account_id: u32, secret: &str) -> Result<(), Error> {
    let secret = secret.to_owned();
    let request = v1::RegisterExistingRequest { account_id, secret, machine: Some(machine(66)) };
    server.client.register_existing(request).await.map(|_| ())
}

fn address() -> EmailAddress {
    EmailAddress::parse("jeanne@exemple.fr").expect("an address")
}

fn new_address(email: &str) -> v1::UpdateRequest {
    v1::UpdateRequest {
        account: Some(v1::Account { email: email.to_owned(), ..Default::default() }),
        password: PASSWORD.to_owned(),
        ..Default::default()
    }
}

#[tokio::test]
async fn a_clock_that_is_set_neither_fills_nor_empties_a_bucket_of_calls() {
    let token_call_rate = CallRate { burst: 3, per_second: 2 };
    let options = TestServerOptions { token_call_rate, ..Default::default() };
    let server = TestServer::start_with(options).await;
    let member = server.open_account("jeanne@exemple.fr", 1).await;
    let call = || member.client.get(v1::GetRequest::default());
    for _ in 0..3 {
        call().await.expect("there are three");
    }
    for jump in JUMPS {
        server.clock.jump(jump);
        let wait = wait_told(call().await, ErrorReason::TooManyCallsWithToken);
        assert_eq!(wait, Duration::from_millis(500), "set by {jump:#}");
    }
    server.clock.jump(-DAY * 2);
    server.advance(SignedDuration::from_millis(500));
    call().await.expect("time has passed");
}

#[tokio::test]
async fn a_clock_that_is_set_changes_nothing_for_the_mails_of_all_strangers() {
    let mails_in_all = "2/1h".parse().expect("a limit");
    let options = TestServerOptions { mails_in_all, ..Default::default() };
    let server = TestServer::start_with(options).await;
    create(&server, 1, "client1@exemple.fr").await.expect("the first");
    create(&server, 2, "client2@exemple.fr").await.expect("the second");
    for (jump, number) in JUMPS.into_iter().zip(3..) {
        server.clock.jump(jump);
        let refused = create(&server, number, "client3@exemple.fr").await;
        let wait = wait_told(refused, ErrorReason::TooManyMailsInAll);
        assert_eq!(wait, Duration::from_hours(1), "set by {jump:#}");
    }
    server.clock.jump(-DAY * 2);
    server.advance(SignedDuration::from_hours(1));
    create(&server, 9, "client3@exemple.fr").await.expect("the hour has passed");
    server.deliver_mail().await;
}

#[tokio::test]
async fn wrong_passwords_of_a_clock_that_was_ahead_hold_up_for_a_minute() {
    for ahead in AHEAD {
        let wrong_passwords = Throttles::default().wrong_passwords;
        let server = start_with(Throttles { wrong_passwords, ..unthrottled() }).await;
        let member = server.open_account("jeanne@exemple.fr", 1).await;
        forget_networks(&server).await;
        server.clock.jump(ahead);
        for number in 0..5 {
            let outcome = guess(&server, member.account_id, &format!("faux {number}")).await;
            assert_refused(outcome, Code::Unauthenticated, ErrorReason::InvalidCredentials);
        }
        server.clock.jump(-ahead);
        let told = |outcome| wait_told(outcome, ErrorReason::TooManyPasswordTries);
        let wait = told(guess(&server, member.account_id, PASSWORD).await);
        assert_eq!(wait, Duration::from_mins(1), "{ahead:#} ahead");
        server.advance(SignedDuration::from_secs(59));
        let wait = told(guess(&server, member.account_id, PASSWORD).await);
        assert_eq!(wait, Duration::from_secs(1), "{ahead:#} ahead");
        server.advance(SignedDuration::from_secs(1));
        guess(&server, member.account_id, PASSWORD).await.expect("the minute has passed");
        server.deliver_mail().await;
    }
}

#[tokio::test]
async fn wrong_passwords_before_a_clock_went_back_hold_up_for_a_minute() {
    let wrong_passwords = Throttles::default().wrong_passwords;
    let server = start_with(Throttles { wrong_passwords, ..unthrottled() }).await;
    let member = server.open_account("jeanne@exemple.fr", 1).await;
    forget_networks(&server).await;
    for number in 0..5 {
        let outcome = guess(&server, member.account_id, &format!("faux {number}")).await;
        assert_refused(outcome, Code::Unauthenticated, ErrorReason::InvalidCredentials);
    }
    server.clock.jump(-DAY);
    let refused = guess(&server, member.account_id, PASSWORD).await;
    assert_eq!(wait_told(refused, ErrorReason::TooManyPasswordTries), Duration::from_mins(1));
    server.advance(MINUTE);
    guess(&server, member.account_id, PASSWORD).await.expect("the minute has passed");
    server.clock.jump(DAY);
    guess(&server, member.account_id, PASSWORD).await.expect("nothing is left of them");
    server.deliver_mail().await;
}

#[tokio::test]
async fn an_address_that_a_clock_ahead_has_mailed_may_be_mailed_again_after_a_minute() {
    for ahead in AHEAD {
        let mails_per_address = Throttles::default().mails_per_address;
        let server = start_with(Throttles { mails_per_address, ..unthrottled() }).await;
        server.clock.jump(ahead);
        create(&server, 1, "jeanne@exemple.fr").await.expect("the first");
        server.clock.jump(-ahead);
        assert_eq!(server.deliver_mail().await, 1, "{ahead:#} ahead");
        let refused = create(&server, 2, "jeanne@exemple.fr").await;
        let wait = wait_told(refused, ErrorReason::TooManyMailsToAddress);
        assert_eq!(wait, Duration::from_mins(1), "{ahead:#} ahead");
        server.advance(MINUTE);
        create(&server, 3, "jeanne@exemple.fr").await.expect("the minute has passed");
        // The mailbox was not asked before, and has its minute from now on.
        server.advance(MINUTE);
        assert_eq!(server.deliver_mail().await, 1, "{ahead:#} ahead");
    }
}

#[tokio::test]
async fn a_new_address_that_a_clock_ahead_has_mailed_may_be_asked_for_after_a_minute() {
    for ahead in AHEAD {
        let mails_per_address = Throttles::default().mails_per_address;
        let server = start_with(Throttles { mails_per_address, ..unthrottled() }).await;
        let member = server.open_account("jeanne@exemple.fr", 1).await;
        server.clock.jump(ahead);
        let asked = member.client.update(new_address("nouvelle@exemple.fr")).await;
        asked.expect("the first");
        server.clock.jump(-ahead);
        let refused = member.client.update(new_address("nouvelle@exemple.fr")).await;
        let wait = wait_told(refused, ErrorReason::TooManyMailsToAddress);
        assert_eq!(wait, Duration::from_mins(1), "{ahead:#} ahead");
        server.advance(MINUTE);
        let updated = member.client.update(new_address("nouvelle@exemple.fr")).await;
        updated.expect("the minute has passed");
        server.advance(MINUTE);
        server.deliver_mail().await;
    }
}

/// Of ten mails that a clock ahead has sent into a mailbox, whatever their turns were,
/// nothing is left but the limits of ten mails that were sent now.
#[test]
fn turns_that_a_clock_ahead_has_given_come_as_early_as_the_limits_let_them() {
    let throttles = Throttles::default();
    let now = Timestamp::UNIX_EPOCH + DAY * 400;
    let mailbox = Subject::MailsInto(address(), Asker::StrangerByAddress);
    for ahead in AHEAD {
        let mut counts = Counts::of(&throttles, BTreeMap::new());
        for _ in 0..3 {
            counts.reserve(&mailbox, now + ahead).expect("it has its turn");
        }
        let turn = counts.reserve(&mailbox, now).expect("it has its turn");
        assert_eq!(turn.duration_since(now), MINUTE * 3, "{ahead:#} ahead");
    }
}

/// With a right clock no turn is ever brought forward, whenever mails are asked for.
#[test]
fn a_turn_that_a_right_clock_has_given_stays_as_it_is() {
    let throttles = Throttles::default();
    let limits: Limits = "1/1m,5/1h,10/24h".parse().expect("limits");
    let mailbox = Subject::MailsInto(address(), Asker::StrangerByAddress);
    let start = Timestamp::UNIX_EPOCH + DAY * 400;
    for interval in [7, 61, 600, 1_801, 5_000, 9_000] {
        let mut counts = Counts::of(&throttles, BTreeMap::new());
        let mut turns: Vec<Timestamp> = Vec::new();
        for number in 0..200 {
            let now = start + SignedDuration::from_secs(interval) * number;
            let expected = limits.next_turn(&turns, 1, now);
            match counts.reserve(&mailbox, now) {
                Some(turn) => {
                    assert_eq!(turn, expected, "every {interval} s, the mail {number}");
                    turns.push(turn);
                }
                None => assert!(expected > now + limits.memory()),
            }
        }
        assert!(turns.is_sorted());
    }
}
