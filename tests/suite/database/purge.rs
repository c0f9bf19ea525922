//! What is deleted, when, and what goes on working without it.

use gestan_account_client::v1::{self, ErrorReason};
use gestan_account_proto::support::v1::GrantTimeRequest;
use gestan_account_server::{
    domain::role::Role,
    storage::purge::{Retention, purge},
};
use gestan_account_tests::{
    Member, PASSWORD, TestServer, count, grant, is_postgres, ledger_of, machine, new_password,
    rows, text,
};
use jiff::SignedDuration;
use sea_orm::ConnectionTrait as _;
use tonic::Code;

const DAY: SignedDuration = SignedDuration::from_hours(24);
const MILLI: SignedDuration = SignedDuration::from_millis(1);
const WINDOW: SignedDuration = SignedDuration::from_mins(10);
const RETENTION: Retention = Retention {
    challenges: SignedDuration::from_hours(7 * 24),
    audit_events: SignedDuration::from_hours(365 * 24),
    time_notes: SignedDuration::from_hours(5 * 365 * 24),
    ledgers: SignedDuration::from_hours(87_660),
};

async fn purge_now(server: &TestServer) {
    purge(&server.accounts.db, RETENTION, server.outbox.clock.now()).await.unwrap();
}

/// Rows of a table that meet a condition.
async fn rows_in(server: &TestServer, table: &str, condition: &str) -> i64 {
    count(server.db(), &format!("SELECT count(*) FROM {table} WHERE {condition}")).await
}

/// Challenges and codes that still have their seed.
async fn seeds(server: &TestServer) -> (i64, i64) {
    let of_challenges = rows_in(server, "challenge", "seed IS NOT NULL").await;
    (of_challenges, rows_in(server, "personal_code", "seed IS NOT NULL").await)
}

fn assert_refused<T: std::fmt::Debug>(
    answer: Result<T, gestan_account_client::Error>,
    code: Code,
    reason: ErrorReason,
) {
    let error = answer.expect_err("it is refused");
    let rejection = error.rejection().expect("the service refuses");
    assert_eq!((rejection.code(), rejection.reason()), (code, reason));
}

async fn unlink(member: &Member) {
    let request = v1::UnlinkRequest { account_id: member.account_id, ..Default::default() };
    member.client.unlink(request).await.unwrap();
}

#[tokio::test]
async fn rows_that_are_over_for_seven_days_go_and_younger_ones_stay() {
    let server = TestServer::start().await;
    let member = server.open_account("jeanne@exemple.fr", 1).await;
    unlink(&server.register(member.account_id, 2).await).await;
    // In the same tables, a bit younger: a challenge without an answer, and its mail.
    server.advance(MILLI);
    server.create("martin@exemple.fr", 3).await;
    server.deliver_mail().await;
    let everything = |server| async move {
        let mut counts = Vec::new();
        for table in ["challenge", "idempotency_key", "outbox_mail", "link", "personal_code"] {
            counts.push(rows_in(server, table, "1 = 1").await);
        }
        counts
    };
    assert_eq!(everything(&server).await, [2, 2, 4, 2, 2]);

    server.advance(RETENTION.challenges - MILLI);
    purge_now(&server).await;
    assert_eq!(everything(&server).await, [2, 2, 4, 2, 2]);
    server.advance(MILLI);
    purge_now(&server).await;
    assert_eq!(everything(&server).await, [1, 1, 1, 1, 1]);
    assert_eq!(rows_in(&server, "challenge", "email = 'martin@exemple.fr'").await, 1);
    assert_eq!(rows_in(&server, "outbox_mail", "recipient = 'martin@exemple.fr'").await, 1);
    assert_eq!(rows_in(&server, "link", "unlink_time IS NULL").await, 1);

    server.advance(MILLI);
    purge_now(&server).await;
    assert_eq!(everything(&server).await, [0, 0, 0, 1, 0]);
    assert_eq!(rows_in(&server, "account", "email = 'jeanne@exemple.fr'").await, 1);
    member.client.get(v1::GetRequest::default()).await.expect("the live link stays");
}

/// The row of a seed is gone; its bytes must be, too, for whoever gets at the file.
#[tokio::test]
async fn what_was_purged_from_sqlite_is_not_in_its_file_any_more() {
    if is_postgres() {
        return;
    }
    let server = TestServer::start().await;
    server.create("jeanne@exemple.fr", 1).await;
    server.deliver_mail().await;
    let challenge = rows(server.db(), "SELECT seed FROM challenge").await;
    let seed: Vec<u8> = challenge[0].try_get_by_index(0).expect("a seed");
    let is_in_file = || async {
        let checkpoint = "PRAGMA wal_checkpoint(TRUNCATE)";
        server.db().execute_unprepared(checkpoint).await.expect("a checkpoint");
        let bytes = server.database_files().concat();
        bytes.windows(seed.len()).any(|window| window == seed)
    };
    assert!(is_in_file().await, "the seed is stored");
    server.advance(RETENTION.challenges + MILLI);
    purge_now(&server).await;
    assert!(!is_in_file().await, "the seed is overwritten");
}

#[tokio::test]
async fn a_mail_that_is_still_owed_is_never_purged() {
    let mut server = TestServer::start().await;
    server.leaves_mail();
    server.create("jeanne@exemple.fr", 1).await;
    server.advance(DAY * 30);
    purge_now(&server).await;
    assert_eq!(rows_in(&server, "outbox_mail", "state = 'pending'").await, 1);
    server.deliver_mail().await;
    assert_eq!(rows_in(&server, "outbox_mail", "state = 'expired'").await, 1);
}

#[tokio::test]
async fn audit_events_are_kept_for_a_year() {
    let server = TestServer::start().await;
    server.open_account("jeanne@exemple.fr", 1).await;
    let events = rows_in(&server, "audit_event", "1 = 1").await;
    assert!(events >= 3, "{events} events");
    server.advance(RETENTION.audit_events);
    purge_now(&server).await;
    assert_eq!(rows_in(&server, "audit_event", "1 = 1").await, events);
    server.advance(MILLI);
    purge_now(&server).await;
    assert_eq!(rows_in(&server, "audit_event", "1 = 1").await, 0);
}

#[tokio::test]
async fn a_ticket_keeps_its_seed_for_its_hour_and_ten_minutes_after_its_use() {
    let server = TestServer::start().await;
    let created = server.create("jeanne@exemple.fr", 1).await;
    let code = server.code_to("jeanne@exemple.fr").await;
    let ticket = server.confirm(&created.challenge_id, &code).await.ticket;
    server.advance(SignedDuration::from_mins(59));
    purge_now(&server).await;
    assert_eq!(seeds(&server).await, (1, 0));
    let set = server.set_password(&ticket, PASSWORD).await;
    server.deliver_mail().await;

    server.advance(WINDOW);
    purge_now(&server).await;
    assert_eq!(seeds(&server).await, (1, 0));
    let again = server.set_password(&ticket, PASSWORD).await;
    assert_eq!(again.link_token, set.link_token, "an answer that was lost is given again");

    server.advance(MILLI);
    purge_now(&server).await;
    assert_eq!(seeds(&server).await, (0, 0));
}

#[tokio::test]
async fn a_ticket_that_nobody_used_keeps_nothing_beyond_its_hour() {
    let server = TestServer::start().await;
    let created = server.create("jeanne@exemple.fr", 1).await;
    let code = server.code_to("jeanne@exemple.fr").await;
    let ticket = server.confirm(&created.challenge_id, &code).await.ticket;
    server.advance(SignedDuration::from_hours(1));
    purge_now(&server).await;
    assert_eq!(seeds(&server).await, (1, 0));
    server.advance(MILLI);
    purge_now(&server).await;
    assert_eq!(seeds(&server).await, (0, 0));
    let request =
        v1::SetPasswordRequest { ticket, new_password: PASSWORD.to_owned(), ..Default::default() };
    let answer = server.client.set_password(request).await;
    assert_refused(answer, Code::FailedPrecondition, ErrorReason::TicketExpired);
}

#[tokio::test]
async fn a_code_that_linked_a_machine_keeps_its_seed_for_ten_minutes() {
    let server = TestServer::start().await;
    let member = server.open_account("jeanne@exemple.fr", 1).await;
    server.advance(SignedDuration::from_hours(1));
    purge_now(&server).await;
    assert_eq!(seeds(&server).await, (0, 0));
    server.resend(member.account_id, 2).await;
    let request = v1::RegisterExistingRequest {
        account_id: member.account_id,
        secret: server.code_to("jeanne@exemple.fr").await,
        machine: Some(machine(2)),
    };
    let linked = server.client.register_existing(request.clone()).await.unwrap();
    server.deliver_mail().await;

    server.advance(WINDOW);
    purge_now(&server).await;
    assert_eq!(seeds(&server).await, (1, 1));
    let again = server.client.register_existing(request.clone()).await.unwrap();
    assert_eq!(again.link_token, linked.link_token);

    server.advance(MILLI);
    purge_now(&server).await;
    assert_eq!(seeds(&server).await, (1, 0));
    let answer = server.client.register_existing(request).await;
    assert_refused(answer, Code::Unauthenticated, ErrorReason::InvalidCredentials);
    let client = server.client_with(&linked.link_token);
    client.get(v1::GetRequest::default()).await.expect("the machine stays linked");
}

#[tokio::test]
async fn a_challenge_without_an_answer_keeps_what_its_answer_needs() {
    let server = TestServer::start().await;
    let created = server.create("jeanne@exemple.fr", 1).await;
    let code = server.code_to("jeanne@exemple.fr").await;
    server.advance(DAY - MILLI);
    purge_now(&server).await;
    assert_eq!(seeds(&server).await, (1, 0));
    server.confirm(&created.challenge_id, &code).await;
}

#[tokio::test]
async fn a_new_address_that_was_not_confirmed_in_time_is_forgotten() {
    let server = TestServer::start().await;
    let member = server.open_account("jeanne@exemple.fr", 1).await;
    let account = v1::Account { email: "nouvelle@exemple.fr".to_owned(), ..Default::default() };
    let request = v1::UpdateRequest {
        account: Some(account),
        password: PASSWORD.to_owned(),
        ..Default::default()
    };
    member.client.update(request).await.unwrap();
    server.deliver_mail().await;
    let pending = "SELECT pending_email FROM account";
    server.advance(DAY);
    purge_now(&server).await;
    assert_eq!(text(server.db(), pending).await.as_deref(), Some("nouvelle@exemple.fr"));
    server.advance(MILLI);
    purge_now(&server).await;
    assert_eq!(text(server.db(), pending).await, None);
    assert_eq!(rows_in(&server, "account", "pending_email_expire_time IS NULL").await, 1);
    let account = member.client.get(v1::GetRequest::default()).await.unwrap().account.unwrap();
    assert_eq!((&*account.email, &*account.pending_email), ("jeanne@exemple.fr", ""));
}

#[tokio::test]
async fn purging_again_changes_nothing() {
    let server = TestServer::start().await;
    server.open_account("jeanne@exemple.fr", 1).await;
    server.advance(WINDOW + MILLI);
    server.create("martin@exemple.fr", 2).await;
    server.deliver_mail().await;
    purge_now(&server).await;
    let snapshot = |server| async move {
        let mut counts = vec![seeds(server).await.0];
        for table in ["challenge", "idempotency_key", "outbox_mail", "link", "audit_event"] {
            counts.push(rows_in(server, table, "1 = 1").await);
        }
        counts
    };
    let once = snapshot(&server).await;
    purge_now(&server).await;
    assert_eq!(snapshot(&server).await, once);
    assert_eq!(once[..2], [1, 2]);
}

#[tokio::test]
async fn after_the_erasing_repeats_are_refused_and_everything_else_works() {
    let server = TestServer::start().await;
    let created = server.create("jeanne@exemple.fr", 1).await;
    let code = server.code_to("jeanne@exemple.fr").await;
    let confirmed = server.confirm(&created.challenge_id, &code).await;
    let set = server.set_password(&confirmed.ticket, PASSWORD).await;
    server.deliver_mail().await;
    server.advance(WINDOW + MILLI);
    purge_now(&server).await;

    let confirm =
        v1::ConfirmRequest { challenge_id: created.challenge_id, code, ..Default::default() };
    let answer = server.client.confirm(confirm).await;
    assert_refused(answer, Code::FailedPrecondition, ErrorReason::CodeSpent);
    let again = v1::SetPasswordRequest {
        ticket: confirmed.ticket,
        new_password: PASSWORD.to_owned(),
        ..Default::default()
    };
    let answer = server.client.set_password(again).await;
    assert_refused(answer, Code::FailedPrecondition, ErrorReason::TicketSpent);

    let linked = server.client_with(&set.link_token);
    linked.get(v1::GetRequest::default()).await.expect("the token works");
    server.register(confirmed.account_id, 2).await;
    let resent = server.resend(confirmed.account_id, 3).await;
    let code = server.code_to("jeanne@exemple.fr").await;
    let confirmed = server.confirm(&resent.challenge_id, &code).await;
    server.set_password(&confirmed.ticket, &new_password(1)).await;
    server.deliver_mail().await;
    assert_eq!(rows_in(&server, "link", "unlink_time IS NULL").await, 3);
}

/// Where a person is, is kept as long as limits ask for it.
#[tokio::test]
async fn the_network_of_a_machine_goes_when_its_link_dies_and_thirty_days_after_it_was_seen() {
    let server = TestServer::start().await;
    let member = server.open_account("jeanne@exemple.fr", 1).await;
    let other = server.register(member.account_id, 2).await;
    let known = "last_seen_network = '127.0.0.1/32'";
    assert_eq!(rows_in(&server, "link", known).await, 2);
    unlink(&other).await;
    assert_eq!(rows_in(&server, "link", known).await, 1, "a dead link has none");
    let last = server.register(member.account_id, 3).await;
    let set = v1::SetPasswordRequest {
        current_password: PASSWORD.to_owned(),
        new_password: new_password(1),
        unlink_other_machines: true,
        ..Default::default()
    };
    member.client.set_password(set).await.expect("it is set");
    last.client.get(v1::GetRequest::default()).await.expect_err("it is detached");
    assert_eq!(rows_in(&server, "link", known).await, 1, "nor has one that was detached");
    server.deliver_mail().await;

    server.advance(DAY * 30);
    purge_now(&server).await;
    assert_eq!(rows_in(&server, "link", known).await, 1);
    server.advance(MILLI);
    purge_now(&server).await;
    assert_eq!(rows_in(&server, "link", "last_seen_network IS NOT NULL").await, 0);
    member.client.get(v1::GetRequest::default()).await.expect("the link lives");
    assert_eq!(rows_in(&server, "link", known).await, 1, "it is seen again");
}

#[tokio::test]
async fn what_support_time_was_for_goes_after_five_years_and_its_entry_stays() {
    let server = TestServer::start().await;
    let account = server.open_account("jeanne@exemple.fr", 1).await.account_id;
    let mut desk = server.desk(Role::Admin).await;
    for minutes in [60, 61] {
        let summary = "Carnet".to_owned();
        let request = GrantTimeRequest { summary, ..grant(account, minutes) };
        desk.grant_time(request).await.unwrap();
        server.advance(MILLI);
    }
    server.advance(RETENTION.time_notes - MILLI);
    purge_now(&server).await;
    assert_eq!(rows_in(&server, "time_entry_note", "true").await, 1, "the younger one");
    server.advance(MILLI);
    purge_now(&server).await;
    assert_eq!(rows_in(&server, "time_entry_note", "true").await, 0);
    assert_eq!(ledger_of(&desk, account).await, [(61, 121), (60, 60)]);
}
