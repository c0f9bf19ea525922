//! A reset is a reset: whoever sets a password ends whatever was mailed for the account
//! before, and given for that. An intruder who read the mailbox once is out.

use gestan_account_client::{
    Code,
    v1::{self, ErrorReason},
};
use gestan_account_server::{
    clock::Clock as _,
    storage::purge::{Retention, purge},
};
use gestan_account_tests::{
    Member, PASSWORD, TestServer, assert_refused, change, change_email, count, first_code,
    is_postgres, machine, new_password,
};
use jiff::SignedDuration;
use tokio::task::JoinSet;

use super::{
    confirm::confirm,
    set_password::{password_is, set},
};

const EMAIL: &str = "jeanne@exemple.fr";
const THIEF: &str = "voleur@exemple.fr";

/// A challenge, and the code that was mailed for it.
struct Mailed {
    challenge_id: String,
    code: String,
}

/// What somebody keeps who has read the mailbox once, and used a linked machine.
struct Loot {
    unused: Vec<Mailed>,
    /// Was answered, and gave `ticket`.
    answered: Mailed,
    ticket: String,
    /// For an address of the intruder's own.
    change: Mailed,
}

async fn asked_by_id(server: &TestServer, member: &Member, number: u128) -> Mailed {
    let challenge_id = server.resend(member.account_id, number).await.challenge_id;
    Mailed { challenge_id, code: server.code_to(EMAIL).await }
}

async fn loot(server: &TestServer, member: &Member) -> Loot {
    let challenge_id = server.create(EMAIL, 7).await.challenge_id;
    let by_address = Mailed { challenge_id, code: server.code_to(EMAIL).await };
    let unused = vec![by_address, asked_by_id(server, member, 8).await];
    let answered = asked_by_id(server, member, 9).await;
    let ticket = server.confirm(&answered.challenge_id, &answered.code).await.ticket;
    let spent = asked_by_id(server, member, 9).await;
    let request = v1::UpdateRequest { password: spent.code, ..change_email(THIEF) };
    let challenge_id = member.update(request).await.challenge_id;
    let change = Mailed { challenge_id, code: server.code_to(THIEF).await };
    Loot { unused, answered, ticket, change }
}

/// Tries all of it at every RPC that takes any of it, and gets nowhere.
async fn assert_worthless(server: &TestServer, member: &Member, loot: &Loot) {
    let Loot { unused, answered, ticket, change: address } = loot;
    for mailed in unused.iter().chain([answered, address]) {
        let outcome = confirm(&server.client, &mailed.challenge_id, &mailed.code).await;
        assert_refused(outcome, Code::FailedPrecondition, ErrorReason::CodeExpired);
    }
    let outcome = set(&server.client, ticket, &new_password(66)).await;
    assert_refused(outcome, Code::FailedPrecondition, ErrorReason::TicketExpired);

    let city = v1::Account { city: "Nîmes".to_owned(), ..Default::default() };
    for mailed in unused.iter().chain([answered, address]) {
        let request = v1::RegisterExistingRequest {
            account_id: member.account_id,
            secret: mailed.code.clone(),
            machine: Some(machine(9)),
        };
        let outcome = server.client.register_existing(request).await;
        assert_refused(outcome, Code::Unauthenticated, ErrorReason::InvalidCredentials);
        let mut request = change(&["city"], city.clone());
        request.password.clone_from(&mailed.code);
        let outcome = member.client.update(request).await;
        assert_refused(outcome, Code::Unauthenticated, ErrorReason::InvalidCredentials);
    }
    // Nor does an old code answer a challenge that is asked for now, without its mail.
    let fresh = server.create(EMAIL, 8).await.challenge_id;
    server.deliver_mail().await;
    for mailed in unused {
        let outcome = confirm(&server.client, &fresh, &mailed.code).await;
        assert_refused(outcome, Code::Unauthenticated, ErrorReason::InvalidCredentials);
    }
    let account = member.read().await;
    assert_eq!((account.email.as_str(), account.pending_email.as_str()), (EMAIL, ""));
    assert_eq!(account.city, "");
}

async fn living_links(server: &TestServer) -> i64 {
    count(server.db(), "SELECT count(*) FROM link WHERE unlink_time IS NULL").await
}

#[tokio::test]
async fn after_a_reset_nothing_serves_that_was_mailed_or_given_before() {
    let server = TestServer::start().await;
    let member = server.open_account(EMAIL, 1).await;
    let loot = loot(&server, &member).await;

    let own = asked_by_id(&server, &member, 2).await;
    let confirmed = server.confirm(&own.challenge_id, &own.code).await;
    let set_by_owner = server.set_password(&confirmed.ticket, &new_password(1)).await;
    server.deliver_mail().await;

    assert_worthless(&server, &member, &loot).await;
    assert_eq!(living_links(&server).await, 2);
    // The owner's own answer may have been lost.
    let again = set(&server.client, &confirmed.ticket, &new_password(1)).await;
    assert_eq!(again.expect("the same again"), set_by_owner);
    assert_eq!(server.confirm(&own.challenge_id, &own.code).await, confirmed);
    assert!(password_is(&server, member.account_id, &new_password(1)).await);
}

/// Who changes the password because somebody has read the mailbox expects the same.
#[tokio::test]
async fn after_a_change_by_the_current_password_nothing_serves_that_was_mailed_before() {
    let server = TestServer::start().await;
    let member = server.open_account(EMAIL, 1).await;
    let loot = loot(&server, &member).await;

    let request = v1::SetPasswordRequest {
        current_password: PASSWORD.to_owned(),
        new_password: new_password(1),
        ..Default::default()
    };
    member.client.set_password(request).await.expect("it is the password");
    server.deliver_mail().await;

    assert_worthless(&server, &member, &loot).await;
    assert_eq!(living_links(&server).await, 1);
    assert!(password_is(&server, member.account_id, &new_password(1)).await);
}

/// What the owner's reset is to end, an intruder may have used a moment ago, and its answer
/// still be repeated: even if the owner chose the same password again.
#[tokio::test]
async fn after_a_reset_no_call_of_before_it_is_repeated_but_its_own() {
    let server = TestServer::start().await;
    let challenge_id = server.create(EMAIL, 1).await.challenge_id;
    let opening = Mailed { challenge_id, code: server.code_to(EMAIL).await };
    let ticket = server.confirm(&opening.challenge_id, &opening.code).await.ticket;
    let answer = server.set_password(&ticket, PASSWORD).await;
    let account = answer.account.expect("an account");
    let member = server.member(account, machine(1), &answer.link_token);
    server.deliver_mail().await;
    let joining = v1::RegisterExistingRequest {
        account_id: member.account_id,
        secret: asked_by_id(&server, &member, 8).await.code,
        machine: Some(machine(8)),
    };
    server.client.register_existing(joining.clone()).await.expect("it is linked");
    let city = v1::Account { city: "Nîmes".to_owned(), ..Default::default() };
    let password = asked_by_id(&server, &member, 9).await.code;
    let moving = v1::UpdateRequest { password, ..change(&["city"], city) };
    member.update(moving.clone()).await;

    let own = asked_by_id(&server, &member, 2).await;
    let confirmed = server.confirm(&own.challenge_id, &own.code).await;
    let set_by_owner = server.set_password(&confirmed.ticket, PASSWORD).await;
    server.deliver_mail().await;

    let outcome = confirm(&server.client, &opening.challenge_id, &opening.code).await;
    assert_refused(outcome, Code::FailedPrecondition, ErrorReason::CodeExpired);
    let outcome = set(&server.client, &ticket, PASSWORD).await;
    assert_refused(outcome, Code::FailedPrecondition, ErrorReason::TicketSpent);
    let outcome = server.client.register_existing(joining).await;
    assert_refused(outcome, Code::Unauthenticated, ErrorReason::InvalidCredentials);
    let outcome = member.client.update(moving).await;
    assert_refused(outcome, Code::Unauthenticated, ErrorReason::InvalidCredentials);
    let again = set(&server.client, &confirmed.ticket, PASSWORD).await;
    assert_eq!(again.expect("the same again"), set_by_owner);
    assert_eq!(server.confirm(&own.challenge_id, &own.code).await, confirmed);
}

#[tokio::test]
async fn after_a_reset_a_confirmed_change_of_address_is_not_repeated() {
    let server = TestServer::start().await;
    let member = server.open_account(EMAIL, 1).await;
    let challenge_id = member.update(change_email(THIEF)).await.challenge_id;
    let asked = Mailed { challenge_id, code: server.code_to(THIEF).await };
    server.confirm(&asked.challenge_id, &asked.code).await;
    let request = v1::SetPasswordRequest {
        current_password: PASSWORD.to_owned(),
        new_password: new_password(1),
        ..Default::default()
    };
    member.client.set_password(request).await.expect("it is the password");
    server.deliver_mail().await;
    let outcome = confirm(&server.client, &asked.challenge_id, &asked.code).await;
    assert_refused(outcome, Code::FailedPrecondition, ErrorReason::CodeExpired);
}

#[tokio::test]
async fn a_reset_ends_mails_that_were_not_sent_yet_and_leaves_later_ones() {
    let server = TestServer::start().await;
    let member = server.open_account(EMAIL, 1).await;
    let own = asked_by_id(&server, &member, 2).await;
    let confirmed = server.confirm(&own.challenge_id, &own.code).await;
    member.update(change_email(THIEF)).await;
    server.resend(member.account_id, 8).await;
    let before = server.mails().len();
    server.set_password(&confirmed.ticket, &new_password(1)).await;
    server.deliver_mail().await;
    let mails = server.mails();
    assert_eq!(mails[before..].iter().filter_map(|mail| first_code(&mail.text)).count(), 0);
    assert!(mails[before..].iter().all(|mail| mail.to == EMAIL), "notices only");

    let later = asked_by_id(&server, &member, 3).await;
    server.confirm(&later.challenge_id, &later.code).await;
}

#[tokio::test]
async fn a_reset_ends_nothing_of_another_account() {
    let server = TestServer::start().await;
    let jeanne = server.open_account(EMAIL, 1).await;
    let paul = server.open_account("paul@exemple.fr", 2).await;
    let challenge_id = server.resend(paul.account_id, 3).await.challenge_id;
    let code = server.code_to("paul@exemple.fr").await;
    // Paul asks for an address which is Jeanne's: it is his to be told so.
    let asked = paul.update(change_email(EMAIL)).await;

    let own = asked_by_id(&server, &jeanne, 4).await;
    let ticket = server.confirm(&own.challenge_id, &own.code).await.ticket;
    server.set_password(&ticket, &new_password(1)).await;
    server.deliver_mail().await;

    server.confirm(&challenge_id, &code).await;
    assert_eq!(paul.read().await.pending_email, EMAIL);
    let outcome = confirm(&server.client, &asked.challenge_id, &code).await;
    assert_refused(outcome, Code::Unauthenticated, ErrorReason::InvalidCredentials);
}

#[tokio::test]
async fn of_ten_concurrent_resets_of_an_account_one_is_made() {
    let server = TestServer::start().await;
    let member = server.open_account(EMAIL, 1).await;
    let mut tickets = Vec::new();
    for number in 2..12 {
        let mailed = asked_by_id(&server, &member, number).await;
        tickets.push(server.confirm(&mailed.challenge_id, &mailed.code).await.ticket);
    }
    let mut calls = JoinSet::new();
    for (number, ticket) in (0..).zip(tickets) {
        let client = server.client.clone();
        calls.spawn(async move { set(&client, &ticket, &new_password(number)).await });
    }
    let mut made = 0;
    for outcome in calls.join_all().await {
        if outcome.is_ok() {
            made += 1;
        } else {
            assert_refused(outcome, Code::FailedPrecondition, ErrorReason::TicketExpired);
        }
    }
    assert_eq!((made, living_links(&server).await), (1, 2));
    server.deliver_mail().await;
}

/// What was ended is forgotten as what has expired is.
#[tokio::test]
async fn what_a_reset_ended_is_purged() {
    let server = TestServer::start().await;
    let member = server.open_account(EMAIL, 1).await;
    loot(&server, &member).await;
    let own = asked_by_id(&server, &member, 2).await;
    let ticket = server.confirm(&own.challenge_id, &own.code).await.ticket;
    server.set_password(&ticket, &new_password(1)).await;
    server.deliver_mail().await;
    // The hour of the ticket that was not used is not waited for.
    server.advance(SignedDuration::from_mins(11));
    let kept = SignedDuration::from_hours(7 * 24);
    let retention =
        Retention { challenges: kept, audit_events: kept, time_notes: kept, ledgers: kept };
    purge(&server.accounts.db, retention, server.clock.now()).await.expect("it is purged");
    let seeds = "SELECT count(seed) FROM challenge WHERE spent_time IS NOT NULL";
    assert_eq!(count(server.db(), seeds).await, 0);
}

/// Two calls that lock in another order wait for each other until the database ends one.
#[tokio::test]
async fn whoever_locks_an_account_and_a_challenge_locks_the_account_first() {
    let server = TestServer::start().await;
    let member = server.open_account(EMAIL, 1).await;
    let own = asked_by_id(&server, &member, 2).await;
    let asked = member.update(change_email(THIEF)).await;
    let of_thief = server.code_to(THIEF).await;

    let _ = server.take_statements();
    let ticket = server.confirm(&own.challenge_id, &own.code).await.ticket;
    assert_account_first(&server, "Confirm");
    confirm(&server.client, &asked.challenge_id, &of_thief).await.expect("it is confirmed");
    assert_account_first(&server, "Confirm of an address");
    let outcome = set(&server.client, &ticket, &new_password(1)).await;
    assert_refused(outcome, Code::FailedPrecondition, ErrorReason::TicketExpired);
    assert_account_first(&server, "SetPassword");
    server.deliver_mail().await;
}

/// SQLite has one writer at a time, and its statements have no locks.
fn assert_account_first(server: &TestServer, what: &str) {
    let statements = server.take_statements();
    let locks = |table: &str| {
        let from = format!("FROM \"{table}\"");
        statements.iter().position(|sql| sql.contains(&from) && sql.contains("FOR UPDATE"))
    };
    if is_postgres() {
        let (account, challenge) = (locks("account"), locks("challenge"));
        assert!(account.is_some() && account < challenge, "{what}: {statements:?}");
    }
}
