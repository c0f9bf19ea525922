//! `serve --testing`, by its program and over TCP, as the tests of another program use it.

mod refused;
mod samples;

use std::{collections::BTreeSet, fs, time::Duration};

use gestan_account_client::{
    Client, Code, LinkToken,
    v1::{self, ErrorReason},
};
use gestan_account_proto::testing::v1::{AdvanceClockRequest, CodeKind, GetCodeResponse};
use gestan_account_tests::{
    PASSWORD, TestingProcess, assert_refused, creation, machine, new_password, uuid,
};
use tempfile::NamedTempFile;
use tokio::task::JoinSet;
use tonic::Status;
use tonic_types::StatusExt as _;

const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);

/// The code and the reason of a refusal.
fn reason(status: &Status) -> (Code, String) {
    let info = status.get_details_error_info();
    (status.code(), info.map(|info| info.reason).unwrap_or_default())
}

/// Opens an account for customer `number`; gives its ID and the link token.
async fn open(server: &TestingProcess, client: &Client, number: u32) -> (u32, String) {
    let request = creation(number);
    let created = client.create(request.clone()).await.expect("Create is answered");
    let code = server.code(&request.email).await.expect("a code").code;
    let confirm =
        v1::ConfirmRequest { challenge_id: created.challenge_id, code, ..Default::default() };
    let confirmed = client.confirm(confirm).await.expect("Confirm is answered");
    let set = v1::SetPasswordRequest {
        ticket: confirmed.ticket,
        new_password: PASSWORD.to_owned(),
        ..Default::default()
    };
    let set = client.set_password(set).await.expect("SetPassword is answered");
    (set.account.expect("an account").id, set.link_token)
}

#[tokio::test]
async fn a_testing_server_says_where_it_is_tells_codes_and_leaves_nothing() {
    let server = TestingProcess::start(&["--log", "trace"]).await;
    assert!(server.url.starts_with("http://127.0.0.1:"), "{}", server.url);
    let client = server.client().await;
    let created = client.create(creation(1)).await.expect("Create is answered");
    let told: GetCodeResponse = server.code("CLIENT1@exemple.FR").await.expect("a code");
    assert_eq!((told.kind(), told.account_id), (CodeKind::OpenAccount, 0));
    assert_eq!(told.subject, "Votre code pour ouvrir un compte client Gestan");
    assert!(!format!("{told:?}").contains(&told.code), "{told:?}");
    let (from, until) = (told.request_time.expect("a time"), told.expire_time.expect("a time"));
    assert_eq!(until.seconds - from.seconds, 24 * 3600);
    let confirm = v1::ConfirmRequest {
        challenge_id: created.challenge_id,
        code: told.code.clone(),
        ..Default::default()
    };
    let confirmed = client.confirm(confirm).await.expect("Confirm is answered");
    let set = v1::SetPasswordRequest {
        ticket: confirmed.ticket,
        new_password: PASSWORD.to_owned(),
        ..Default::default()
    };
    let set = client.set_password(set).await.expect("SetPassword is answered");
    let id = set.account.expect("an account").id;

    // The notice that the password brought about is no mail with a code.
    assert_eq!(server.code("client1@exemple.fr").await.expect("a code").code, told.code);
    let resend = v1::ResendPasswordRequest {
        request_id: uuid(7),
        account_id: id,
        machine: Some(machine(2)),
        ..Default::default()
    };
    client.resend_password(resend).await.expect("ResendPassword is answered");
    let newer = server.code("client1@exemple.fr").await.expect("a code");
    assert_eq!((newer.kind(), newer.account_id), (CodeKind::PersonalCode, id));
    assert_ne!(newer.code, told.code);

    assert_eq!(TestingProcess::entries(server.folder.path()), 0, "nothing in its folder");
    assert_eq!(TestingProcess::entries(server.temporary.path()), 1, "a database of its own");
    let (printed, log, temporary) = server.stop().await;
    assert_eq!(printed, "", "the URL is all that it prints");
    assert_eq!(TestingProcess::entries(temporary.path()), 0, "gone with the server");
    let warned = log.lines().find(|line| line.contains("FOR TESTS ONLY"));
    assert!(warned.is_some_and(|line| line.contains("WARN")), "{log}");
    for secret in [&*told.code, &newer.code, "client1@exemple", "CLIENT1@exemple", PASSWORD] {
        assert!(!log.contains(secret), "{secret} is in the log");
    }
}

#[tokio::test]
async fn no_limit_of_calls_and_mails_is_in_the_way_of_a_test() {
    let server = TestingProcess::start(&[]).await;
    let client = server.client().await;
    let mut codes = BTreeSet::new();
    for number in 0..100_u32 {
        // Each second one into the same mailbox.
        let email = creation(if number.is_multiple_of(2) { 0 } else { number }).email;
        let request = v1::CreateRequest { email: email.clone(), ..creation(number) };
        client.create(request).await.expect("Create is answered");
        codes.insert(server.code(&email).await.expect("a code").code);
    }
    assert_eq!(codes.len(), 100, "the newest code each time");
    // What a contract promises stays, and the clock is the way out.
    let (id, _) = open(&server, &client, 1_000).await;
    let wrong = v1::RegisterExistingRequest {
        account_id: id,
        secret: new_password(1),
        machine: Some(machine(3)),
    };
    for _ in 0..5 {
        let outcome = client.register_existing(wrong.clone()).await;
        assert_refused(outcome, Code::Unauthenticated, ErrorReason::InvalidCredentials);
    }
    let outcome = client.register_existing(wrong.clone()).await;
    assert_refused(outcome, Code::ResourceExhausted, ErrorReason::TooManyPasswordTries);
    server.advance(2 * HOUR).await.expect("time passes");
    let right = v1::RegisterExistingRequest { secret: PASSWORD.to_owned(), ..wrong };
    client.register_existing(right).await.expect("the wait is over");
}

#[tokio::test]
async fn a_limit_that_a_test_asks_for_holds() {
    let settings = NamedTempFile::new().expect("a file");
    fs::write(settings.path(), "mails_per_address = \"1/1m\"\n").expect("a file");
    let settings = settings.path().to_str().expect("a path");
    for arguments in [["--mails-per-address", "1/1m"], ["--config", settings]] {
        let server = TestingProcess::start(&arguments).await;
        let client = server.client().await;
        client.create(creation(1)).await.expect("Create is answered");
        let again = v1::CreateRequest { email: creation(1).email, ..creation(2) };
        let outcome = client.create(again.clone()).await;
        assert_refused(outcome, Code::ResourceExhausted, ErrorReason::TooManyMailsToAddress);
        server.advance(Duration::from_mins(1)).await.expect("time passes");
        client.create(again).await.expect("the minute is over");
    }
}

#[tokio::test]
async fn codes_and_tickets_expire_when_the_clock_is_moved_and_old_ones_are_forgotten() {
    let server = TestingProcess::start(&[]).await;
    let client = server.client().await;
    let created = client.create(creation(1)).await.expect("Create is answered");
    // At once: what was asked for before is sent before.
    server.advance(DAY + HOUR).await.expect("time passes");
    let code = server.code(&creation(1).email).await.expect("it was sent in time").code;
    let confirm = |challenge_id: &str, code: &str| v1::ConfirmRequest {
        challenge_id: challenge_id.to_owned(),
        code: code.to_owned(),
        ..Default::default()
    };
    let late = confirm(&created.challenge_id, &code);
    let outcome = client.confirm(late.clone()).await;
    assert_refused(outcome, Code::FailedPrecondition, ErrorReason::CodeExpired);

    let created = client.create(creation(2)).await.expect("Create is answered");
    let code = server.code(&creation(2).email).await.expect("a code").code;
    let confirmed = client.confirm(confirm(&created.challenge_id, &code)).await.expect("a ticket");
    server.advance(2 * HOUR).await.expect("time passes");
    let set = v1::SetPasswordRequest {
        ticket: confirmed.ticket,
        new_password: PASSWORD.to_owned(),
        ..Default::default()
    };
    let outcome = client.set_password(set).await;
    assert_refused(outcome, Code::FailedPrecondition, ErrorReason::TicketExpired);

    // As a server in service, which purges each minute, would have forgotten it by then.
    server.advance(400 * DAY).await.expect("time passes");
    let outcome = client.confirm(late).await;
    assert_refused(outcome, Code::Unauthenticated, ErrorReason::InvalidCredentials);
    open(&server, &client, 3).await;
}

#[tokio::test]
async fn the_clock_goes_forward_only_by_what_it_is_told_and_not_too_far() {
    let server = TestingProcess::start(&[]).await;
    let before = server.advance(Duration::ZERO).await.expect("the time");
    let mut moves = JoinSet::new();
    for _ in 0..20 {
        let mut testing = server.testing.clone();
        let by = Some(prost_types::Duration { seconds: 100, nanos: 0 });
        moves.spawn(async move { testing.advance_clock(AdvanceClockRequest { by }).await });
    }
    for moved in moves.join_all().await {
        moved.expect("time passes");
    }
    let after = server.advance(Duration::ZERO).await.expect("the time");
    assert!(after.duration_since(before).as_secs() >= 2_000, "{before} {after}");

    let refused = |seconds, nanos| {
        let mut testing = server.testing.clone();
        async move {
            let by = Some(prost_types::Duration { seconds, nanos });
            testing.advance_clock(AdvanceClockRequest { by }).await.expect_err("it is refused")
        }
    };
    for (seconds, nanos) in [
        (-1, 0),
        (0, -1),
        (1, -1),
        (0, 1_000_000_000),
        (3_660 * 24 * 3600, 1),
        (i64::MAX, i32::MAX),
        (i64::MIN, i32::MIN),
    ] {
        let status = refused(seconds, nanos).await;
        let found = reason(&status);
        assert_eq!(found, (Code::InvalidArgument, "ERROR_REASON_INVALID_REQUEST".to_owned()));
        let bad = status.get_details_bad_request().expect("bad fields").field_violations;
        assert_eq!((&*bad[0].field, bad.len()), ("by", 1), "{seconds} {nanos}");
    }
    let missing = server.testing.clone().advance_clock(AdvanceClockRequest { by: None }).await;
    let status = missing.expect_err("it is refused");
    let bad = status.get_details_bad_request().expect("bad fields").field_violations;
    assert_eq!(bad[0].reason, "VIOLATION_REASON_REQUIRED");

    // Nine such steps are within a century; the next one is not, and nothing is moved by it.
    let start = server.advance(Duration::ZERO).await.expect("the time");
    for _ in 0..9 {
        server.advance(3_660 * DAY).await.expect("time passes");
    }
    let status = server.advance(3_660 * DAY).await.expect_err("too far");
    assert_eq!(status.code(), Code::InvalidArgument);
    let bad = status.get_details_bad_request().expect("bad fields").field_violations;
    assert!(bad[0].description.contains("3659"), "{}", bad[0].description);
    let now = server.advance(Duration::ZERO).await.expect("the time");
    let days = now.duration_since(start).as_hours() / 24;
    assert_eq!(days, 9 * 3_660, "nothing was moved");
    let client = server.client().await;
    open(&server, &client, 1).await;
}

#[tokio::test]
async fn an_address_that_is_none_or_was_sent_no_code_is_refused() {
    let server = TestingProcess::start(&[]).await;
    let huge = format!("{}@exemple.fr", "a".repeat(60_000));
    for (email, violation) in [
        ("", "VIOLATION_REASON_REQUIRED"),
        ("personne", "VIOLATION_REASON_INVALID_EMAIL"),
        ("a@b@c", "VIOLATION_REASON_INVALID_EMAIL"),
        (&huge, "VIOLATION_REASON_TOO_LONG"),
    ] {
        let status = server.code(email).await.expect_err("it is refused");
        let bad = status.get_details_bad_request().expect("bad fields").field_violations;
        assert_eq!((&*bad[0].field, &*bad[0].reason), ("email", violation));
    }
    let status = server.code(&format!("{huge}{huge}")).await.expect_err("it is refused");
    let too_large = "ERROR_REASON_REQUEST_TOO_LARGE".to_owned();
    assert_eq!(reason(&status), (Code::InvalidArgument, too_large));
    let status = server.code("personne@exemple.fr").await.expect_err("it is refused");
    let no_code = "ERROR_REASON_NO_CODE_MAILED".to_owned();
    assert_eq!(reason(&status), (Code::NotFound, no_code));
}

#[tokio::test]
async fn a_reset_forgets_everything_but_the_time() {
    let server = TestingProcess::start(&[]).await;
    let client = server.client().await;
    let later = server.advance(5 * DAY).await.expect("time passes");
    let (id, token) = open(&server, &client, 1).await;
    let linked = client.with_link_token(&LinkToken::parse(&token).expect("a token"));
    linked.get(v1::GetRequest::default()).await.expect("the account");
    // One is in its window, and its mail is on the way.
    client.create(creation(2)).await.expect("Create is answered");

    for _ in 0..2 {
        server.reset().await.expect("it is empty");
        for number in [1, 2] {
            let status = server.code(&creation(number).email).await.expect_err("no code");
            assert_eq!(status.code(), Code::NotFound);
        }
        let outcome = linked.get(v1::GetRequest::default()).await;
        assert_refused(outcome, Code::Unauthenticated, ErrorReason::InvalidCredentials);
        let by_password = v1::RegisterExistingRequest {
            account_id: id,
            secret: PASSWORD.to_owned(),
            machine: Some(machine(1)),
        };
        let outcome = client.register_existing(by_password).await;
        assert_refused(outcome, Code::Unauthenticated, ErrorReason::InvalidCredentials);
    }
    assert!(server.advance(Duration::ZERO).await.expect("the time") >= later);
    let before = server.code(&creation(1).email).await.map(|told| told.code).unwrap_or_default();
    open(&server, &client, 1).await;
    assert_ne!(server.code(&creation(1).email).await.expect("a code").code, before);
}

#[tokio::test]
async fn two_testing_servers_side_by_side_know_nothing_of_each_other() {
    let one = TestingProcess::start(&[]).await;
    let other = TestingProcess::start(&[]).await;
    assert_ne!(one.url, other.url);
    let client = one.client().await;
    open(&one, &client, 1).await;
    assert_eq!(other.code(&creation(1).email).await.expect_err("no code").code(), Code::NotFound);
    let moved = one.advance(10 * DAY).await.expect("time passes");
    assert!(other.advance(Duration::ZERO).await.expect("the time") < moved);
    let (_, log, temporary) = one.stop().await;
    assert_eq!(TestingProcess::entries(temporary.path()), 0, "{log}");
    open(&other, &other.client().await, 1).await;
}
