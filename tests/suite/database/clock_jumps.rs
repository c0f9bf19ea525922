//! A clock that was wrong for a moment deletes nothing, and leaves nothing behind that
//! lasts until its time has come.

use gestan_account_client::{Code, v1, v1::ErrorReason};
use gestan_account_server::{Purger, clock::Clock as _, storage::purge::Retention};
use gestan_account_tests::{
    Log, Member, PASSWORD, TestServer, assert_refused, change_email, count, execute, machine,
    new_password, tables, text,
};
use jiff::SignedDuration;
use tracing::subscriber::DefaultGuard;

const MINUTE: SignedDuration = SignedDuration::from_mins(1);
const HOUR: SignedDuration = SignedDuration::from_hours(1);
const DAY: SignedDuration = SignedDuration::from_hours(24);
const RETENTION: Retention = Retention {
    challenges: SignedDuration::from_hours(7 * 24),
    audit_events: SignedDuration::from_hours(365 * 24),
    time_notes: SignedDuration::from_hours(5 * 365 * 24),
    ledgers: SignedDuration::from_hours(87_660),
};

/// Of the tests whose purge warns, each listens: whoever comes first to a line without
/// listening has the others not hear it.
fn listen() -> (Log, DefaultGuard) {
    Log::capture()
}

fn purger(server: &TestServer) -> Purger {
    Purger::new(&server.accounts, RETENTION)
}

async fn run(purger: &mut Purger) {
    purger.run_once().await.expect("it is purged");
}

/// Lets the clock be where it is until it is believed, while the purge runs.
async fn steady(server: &TestServer, purger: &mut Purger) {
    for _ in 0..11 {
        server.advance(MINUTE);
        run(purger).await;
    }
}

async fn number(server: &TestServer, sql: &str) -> i64 {
    count(server.db(), sql).await
}

/// The rows of every table, and what else a purge erases.
async fn everything(server: &TestServer) -> Vec<(String, i64)> {
    let mut counts = Vec::new();
    for table in tables(server.db()).await.into_iter().filter(|table| table != "heartbeat") {
        // A row that only was locked holds nothing.
        let which = if table == "throttle" { "hits <> '[]'" } else { "1 = 1" };
        let sql = format!("SELECT count(*) FROM {table} WHERE {which}");
        counts.push((table, number(server, &sql).await));
    }
    for (table, column) in [("challenge", "seed"), ("account", "pending_email")] {
        let sql = format!("SELECT count(*) FROM {table} WHERE {column} IS NOT NULL");
        counts.push((format!("{table}.{column}"), number(server, &sql).await));
    }
    counts
}

/// An account with rows of each kind: codes that are spent and that are not, a dead link, a
/// pending address, events.
async fn fill(server: &TestServer) -> Member {
    let member = server.open_account("jeanne@exemple.fr", 1).await;
    let second = server.register(member.account_id, 2).await;
    let unlink = v1::UnlinkRequest { account_id: member.account_id, ..Default::default() };
    second.client.unlink(unlink).await.expect("it is detached");
    server.create("martin@exemple.fr", 3).await;
    member.client.update(change_email("nouvelle@exemple.fr")).await.expect("it is pending");
    server.deliver_mail().await;
    member
}

#[tokio::test]
async fn two_seconds_four_hundred_days_ahead_delete_nothing() {
    let _log = listen();
    let server = TestServer::start().await;
    fill(&server).await;
    let mut purger = purger(&server);
    run(&mut purger).await;
    steady(&server, &mut purger).await;
    let before = everything(&server).await;
    for jump in [DAY * 400, -DAY * 400, -DAY, DAY] {
        server.clock.jump(jump);
        run(&mut purger).await;
        server.advance(SignedDuration::from_secs(2));
        run(&mut purger).await;
        assert_eq!(everything(&server).await, before, "set by {jump:#}");
    }
    assert!(before.iter().any(|(table, rows)| table == "audit_event" && *rows > 5), "{before:?}");
}

#[tokio::test]
async fn a_server_that_starts_with_a_clock_ahead_deletes_nothing() {
    let _log = listen();
    let server = TestServer::start().await;
    fill(&server).await;
    let before = everything(&server).await;
    // One that was never purged, too: its trail tells when it was in use.
    for _ in 0..2 {
        server.clock.jump(DAY * 400);
        run(&mut purger(&server)).await;
        assert_eq!(everything(&server).await, before);
        server.clock.jump(-DAY * 400);
        run(&mut purger(&server)).await;
        assert_eq!(everything(&server).await, before);
    }
}

#[tokio::test]
async fn a_server_that_stood_still_for_a_month_has_purged_what_is_due_after_thirty_hours() {
    let (log, _logging) = listen();
    let server = TestServer::start().await;
    fill(&server).await;
    run(&mut purger(&server)).await;
    server.clock.jump(DAY * 30);
    let mut purger = purger(&server);
    run(&mut purger).await;
    let challenges = "SELECT count(*) FROM challenge";
    let there = number(&server, challenges).await;
    assert!(there > 0);
    let mut hours = 0;
    while number(&server, challenges).await > 0 {
        hours += 1;
        assert!(hours <= 30, "it takes more than thirty hours");
        server.advance(HOUR);
        run(&mut purger).await;
    }
    // A week's rows take more than a day's time.
    assert!(hours > 7, "they were deleted after {hours} hours");
    let warnings = log.text().matches("the clock is far ahead of the last purge").count();
    assert!((hours - 1..=hours + 1).contains(&warnings), "{warnings} in {hours} hours");
    for _ in hours..=30 {
        server.advance(HOUR);
        run(&mut purger).await;
    }
    let warnings = || log.text().matches("the clock is far ahead").count();
    let told = warnings();
    server.advance(DAY / 2);
    run(&mut purger).await;
    assert_eq!(warnings(), told, "it has caught up");
}

/// Nobody knows yet whether the clock was right before.
#[tokio::test]
async fn until_a_clock_is_believed_it_has_no_more_deleted_than_passes() {
    let _log = listen();
    let server = TestServer::start().await;
    let member = server.open_account("jeanne@exemple.fr", 1).await;
    let mut purger = purger(&server);
    steady(&server, &mut purger).await;
    member.client.update(change_email("nouvelle@exemple.fr")).await.expect("it is pending");
    server.deliver_mail().await;
    server.advance(DAY - MINUTE * 15);
    run(&mut purger).await;
    server.clock.jump(DAY * 400);
    let pending = "SELECT pending_email FROM account";
    for _ in 0..5 {
        server.advance(MINUTE);
        run(&mut purger).await;
        assert!(text(server.db(), pending).await.is_some(), "it has its day");
    }
    server.clock.jump(-DAY * 400);
    server.advance(MINUTE * 11);
    run(&mut purger).await;
    assert_eq!(text(server.db(), pending).await, None);
}

#[tokio::test]
async fn a_mail_that_a_clock_ahead_has_given_a_turn_waits_as_long_as_it_would_have() {
    let server = TestServer::start().await;
    let mut purger = purger(&server);
    server.clock.jump(DAY * 400);
    let created = server.create("jeanne@exemple.fr", 1).await;
    // As it is for a mailbox that has had its share.
    let turn = "UPDATE outbox_mail SET next_attempt_time = next_attempt_time + 3600000";
    execute(server.db(), turn).await;
    server.clock.jump(-DAY * 400);
    run(&mut purger).await;
    steady(&server, &mut purger).await;
    assert_eq!(server.deliver_mail().await, 0, "it has its turn");
    server.advance(HOUR);
    let code = server.code_to("jeanne@exemple.fr").await;
    server.confirm(&created.challenge_id, &code).await;
}

#[tokio::test]
async fn a_code_of_a_clock_that_was_ahead_serves_for_its_day_and_no_longer() {
    let server = TestServer::start().await;
    let mut purger = purger(&server);
    server.clock.jump(DAY * 400);
    let created = server.create("jeanne@exemple.fr", 1).await;
    let code = server.code_to("jeanne@exemple.fr").await;
    let late = server.create("martin@exemple.fr", 2).await;
    let late_code = server.code_to("martin@exemple.fr").await;
    server.clock.jump(-DAY * 400);
    run(&mut purger).await;
    steady(&server, &mut purger).await;
    server.advance(DAY - HOUR);
    server.confirm(&created.challenge_id, &code).await;
    server.advance(HOUR);
    let request = v1::ConfirmRequest {
        challenge_id: late.challenge_id,
        code: late_code,
        ..Default::default()
    };
    let answer = server.client.confirm(request).await;
    assert_refused(answer, Code::FailedPrecondition, ErrorReason::CodeExpired);
}

#[tokio::test]
async fn a_ticket_of_a_clock_that_was_ahead_serves_for_its_hour_and_its_code_repeats_for_minutes() {
    let server = TestServer::start().await;
    let mut purger = purger(&server);
    let created = server.create("jeanne@exemple.fr", 1).await;
    let code = server.code_to("jeanne@exemple.fr").await;
    server.clock.jump(DAY / 2);
    let ticket = server.confirm(&created.challenge_id, &code).await.ticket;
    server.clock.jump(-DAY / 2);
    run(&mut purger).await;
    steady(&server, &mut purger).await;
    server.confirm(&created.challenge_id, &code).await;
    server.advance(MINUTE * 11);
    let request =
        v1::ConfirmRequest { challenge_id: created.challenge_id, code, ..Default::default() };
    let answer = server.client.confirm(request).await;
    assert_refused(answer, Code::FailedPrecondition, ErrorReason::CodeSpent);
    server.advance(HOUR);
    let request =
        v1::SetPasswordRequest { ticket, new_password: PASSWORD.to_owned(), ..Default::default() };
    let answer = server.client.set_password(request).await;
    assert_refused(answer, Code::FailedPrecondition, ErrorReason::TicketExpired);
}

#[tokio::test]
async fn a_machine_that_a_clock_ahead_has_linked_by_code_gets_its_token_again_for_minutes() {
    let server = TestServer::start().await;
    let mut purger = purger(&server);
    let member = server.open_account("jeanne@exemple.fr", 1).await;
    server.resend(member.account_id, 2).await;
    let secret = server.code_to("jeanne@exemple.fr").await;
    let request = v1::RegisterExistingRequest {
        account_id: member.account_id,
        secret,
        machine: Some(machine(2)),
    };
    server.clock.jump(DAY / 2);
    let linked = server.client.register_existing(request.clone()).await.expect("it is linked");
    server.deliver_mail().await;
    server.clock.jump(-DAY / 2);
    run(&mut purger).await;
    steady(&server, &mut purger).await;
    let again = server.client.register_existing(request.clone()).await.expect("a repeat");
    assert_eq!(again.link_token, linked.link_token);
    server.advance(MINUTE * 11);
    let answer = server.client.register_existing(request).await;
    assert_refused(answer, Code::Unauthenticated, ErrorReason::InvalidCredentials);
}

/// What lies in the future for a clock that is behind for a moment is right.
#[tokio::test]
async fn a_clock_that_is_a_day_behind_for_two_seconds_shortens_nothing() {
    let _log = listen();
    let server = TestServer::start().await;
    let mut purger = purger(&server);
    steady(&server, &mut purger).await;
    let created = server.create("jeanne@exemple.fr", 1).await;
    let code = server.code_to("jeanne@exemple.fr").await;
    server.clock.jump(-DAY);
    run(&mut purger).await;
    server.advance(SignedDuration::from_secs(2));
    run(&mut purger).await;
    server.clock.jump(DAY);
    steady(&server, &mut purger).await;
    server.advance(DAY - HOUR);
    run(&mut purger).await;
    server.confirm(&created.challenge_id, &code).await;
}

#[tokio::test]
async fn a_pending_address_of_a_clock_that_was_ahead_is_forgotten_after_its_day() {
    let server = TestServer::start().await;
    let member = server.open_account("jeanne@exemple.fr", 1).await;
    let mut purger = purger(&server);
    server.clock.jump(DAY * 400);
    member.client.update(change_email("nouvelle@exemple.fr")).await.expect("it is pending");
    server.deliver_mail().await;
    server.clock.jump(-DAY * 400);
    run(&mut purger).await;
    steady(&server, &mut purger).await;
    let pending = "SELECT pending_email FROM account";
    assert!(text(server.db(), pending).await.is_some());
    server.advance(DAY + HOUR);
    run(&mut purger).await;
    assert_eq!(text(server.db(), pending).await, None);
}

#[tokio::test]
async fn rows_of_a_clock_that_was_ahead_are_purged_when_they_would_have_been() {
    let server = TestServer::start().await;
    let mut purger = purger(&server);
    server.clock.jump(DAY * 400);
    let member = fill(&server).await;
    server.clock.jump(-DAY * 400);
    run(&mut purger).await;
    steady(&server, &mut purger).await;
    server.advance(RETENTION.challenges + HOUR);
    run(&mut purger).await;
    for table in ["challenge", "personal_code", "idempotency_key", "outbox_mail", "throttle"] {
        let rows = number(&server, &format!("SELECT count(*) FROM {table}")).await;
        assert_eq!(rows, 0, "{table}");
    }
    assert_eq!(number(&server, "SELECT count(*) FROM link").await, 1);
    member.client.get(v1::GetRequest::default()).await.expect("the live link stays");
}

#[tokio::test]
async fn a_machine_that_a_clock_ahead_has_seen_is_seen_again_now() {
    let server = TestServer::start().await;
    let member = server.open_account("jeanne@exemple.fr", 1).await;
    let unseen = server.register(member.account_id, 2).await;
    server.deliver_mail().await;
    let mut purger = purger(&server);
    server.clock.jump(DAY * 400);
    for machine in [&member, &unseen] {
        machine.client.get(v1::GetRequest::default()).await.expect("it reads");
    }
    server.clock.jump(-DAY * 400);
    server.advance(MINUTE);
    let now = server.clock.now().as_millisecond();
    member.client.get(v1::GetRequest::default()).await.expect("it reads");
    let seen_now = format!("SELECT count(*) FROM link WHERE last_seen_time = {now}");
    assert_eq!(number(&server, &seen_now).await, 1);
    // The other one does not call any more.
    run(&mut purger).await;
    steady(&server, &mut purger).await;
    let now = server.clock.now().as_millisecond();
    let ahead = format!("SELECT count(*) FROM link WHERE last_seen_time > {now}");
    assert_eq!(number(&server, &ahead).await, 0);
}

/// A code that has expired by a clock that is ahead is open again when the clock is back.
#[tokio::test]
async fn a_reset_by_a_clock_that_is_ahead_ends_what_was_mailed_before() {
    let server = TestServer::start().await;
    let member = server.open_account("jeanne@exemple.fr", 1).await;
    server.advance(HOUR);
    let read = server.resend(member.account_id, 66).await;
    let code = server.code_to("jeanne@exemple.fr").await;
    let given = server.resend(member.account_id, 67).await;
    let given_code = server.code_to("jeanne@exemple.fr").await;
    let ticket = server.confirm(&given.challenge_id, &given_code).await.ticket;
    server.clock.jump(DAY * 2);
    let owner = server.resend(member.account_id, 1).await;
    let owners = server.code_to("jeanne@exemple.fr").await;
    let confirmed = server.confirm(&owner.challenge_id, &owners).await;
    server.set_password(&confirmed.ticket, &new_password(1)).await;
    server.deliver_mail().await;
    server.clock.jump(-DAY * 2);
    let request =
        v1::ConfirmRequest { challenge_id: read.challenge_id, code, ..Default::default() };
    let answer = server.client.confirm(request).await;
    assert_refused(answer, Code::FailedPrecondition, ErrorReason::CodeExpired);
    let request =
        v1::SetPasswordRequest { ticket, new_password: new_password(2), ..Default::default() };
    let answer = server.client.set_password(request).await;
    assert_refused(answer, Code::FailedPrecondition, ErrorReason::TicketExpired);
}
