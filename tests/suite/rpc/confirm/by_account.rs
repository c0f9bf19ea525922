//! Confirm with the ID of the account whose address is to change, in place of a challenge's.

use gestan_account_client::{
    ClientOptions, Code, Error,
    v1::{self, ErrorReason, ViolationReason},
};
use gestan_account_proto::support::v1::StartEmailChangeRequest;
use gestan_account_server::{domain::role::Role, throttle::Throttles};
use gestan_account_tests::{
    Member, TestServer, TestServerOptions, assert_refused, change_email, count, machine, refused,
    text, uuid, violations,
};
use jiff::SignedDuration;

use super::{confirm, wrong_code};

const OLD: &str = "jeanne@exemple.fr";
const NEW: &str = "neuve@exemple.fr";
const NOBODY: u32 = 4_000_000_000;

async fn by_account(
    server: &TestServer,
    account_id: u32,
    code: &str,
) -> Result<v1::ConfirmResponse, Error> {
    let request = v1::ConfirmRequest { account_id, code: code.to_owned(), ..Default::default() };
    server.client.confirm(request).await
}

fn assert_over(outcome: Result<v1::ConfirmResponse, Error>, reason: ErrorReason) {
    assert_refused(outcome, Code::FailedPrecondition, reason);
}

/// Has the desk start a change; gives its code.
async fn start(server: &TestServer, account_id: u32) -> String {
    let request = StartEmailChangeRequest {
        account_id,
        email: NEW.to_owned(),
        reason: "rappel au siège".to_owned(),
        without_delay: true,
        ..Default::default()
    };
    let mut desk = server.desk(Role::Admin).await;
    desk.start_email_change(request).await.expect("an admin may");
    server.code_to(NEW).await
}

async fn started(throttles: Option<Throttles>) -> (TestServer, Member, String) {
    let mut options = TestServerOptions::default();
    if let Some(throttles) = throttles {
        options.throttles = throttles;
    }
    let server = TestServer::start_with(options).await;
    let member = server.open_account(OLD, 1).await;
    let code = start(&server, member.account_id).await;
    (server, member, code)
}

#[tokio::test]
async fn a_repeat_within_ten_minutes_gets_the_same_answer_and_later_the_code_is_spent() {
    let (server, member, code) = started(None).await;
    let confirmed = by_account(&server, member.account_id, &code).await.expect("it is right");
    assert_eq!((confirmed.account_id, &*confirmed.ticket), (0, ""), "no ticket");
    server.deliver_mail().await;
    server.advance(SignedDuration::from_mins(9));
    let again = by_account(&server, member.account_id, &code).await.expect("a repeat");
    assert_eq!(again, confirmed);
    assert_eq!(server.deliver_mail().await, 0);
    server.advance(SignedDuration::from_mins(2));
    assert_over(by_account(&server, member.account_id, &code).await, ErrorReason::CodeSpent);
}

#[tokio::test]
async fn an_unknown_id_no_pending_address_and_a_wrong_code_look_alike() {
    let (server, member, code) = started(None).await;
    let other = server.open_account("paul@exemple.fr", 2).await;
    let outcomes = [
        by_account(&server, member.account_id, &wrong_code(&server)).await,
        by_account(&server, other.account_id, &code).await,
        by_account(&server, NOBODY, &code).await,
    ];
    let told = outcomes.map(|outcome| {
        let unauthenticated = (Code::Unauthenticated, ErrorReason::InvalidCredentials);
        format!("{:?}", assert_refused(outcome, unauthenticated.0, unauthenticated.1))
    });
    assert_eq!(told[0], told[1]);
    assert_eq!(told[0], told[2]);
    for (locale, words) in [
        ("fr", "Cet ID client ou ce code n’est pas le bon, ou le code n’est plus valable."),
        ("en", "This is not the right client ID or code, or the code is no longer valid."),
    ] {
        let client = server.connect(ClientOptions::new().locale(locale)).await;
        let code = code.clone();
        let request = v1::ConfirmRequest { account_id: NOBODY, code, ..Default::default() };
        let refused = refused(client.confirm(request).await);
        assert!(refused.message().starts_with(words), "{}", refused.message());
    }
}

/// Only whoever has the mailbox learns that they have.
#[tokio::test]
async fn ten_wrong_codes_end_a_change_and_it_can_be_started_again() {
    let (server, member, code) = started(None).await;
    let tries = "SELECT account_wrong_tries FROM challenge WHERE purpose = 'change_email' \
                 ORDER BY create_time DESC LIMIT 1";
    for number in 1..=10 {
        let outcome = by_account(&server, member.account_id, &wrong_code(&server)).await;
        assert_refused(outcome, Code::Unauthenticated, ErrorReason::InvalidCredentials);
        assert_eq!(count(server.db(), tries).await, number);
    }
    assert_over(by_account(&server, member.account_id, &code).await, ErrorReason::TooManyTries);
    let outcome = by_account(&server, member.account_id, &wrong_code(&server)).await;
    assert_refused(outcome, Code::Unauthenticated, ErrorReason::InvalidCredentials);

    server.advance(SignedDuration::from_mins(1));
    let code = start(&server, member.account_id).await;
    assert_eq!(count(server.db(), tries).await, 0, "it is started anew");
    let confirmed = by_account(&server, member.account_id, &code).await.expect("it is right");
    assert_eq!(confirmed.account.expect("an account").email, NEW);
    server.deliver_mail().await;
}

/// Nobody who only knows the ID keeps the machine that has asked from its own change.
#[tokio::test]
async fn wrong_codes_by_the_id_leave_the_machine_that_knows_the_challenge_alone() {
    let server = TestServer::start().await;
    let member = server.open_account(OLD, 1).await;
    let asked = member.update(change_email(NEW)).await;
    let code = server.code_to(NEW).await;
    for _ in 0..10 {
        by_account(&server, member.account_id, &wrong_code(&server)).await.expect_err("wrong");
    }
    assert_over(by_account(&server, member.account_id, &code).await, ErrorReason::TooManyTries);
    confirm(&server.client, &asked.challenge_id, &code).await.expect("the machine may");
    assert_eq!(member.read().await.email, NEW);
    server.deliver_mail().await;
}

#[tokio::test]
async fn a_change_that_a_machine_has_asked_for_is_confirmed_by_the_id_too() {
    let server = TestServer::start().await;
    let member = server.open_account(OLD, 1).await;
    let asked = member.update(change_email(NEW)).await;
    let code = server.code_to(NEW).await;
    let confirmed = by_account(&server, member.account_id, &code).await.expect("it is right");
    assert_eq!(member.read().await, confirmed.account.clone().expect("an account"));
    let actor = "SELECT actor_kind FROM audit_event WHERE action = 'change_email'";
    assert_eq!(text(server.db(), actor).await.as_deref(), Some("mailbox"));
    let again = confirm(&server.client, &asked.challenge_id, &code).await.expect("a repeat");
    assert_eq!(again, confirmed);
    server.deliver_mail().await;
}

/// Strangers have the same ten a day here and beside the ID elsewhere.
#[tokio::test]
async fn strangers_have_ten_wrong_codes_a_day_here_and_elsewhere_together() {
    let (server, member, code) = started(Some(Throttles::default())).await;
    let other = server.open_account("paul@exemple.fr", 2).await;
    for id in [other.account_id, NOBODY] {
        for number in 0..10 {
            let code = wrong_code(&server);
            if number % 2 == 0 {
                by_account(&server, id, &code).await.expect_err("wrong");
            } else {
                let machine = Some(machine(7));
                let request = v1::RegisterExistingRequest { account_id: id, secret: code, machine };
                server.client.register_existing(request).await.expect_err("wrong");
            }
        }
        let outcome = by_account(&server, id, &code).await;
        let (code, reason) = (Code::ResourceExhausted, ErrorReason::TooManyCodeTries);
        let refused = assert_refused(outcome, code, reason);
        assert_eq!(refused.retry_delay().expect("a wait").as_secs(), 24 * 3600, "{id}");
    }
    by_account(&server, member.account_id, &code).await.expect("another account's is its own");
    server.deliver_mail().await;
}

#[tokio::test]
async fn a_code_for_the_mailbox_in_place_or_of_another_change_never_serves() {
    let (server, member, code) = started(None).await;
    let other = server.open_account("paul@exemple.fr", 2).await;
    other.update(change_email("paul2@exemple.fr")).await;
    server.deliver_mail().await;
    server.advance(SignedDuration::from_mins(2));
    server.resend(member.account_id, 3).await;
    let of_mailbox = server.code_to(OLD).await;
    for (id, code) in [(member.account_id, of_mailbox), (other.account_id, code)] {
        let outcome = by_account(&server, id, &code).await;
        assert_refused(outcome, Code::Unauthenticated, ErrorReason::InvalidCredentials);
    }
    server.deliver_mail().await;
}

#[tokio::test]
async fn exactly_one_of_challenge_and_account_is_asked_for() {
    let (server, member, code) = started(None).await;
    let id = member.account_id;
    let request = |challenge_id: &str, account_id, code: &str| v1::ConfirmRequest {
        challenge_id: challenge_id.to_owned(),
        account_id,
        code: code.to_owned(),
    };
    for (request, expected) in [
        (request("", 0, &code), ("challenge_id", ViolationReason::Required)),
        (request(&uuid(1), id, &code), ("account_id", ViolationReason::Conflict)),
        (request("kein", id, &code), ("account_id", ViolationReason::Conflict)),
        (request("", id, ""), ("code", ViolationReason::Required)),
        (request("", id, "0000-0000-0001"), ("code", ViolationReason::CodeMistyped)),
    ] {
        let refused = refused(server.client.confirm(request).await);
        assert_eq!(violations(&refused), [(expected.0.to_owned(), expected.1)]);
    }
    let tries = "SELECT account_wrong_tries FROM challenge WHERE purpose = 'change_email'";
    assert_eq!(count(server.db(), tries).await, 0, "that costs no try");
}

#[tokio::test]
async fn of_thirty_concurrent_confirms_by_the_id_one_makes_the_change() {
    let (server, member, code) = started(None).await;
    let calls = (0..30).map(|_| {
        let (client, code) = (server.client.clone(), code.clone());
        let request =
            v1::ConfirmRequest { account_id: member.account_id, code, ..Default::default() };
        tokio::spawn(async move { client.confirm(request).await.expect("the same answer") })
    });
    for call in calls.collect::<Vec<_>>() {
        let confirmed = call.await.expect("no panic");
        assert_eq!(confirmed.account.expect("an account").email, NEW);
    }
    let made = "SELECT count(*) FROM audit_event WHERE action = 'change_email'";
    assert_eq!(count(server.db(), made).await, 1);
    assert_eq!(server.deliver_mail().await, 1, "one notice");
}
