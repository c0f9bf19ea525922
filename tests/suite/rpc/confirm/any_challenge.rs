//! A code proves a mailbox, and serves wherever its owner types it: in any open challenge
//! of that address and kind, whichever machine asked for it.

use std::collections::HashSet;

use gestan_account_client::{
    Code,
    v1::{self, ErrorReason},
};
use gestan_account_server::{
    clock::Clock as _,
    storage::purge::{Retention, purge},
};
use gestan_account_tests::{
    Member, TestServer, TestServerOptions, assert_refused, change, change_email, code_in, count,
    machine, new_password, refused, stored, text,
};
use jiff::SignedDuration;
use tokio::task::JoinSet;

use super::{confirm, wrong_code};

const EMAIL: &str = "jeanne@exemple.fr";
const NEW: &str = "neuve@exemple.fr";
const SPENT: &str = "SELECT count(*) FROM challenge WHERE spent_time IS NOT NULL";

/// A challenge, and the code that was mailed for it.
struct Mailed {
    challenge_id: String,
    code: String,
}

/// The newest mail to `address` was sent for this challenge.
async fn mailed(server: &TestServer, challenge_id: String, address: &str) -> Mailed {
    let code = server.code_to(address).await;
    server.advance(SignedDuration::from_mins(1));
    Mailed { challenge_id, code }
}

async fn created(server: &TestServer, machine_number: u128) -> Mailed {
    let challenge_id = server.create(EMAIL, machine_number).await.challenge_id;
    mailed(server, challenge_id, EMAIL).await
}

async fn resent(server: &TestServer, member: &Member, machine_number: u128) -> Mailed {
    let challenge_id = server.resend(member.account_id, machine_number).await.challenge_id;
    mailed(server, challenge_id, EMAIL).await
}

async fn resent_by_address(server: &TestServer, machine_number: u128) -> Mailed {
    let request = v1::ResendPasswordRequest {
        request_id: server.accounts.randomness.uuid().to_string(),
        email: EMAIL.to_owned(),
        machine: Some(machine(machine_number)),
        ..Default::default()
    };
    let asked = server.client.resend_password(request).await.expect("it is answered");
    mailed(server, asked.challenge_id, EMAIL).await
}

async fn change_asked(server: &TestServer, member: &Member) -> Mailed {
    let challenge_id = member.update(change_email(NEW)).await.challenge_id;
    mailed(server, challenge_id, NEW).await
}

async fn register(
    server: &TestServer,
    account_id: u32,
    secret: &str,
) -> Result<v1::RegisterExistingResponse, gestan_account_client::Error> {
    let (secret, machine) = (secret.to_owned(), Some(machine(9)));
    let request = v1::RegisterExistingRequest { account_id, secret, machine };
    server.client.register_existing(request).await
}

async fn assert_code_spent(server: &TestServer, challenge_id: &str, code: &str) {
    let outcome = confirm(&server.client, challenge_id, code).await;
    assert_refused(outcome, Code::FailedPrecondition, ErrorReason::CodeSpent);
}

async fn assert_wrong_code(server: &TestServer, challenge_id: &str, code: &str) {
    let outcome = confirm(&server.client, challenge_id, code).await;
    assert_refused(outcome, Code::Unauthenticated, ErrorReason::InvalidCredentials);
}

/// A wrong secret beside the account's ID, and on a linked machine.
async fn assert_wrong_secret(server: &TestServer, member: &Member, code: &str) {
    let outcome = register(server, member.account_id, code).await;
    assert_refused(outcome, Code::Unauthenticated, ErrorReason::InvalidCredentials);
    let city = v1::Account { city: "Nîmes".to_owned(), ..Default::default() };
    let request = v1::UpdateRequest { password: code.to_owned(), ..change(&["city"], city) };
    let outcome = member.client.update(request).await;
    assert_refused(outcome, Code::Unauthenticated, ErrorReason::InvalidCredentials);
}

/// The name of the machine that a ticket links.
async fn linked_by(server: &TestServer, ticket: &str) -> String {
    let set = server.set_password(ticket, &new_password(1)).await;
    server.deliver_mail().await;
    let read = server.client_with(&set.link_token).get(v1::GetRequest::default()).await;
    let machines = read.expect("Get is answered").machines;
    let current = machines.into_iter().find(|linked| linked.current).expect("a machine");
    current.machine.expect("a machine").name
}

#[tokio::test]
async fn confirm_takes_a_code_that_another_machine_asked_for_and_links_the_one_that_is_named() {
    let server = TestServer::start().await;
    let first = created(&server, 1).await;
    let second = created(&server, 2).await;
    let confirmed = server.confirm(&second.challenge_id, &first.code).await;
    assert!(!confirmed.account_existed);
    assert_eq!(server.confirm(&second.challenge_id, &first.code).await, confirmed, "repeated");
    // The other challenge and the other code are as good as they were.
    let other = server.confirm(&first.challenge_id, &second.code).await;
    assert_eq!((other.account_existed, other.account_id), (true, confirmed.account_id));
    assert_eq!(stored(&server).await.accounts, 1);
    assert_eq!(linked_by(&server, &confirmed.ticket).await, "Caisse 2");
}

#[tokio::test]
async fn confirm_takes_codes_that_were_asked_for_by_id_by_address_and_by_create_alike() {
    let server = TestServer::start().await;
    let member = server.open_account(EMAIL, 1).await;
    let asked = [
        resent(&server, &member, 2).await,
        resent_by_address(&server, 3).await,
        created(&server, 4).await,
    ];
    for (number, named) in asked.iter().enumerate() {
        let code = &asked[(number + 1) % asked.len()].code;
        let confirmed = server.confirm(&named.challenge_id, code).await;
        assert_eq!(confirmed.account_id, member.account_id);
    }
    assert_eq!(count(server.db(), SPENT).await, 4);
}

/// Their challenges have one machine ID, since one of them was made from an image of the
/// other's disk. Each user types the code of the mail on top.
#[tokio::test]
async fn two_machines_with_one_id_that_type_each_others_codes_both_succeed() {
    let server = TestServer::start().await;
    let member = server.open_account(EMAIL, 1).await;
    let (one, two) = (resent(&server, &member, 2).await, resent(&server, &member, 2).await);
    let first = server.confirm(&one.challenge_id, &two.code).await;
    let second = server.confirm(&two.challenge_id, &one.code).await;
    assert_ne!(first.ticket, second.ticket);
    // Each of them may have missed its answer.
    assert_eq!(server.confirm(&one.challenge_id, &two.code).await, first);
    assert_eq!(server.confirm(&two.challenge_id, &one.code).await, second);
    assert_eq!(linked_by(&server, &second.ticket).await, "Caisse 2");
}

#[tokio::test]
async fn the_first_of_two_codes_for_one_new_address_confirms_it() {
    let server = TestServer::start().await;
    let member = server.open_account(EMAIL, 1).await;
    let first = change_asked(&server, &member).await;
    let second = change_asked(&server, &member).await;
    let answer = server.confirm(&second.challenge_id, &first.code).await;
    assert_eq!(answer.account.as_ref().expect("the account").email, NEW);
    assert_eq!(server.confirm(&second.challenge_id, &first.code).await, answer, "repeated");
    server.deliver_mail().await;
    let change = "SELECT count(*) FROM audit_event WHERE action = 'change_email'";
    assert_eq!(count(server.db(), change).await, 1);
    let salts = "SELECT count(DISTINCT salt) FROM challenge WHERE account_id IS NOT NULL";
    assert_eq!(count(server.db(), salts).await, 1);
}

#[tokio::test]
async fn a_code_of_a_challenge_that_wrong_codes_have_killed_serves_everywhere_else() {
    let server = TestServer::start().await;
    let member = server.open_account(EMAIL, 1).await;
    // A stranger asks for mails by the ID, and kills their challenges.
    let killed = [resent(&server, &member, 6).await, resent(&server, &member, 6).await];
    for mailed in &killed {
        for _ in 0..11 {
            refused(confirm(&server.client, &mailed.challenge_id, &wrong_code(&server)).await);
        }
        let outcome = confirm(&server.client, &mailed.challenge_id, &mailed.code).await;
        assert_refused(outcome, Code::FailedPrecondition, ErrorReason::TooManyTries);
    }
    register(&server, member.account_id, &killed[1].code).await.expect("it serves");
    let own = server.create(EMAIL, 2).await;
    server.confirm(&own.challenge_id, &killed[0].code).await;
    server.deliver_mail().await;
}

/// A stranger who knows a challenge of its own must not keep its mail from the customer, who
/// can use it.
#[tokio::test]
async fn the_code_of_a_challenge_that_was_killed_before_its_mail_left_is_mailed() {
    let server = TestServer::start().await;
    let member = server.open_account(EMAIL, 1).await;
    let asked = server.resend(member.account_id, 6).await;
    for _ in 0..10 {
        assert_wrong_code(&server, &asked.challenge_id, &wrong_code(&server)).await;
    }
    let code = server.code_to(EMAIL).await;
    register(&server, member.account_id, &code).await.expect("it serves");
    server.deliver_mail().await;
}

#[tokio::test]
async fn a_code_that_was_used_beside_the_id_is_not_mailed_again() {
    let server = TestServer::start().await;
    let member = server.open_account(EMAIL, 1).await;
    server.mailbox().lose_next_reply();
    server.resend(member.account_id, 2).await;
    server.deliver_mail().await;
    let code = code_in(&server.mails().last().expect("a mail").text);
    register(&server, member.account_id, &code).await.expect("it serves");
    server.deliver_mail().await;
    let mails = server.mails().len();
    // A mail whose reply was lost is sent again after a quarter of an hour and more.
    server.advance(SignedDuration::from_mins(20));
    server.deliver_mail().await;
    assert_eq!(server.mails().len(), mails);
    let state = "SELECT state FROM outbox_mail ORDER BY create_time DESC, state LIMIT 1";
    assert_eq!(text(server.db(), state).await.as_deref(), Some("dropped"));
}

#[tokio::test]
async fn a_code_that_was_spent_elsewhere_serves_nowhere_and_confirm_says_so() {
    let server = TestServer::start().await;
    let member = server.open_account(EMAIL, 1).await;
    let mut asked = Vec::new();
    for number in 2..6 {
        asked.push(resent(&server, &member, number).await);
    }
    let [by_confirm, by_id, named, open] = &asked[..] else { panic!("there are four") };
    server.confirm(&named.challenge_id, &by_confirm.code).await;
    register(&server, member.account_id, &by_id.code).await.expect("it serves");
    server.deliver_mail().await;
    // Now, and when what they gave cannot be repeated any more.
    for _ in 0..2 {
        for spent in [by_confirm, by_id] {
            for challenge in [spent, open] {
                assert_code_spent(&server, &challenge.challenge_id, &spent.code).await;
            }
        }
        assert_wrong_secret(&server, &member, &by_confirm.code).await;
        server.advance(SignedDuration::from_mins(11));
        let kept = SignedDuration::from_hours(7 * 24);
        let retention =
            Retention { challenges: kept, audit_events: kept, time_notes: kept, ledgers: kept };
        purge(&server.accounts.db, retention, server.clock.now()).await.expect("it is purged");
    }
    assert_wrong_secret(&server, &member, &by_id.code).await;
    assert_eq!(count(server.db(), "SELECT sum(wrong_tries) FROM challenge").await, 0);
    // The code of the challenge that was answered by another one is still whole.
    server.confirm(&open.challenge_id, &named.code).await;
}

/// A colleague goes to lunch between the mail and the screen.
#[tokio::test]
async fn a_code_serves_its_day_though_its_challenge_was_answered_by_another() {
    let server = TestServer::start().await;
    let member = server.open_account(EMAIL, 1).await;
    let (one, two) = (resent(&server, &member, 2).await, resent(&server, &member, 3).await);
    let three = resent(&server, &member, 4).await;
    server.confirm(&one.challenge_id, &two.code).await;
    server.advance(SignedDuration::from_hours(23));
    let kept = SignedDuration::from_hours(7 * 24);
    let retention =
        Retention { challenges: kept, audit_events: kept, time_notes: kept, ledgers: kept };
    purge(&server.accounts.db, retention, server.clock.now()).await.expect("it is purged");
    server.confirm(&two.challenge_id, &one.code).await;
    register(&server, member.account_id, &three.code).await.expect("it serves");
    server.deliver_mail().await;
}

#[tokio::test]
async fn a_code_for_a_change_of_address_and_one_for_a_mailbox_never_serve_for_the_other() {
    let server = TestServer::start().await;
    let jeanne = server.open_account(EMAIL, 1).await;
    let paul = server.open_account("paul@exemple.fr", 2).await;
    let change = change_asked(&server, &jeanne).await;
    let other_change = change_asked(&server, &paul).await;
    let challenge_id = server.create(NEW, 3).await.challenge_id;
    let opening = mailed(&server, challenge_id, NEW).await;
    let reset = resent(&server, &jeanne, 4).await;
    let all = [&change, &other_change, &opening, &reset];
    for named in all {
        for other in all.into_iter().filter(|other| other.challenge_id != named.challenge_id) {
            assert_wrong_code(&server, &named.challenge_id, &other.code).await;
        }
    }
    for secret in [&change.code, &other_change.code, &opening.code] {
        assert_wrong_secret(&server, &jeanne, secret).await;
    }
    assert_eq!(jeanne.read().await.email, EMAIL);
    server.confirm(&change.challenge_id, &change.code).await;
    let outcome = confirm(&server.client, &opening.challenge_id, &opening.code).await;
    assert!(outcome.expect("the mailbox is proved").account_existed, "it is Jeanne's by now");
    server.deliver_mail().await;
}

#[tokio::test]
async fn no_code_of_before_a_reset_answers_a_challenge_of_after_it() {
    let server = TestServer::start().await;
    let member = server.open_account(EMAIL, 1).await;
    let asked = [
        resent(&server, &member, 2).await,
        resent(&server, &member, 3).await,
        resent(&server, &member, 4).await,
    ];
    // One of them is answered by another's code, and so its own code is left.
    let ticket = server.confirm(&asked[0].challenge_id, &asked[1].code).await.ticket;
    server.set_password(&ticket, &new_password(1)).await;
    server.deliver_mail().await;
    let later = server.resend(member.account_id, 5).await;
    server.deliver_mail().await;
    for old in &asked {
        assert_wrong_code(&server, &later.challenge_id, &old.code).await;
        assert_wrong_secret(&server, &member, &old.code).await;
    }
}

#[tokio::test]
async fn codes_serve_for_each_other_after_the_hash_parameters_changed_and_cost_one_hash() {
    let cheap = TestServer::start().await;
    let member = cheap.open_account(EMAIL, 1).await;
    let before = [resent(&cheap, &member, 2).await, resent(&cheap, &member, 3).await];
    let database_url = Some(cheap.database_url().to_owned());
    let options =
        TestServerOptions { hash_params: (128, 1, 1), database_url, ..Default::default() };
    let server = TestServer::start_with(options).await;
    // What the first server made of the same randomness is stored already.
    for _ in 0..1000 {
        let _ = server.accounts.randomness.uuid();
    }
    let asked = server.resend(member.account_id, 4).await;
    let after = Mailed { challenge_id: asked.challenge_id, code: server.code_to(EMAIL).await };

    let jobs = server.accounts.hasher.jobs_done();
    server.confirm(&after.challenge_id, &before[0].code).await;
    server.confirm(&before[0].challenge_id, &after.code).await;
    register(&server, member.account_id, &before[1].code).await.expect("it serves");
    assert_eq!(server.accounts.hasher.jobs_done() - jobs, 3);
    server.deliver_mail().await;
    // That of the opening is another one: the first password ended its codes.
    let salts = "SELECT count(DISTINCT salt) FROM challenge WHERE expire_time > 0";
    assert_eq!(count(server.db(), salts).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_fifty_concurrent_confirms_each_challenge_and_each_code_is_spent_once() {
    let server = TestServer::start().await;
    let mut asked = Vec::new();
    for number in 0..5 {
        asked.push(created(&server, number).await);
    }
    let mut calls = JoinSet::new();
    for number in 0..50 {
        let client = server.client.clone();
        let (challenge, code) = (number % 5, (number / 5 + number) % 5);
        let (id, typed) = (asked[challenge].challenge_id.clone(), asked[code].code.clone());
        calls.spawn(async move { (challenge, code, confirm(&client, &id, &typed).await) });
    }
    let mut answers = HashSet::new();
    for (challenge, code, outcome) in calls.join_all().await {
        match outcome {
            Ok(answer) => {
                answers.insert((challenge, code, answer.ticket));
            }
            refusal => {
                let _ = assert_refused(refusal, Code::FailedPrecondition, ErrorReason::CodeSpent);
            }
        }
    }
    // Each that was answered had one code, and each code one answer.
    let challenges: HashSet<usize> = answers.iter().map(|answer| answer.0).collect();
    let codes: HashSet<usize> = answers.iter().map(|answer| answer.1).collect();
    assert!(!answers.is_empty());
    assert_eq!((challenges.len(), codes.len()), (answers.len(), answers.len()), "{answers:?}");
    let spent = "SELECT count(DISTINCT spent_code_id) FROM challenge";
    assert_eq!(count(server.db(), spent).await, i64::try_from(answers.len()).expect("few"));
    assert_eq!(count(server.db(), SPENT).await, i64::try_from(answers.len()).expect("few"));
    assert_eq!(stored(&server).await.accounts, 1);
    assert_eq!(count(server.db(), "SELECT sum(wrong_tries) FROM challenge").await, 0);
}
