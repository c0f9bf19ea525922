//! Nobody can find out who has an account: what a call does, and what it
//! answers, is the same whether or not there is one. The time is drawn by the
//! benchmark `enumeration`.

use std::collections::BTreeMap;

use gestan_account_client::{Error, v1};
use gestan_account_proto::support::v1::StartEmailChangeRequest;
use gestan_account_server::{
    clock::Clock as _,
    domain::role::Role,
    storage::purge::{Retention, purge},
    throttle::{Throttles, calls::CallRate},
};
use gestan_account_tests::{
    PASSWORD, TestServer, TestServerOptions, count, execute, forget_networks, machine, refused,
    tables, uuid,
};
use jiff::SignedDuration;

use super::confirm::wrong_code;

const RETENTION: Retention = Retention {
    challenges: SignedDuration::from_hours(168),
    audit_events: SignedDuration::from_hours(8760),
    time_notes: SignedDuration::from_hours(43_800),
    ledgers: SignedDuration::from_hours(87_660),
};

const EXISTING: u32 = 1;
const MISSING: u32 = 4_000_000_000;

/// That of an account which was merged into the one that exists.
const MERGED: u32 = 3_000_000_000;

/// What a call did: hashing jobs, statements by their first words, new rows by table.
#[derive(Debug)]
struct Work {
    hashing_jobs: u64,
    statements: Vec<String>,
    new_rows: BTreeMap<String, i64>,
}

/// A server with every throttle in force, and one account.
async fn start() -> TestServer {
    let call_rate = CallRate { burst: 1000, per_second: 1000 };
    let throttles = Throttles::default();
    let options = TestServerOptions { throttles, call_rate, ..Default::default() };
    let server = TestServer::start_with(options).await;
    server.open_account("jeanne@exemple.fr", 1).await;
    let merged = format!("INSERT INTO account_alias VALUES ({MERGED}, {EXISTING}, 0, 0, 0)");
    execute(server.db(), &merged).await;
    // The mails that addresses got before are forgotten: they are not compared. So is the
    // network in which the machine was seen: the callers are strangers.
    server.advance(SignedDuration::from_hours(31 * 24));
    let now = server.clock.now();
    purge(&server.accounts.db, RETENTION, now).await.expect("it is purged");
    // This caller's own address is counted from its first call on.
    create(&server, 100, "premier@exemple.fr").await;
    server.deliver_mail().await;
    server
}

async fn table_sizes(server: &TestServer) -> BTreeMap<String, i64> {
    let mut sizes = BTreeMap::new();
    // A heartbeat is no call's.
    for table in tables(server.db()).await.into_iter().filter(|table| table != "heartbeat") {
        let size = count(server.db(), &format!("SELECT count(*) FROM {table}")).await;
        sizes.insert(table, size);
    }
    sizes
}

async fn work_of<T>(server: &TestServer, call: impl Future<Output = T>) -> (T, Work) {
    let before = table_sizes(server).await;
    let jobs = server.accounts.hasher.jobs_done();
    let _ = server.take_statements();
    let outcome = call.await;
    let statements = server.take_statements();
    let hashing_jobs = server.accounts.hasher.jobs_done() - jobs;
    let after = table_sizes(server).await;
    let new_rows = after.into_iter().map(|(table, size)| (table.clone(), size - before[&table]));
    let statements = statements.iter().map(|sql| shape(sql)).collect();
    (outcome, Work { hashing_jobs, statements, new_rows: new_rows.collect() })
}

fn assert_same(existing: &Work, missing: &Work) {
    assert_eq!(existing.hashing_jobs, missing.hashing_jobs);
    assert_eq!(existing.new_rows, missing.new_rows);
    for (one, other) in existing.statements.iter().zip(&missing.statements) {
        assert_eq!(one, other);
    }
    assert_eq!(existing.statements.len(), missing.statements.len());
}

/// A statement without its list of values, whose length may differ.
fn shape(sql: &str) -> String {
    sql.split(" IN (").next().unwrap_or(sql).to_owned()
}

async fn create(server: &TestServer, number: u128, email: &str) -> v1::CreateResponse {
    let request = v1::CreateRequest {
        request_id: uuid(number),
        email: email.to_owned(),
        machine: Some(machine(number)),
        ..Default::default()
    };
    server.client.create(request).await.expect("it is answered")
}

async fn resend(
    server: &TestServer,
    number: u128,
    account_id: u32,
    email: &str,
) -> v1::ResendPasswordResponse {
    let request = v1::ResendPasswordRequest {
        request_id: uuid(number),
        account_id,
        email: email.to_owned(),
        machine: Some(machine(number)),
        ..Default::default()
    };
    server.client.resend_password(request).await.expect("it is answered")
}

async fn register(
    server: &TestServer,
    account_id: u32,
    secret: &str,
) -> Result<v1::RegisterExistingResponse, Error> {
    let request = v1::RegisterExistingRequest {
        account_id,
        secret: secret.to_owned(),
        machine: Some(machine(9)),
    };
    server.client.register_existing(request).await
}

#[tokio::test]
async fn create_does_and_answers_the_same_for_an_address_with_and_without_an_account() {
    let server = start().await;
    let (existing, work) = work_of(&server, create(&server, 2, "jeanne@exemple.fr")).await;
    let (missing, same) = work_of(&server, create(&server, 3, "personne@exemple.fr")).await;
    assert_same(&work, &same);
    assert_eq!(work.new_rows["outbox_mail"], 1);
    assert_eq!(existing.code_expire_time, missing.code_expire_time);
    assert_eq!(existing.resend_time, missing.resend_time);
    assert_eq!(existing.challenge_id.len(), missing.challenge_id.len());
    server.deliver_mail().await;
}

#[tokio::test]
async fn resend_password_does_and_answers_the_same_by_address() {
    let server = start().await;
    let (existing, work) = work_of(&server, resend(&server, 2, 0, "jeanne@exemple.fr")).await;
    let (missing, same) = work_of(&server, resend(&server, 3, 0, "personne@exemple.fr")).await;
    assert_same(&work, &same);
    assert_eq!(existing.code_expire_time, missing.code_expire_time);
    assert_eq!(existing.resend_time, missing.resend_time);
    server.deliver_mail().await;
}

#[tokio::test]
async fn resend_password_does_and_answers_the_same_by_id() {
    let server = start().await;
    let (existing, work) = work_of(&server, resend(&server, 2, EXISTING, "")).await;
    let (missing, same) = work_of(&server, resend(&server, 3, MISSING, "")).await;
    assert_same(&work, &same);
    server.advance(SignedDuration::from_mins(2));
    let (merged, same) = work_of(&server, resend(&server, 4, MERGED, "")).await;
    // What was counted of the account is counted on: no new rows.
    assert_eq!(merged.challenge_id.len(), missing.challenge_id.len());
    assert_eq!(work.statements, same.statements);
    assert_eq!(work.new_rows["outbox_mail"], 1);
    assert_eq!(existing.code_expire_time, missing.code_expire_time);
    assert_eq!(existing.resend_time, missing.resend_time);
    server.deliver_mail().await;
}

/// A caller that measures how busy the server is must learn nothing from it, either.
#[tokio::test]
async fn the_mails_cost_the_same_work_whether_or_not_there_is_an_account() {
    let server = start().await;
    let asked = [("jeanne@exemple.fr", EXISTING), ("personne@exemple.fr", MISSING)];
    let mut works = Vec::new();
    for (number, (email, account_id)) in (2..).zip(asked) {
        create(&server, number, email).await;
        works.push(work_of(&server, server.deliver_mail()).await);
        server.advance(SignedDuration::from_hours(2));
        resend(&server, number + 10, 0, email).await;
        works.push(work_of(&server, server.deliver_mail()).await);
        server.advance(SignedDuration::from_hours(2));
        resend(&server, number + 20, account_id, "").await;
        works.push(work_of(&server, server.deliver_mail()).await);
        server.advance(SignedDuration::from_hours(2));
    }
    let (existing, missing) = works.split_at(3);
    for ((sent, work), (same_sent, same)) in existing.iter().zip(missing) {
        assert_eq!((*sent, *same_sent), (1, 1));
        assert_eq!(work.hashing_jobs, 1);
        assert_same(work, same);
    }
}

#[tokio::test]
async fn confirm_does_and_answers_the_same_for_a_challenge_of_an_unknown_id() {
    let server = start().await;
    let existing = resend(&server, 2, EXISTING, "").await;
    let missing = resend(&server, 3, MISSING, "").await;
    server.deliver_mail().await;
    let code = wrong_code(&server);
    let confirm = async |challenge_id| {
        let request = v1::ConfirmRequest { challenge_id, code: code.clone(), ..Default::default() };
        server.client.confirm(request).await
    };
    let (existing, work) = work_of(&server, confirm(existing.challenge_id)).await;
    let (missing, same) = work_of(&server, confirm(missing.challenge_id)).await;
    assert_same(&work, &same);
    assert_eq!(work.hashing_jobs, 1);
    assert_eq!(format!("{:?}", refused(existing)), format!("{:?}", refused(missing)));
}

#[tokio::test]
async fn register_existing_does_and_answers_the_same_for_a_wrong_password() {
    let server = start().await;
    let (existing, work) = work_of(&server, register(&server, EXISTING, "faux")).await;
    let (missing, same) = work_of(&server, register(&server, MISSING, PASSWORD)).await;
    assert_same(&work, &same);
    let (merged, same) = work_of(&server, register(&server, MERGED, "faux")).await;
    assert_eq!((work.hashing_jobs, &work.statements), (same.hashing_jobs, &same.statements));
    let existing = format!("{:?}", refused(existing));
    assert_eq!(format!("{:?}", refused(merged)), existing);
    assert_eq!(work.hashing_jobs, 1);
    assert_eq!(existing, format!("{:?}", refused(missing)));
}

#[tokio::test]
async fn register_existing_does_and_answers_the_same_for_a_wrong_code() {
    let server = start().await;
    // A code that is well-formed, and was mailed for another account.
    let other = server.open_account("autre@exemple.fr", 5).await;
    server.advance(SignedDuration::from_mins(2));
    server.resend(other.account_id, 5).await;
    let code = server.code_to("autre@exemple.fr").await;
    // The account has three live codes, and the ID that is nobody's as many.
    for number in 2..5 {
        server.advance(SignedDuration::from_mins(13));
        resend(&server, number, EXISTING, "").await;
        resend(&server, number + 10, MISSING, "").await;
        server.deliver_mail().await;
    }
    let (existing, work) = work_of(&server, register(&server, EXISTING, &code)).await;
    let (missing, same) = work_of(&server, register(&server, MISSING, &code)).await;
    assert_same(&work, &same);
    assert_eq!(work.hashing_jobs, 1);
    assert_eq!(format!("{:?}", refused(existing)), format!("{:?}", refused(missing)));
}

/// An ID that is nobody's, an account whose address is not to change, and one whose address
/// is: a wrong code costs the same, and is refused alike.
#[tokio::test]
async fn confirm_by_account_does_and_answers_the_same_for_a_wrong_code() {
    let server = start().await;
    let idle = server.open_account("autre@exemple.fr", 5).await.account_id;
    let request = StartEmailChangeRequest {
        account_id: EXISTING,
        email: "neuve@exemple.fr".to_owned(),
        reason: "rappel au siège".to_owned(),
        without_delay: true,
        ..Default::default()
    };
    server.desk(Role::Admin).await.start_email_change(request).await.expect("it is started");
    server.deliver_mail().await;
    forget_networks(&server).await;
    let code = wrong_code(&server);
    let confirm = async |account_id| {
        let code = code.clone();
        let request = v1::ConfirmRequest { account_id, code, ..Default::default() };
        server.client.confirm(request).await
    };
    let (pending, work) = work_of(&server, confirm(EXISTING)).await;
    assert_eq!(work.hashing_jobs, 1);
    let pending = format!("{:?}", refused(pending));
    for id in [idle, MISSING] {
        let (other, same) = work_of(&server, confirm(id)).await;
        assert_same(&work, &same);
        assert_eq!(pending, format!("{:?}", refused(other)));
    }
}
