//! StartEmailChange: an address that is dead, and a customer without a password.

mod taken_back;

use gestan_account_client::v1;
use gestan_account_proto::support::v1::{
    ActorKind, ListEventsRequest, StartEmailChangeRequest, StartEmailChangeResponse,
};
use gestan_account_server::{
    Purger, accounts::Lifetimes, clock::Clock as _, domain::role::Role, storage::purge::Retention,
};
use gestan_account_tests::{
    Desk, SmtpPeer, TestServer, TestServerOptions, Told, change_email, code_in, count, first_code,
    stored, text,
};
use jiff::SignedDuration;
use tonic::Code;

const OLD: &str = "jeanne@exemple.fr";
const NEW: &str = "Neuve@exemple.fr";
const REASON: &str = "Kbis, et rappel au siège";

fn to(account_id: u32, email: &str) -> StartEmailChangeRequest {
    StartEmailChangeRequest {
        account_id,
        email: email.to_owned(),
        reason: REASON.to_owned(),
        ..Default::default()
    }
}

fn at_once(account_id: u32, email: &str) -> StartEmailChangeRequest {
    StartEmailChangeRequest { without_delay: true, ..to(account_id, email) }
}

async fn start(desk: &mut Desk, request: StartEmailChangeRequest) -> StartEmailChangeResponse {
    desk.start_email_change(request).await.expect("an admin may").into_inner()
}

/// Gives a code with the client ID.
async fn confirm(
    server: &TestServer,
    account_id: u32,
    code: &str,
) -> Result<v1::ConfirmResponse, gestan_account_client::Error> {
    let request = v1::ConfirmRequest { account_id, code: code.to_owned(), ..Default::default() };
    server.client.confirm(request).await
}

/// A text in one line, with ordinary spaces.
fn flat(text: &str) -> String {
    text.replace(['\u{a0}', '\u{202f}'], " ").split_whitespace().collect::<Vec<_>>().join(" ")
}

fn hours_left(server: &TestServer, time: Option<prost_types::Timestamp>) -> i64 {
    (time.expect("a time").seconds - server.clock.now().as_second()) / 3600
}

fn mails_to(server: &TestServer, address: &str) -> usize {
    server.mails().iter().filter(|mail| mail.to.eq_ignore_ascii_case(address)).count()
}

#[tokio::test]
async fn the_old_address_is_told_at_once_and_the_code_goes_to_the_new_one_a_day_later() {
    let server = TestServer::start().await;
    let member = server.open_account(OLD, 1).await;
    let id = member.account_id;
    let (key, token) = server.support_key("Luc", Role::Admin, None).await;
    let mut desk = server.desk_with(Some(token.reveal()), None).await;
    let started = start(&mut desk, to(id, NEW)).await;
    let account = started.account.clone().expect("an account");
    assert_eq!((&*account.email, &*account.pending_email), (OLD, NEW));
    assert_eq!(member.read().await, account);
    let hours = |time| hours_left(&server, time);
    assert_eq!((hours(started.send_time), hours(started.code_expire_time)), (24, 48));

    let notice = server.mail_to(OLD).await;
    assert_eq!(
        notice.subject,
        "L’assistance prépare une nouvelle adresse pour votre compte client"
    );
    let told = flat(&notice.text);
    assert!(told.contains("N•••@e•••.fr") && first_code(&told).is_none(), "{told}");
    assert!(told.contains("Envoi du code : mercredi 25 novembre 2026 à 9 h"), "{told}");
    assert!(told.contains("changez de mot de passe, ce qui l’annule aussi"), "{told}");
    server.advance(SignedDuration::from_secs(24 * 3600 - 1));
    assert_eq!((server.deliver_mail().await, mails_to(&server, NEW)), (0, 0));
    server.advance(SignedDuration::from_secs(1));
    let mail = server.mail_to(NEW).await;
    assert_eq!(mail.subject, "Le code de votre nouvelle adresse pour Gestan");
    assert!(!flat(&mail.text).contains("compte client 1"), "it may have been mistyped");
    let code = code_in(&mail.text);

    server.advance(SignedDuration::from_hours(23));
    let changed = confirm(&server, id, &code).await.expect("the code is right");
    let changed = changed.account.expect("the account");
    assert_eq!((&*changed.email, &*changed.pending_email), (NEW, ""));
    assert_eq!(member.read().await, changed, "the machine stays linked");
    let notice = server.mail_to(OLD).await;
    assert_eq!(notice.subject, "L’adresse de votre compte client Gestan a changé");

    let event = |action: &str| {
        format!(
            "SELECT actor_kind || '/' || actor_id || '/' || fields FROM audit_event \
             WHERE action = '{action}' AND account_id = {id}"
        )
    };
    let by_desk = text(server.db(), &event("start_email_change")).await;
    assert_eq!(by_desk, Some(format!("support_key/{key}/pending_email,reason:{REASON}")));
    let by_mailbox = text(server.db(), &event("change_email")).await;
    assert_eq!(by_mailbox.as_deref(), Some("mailbox//email"));
    let list = ListEventsRequest { account_id: id, ..Default::default() };
    let events = desk.list_events(list).await.expect("it is read").into_inner().events;
    let shown: Vec<(ActorKind, &str)> =
        events.iter().map(|event| (event.actor_kind(), &*event.text)).collect();
    assert_eq!(shown[0], (ActorKind::Support, "Historique consulté par l’assistance"));
    assert_eq!(shown[1], (ActorKind::Mailbox, "Adresse changée, par le code envoyé à la nouvelle"));
    let started = format!("Changement d’adresse lancé par l’assistance (motif : {REASON})");
    assert_eq!(shown[2], (ActorKind::Support, &*started));

    // From now on a forgotten password is mended as ever.
    let sent = server.resend(id, 5).await;
    let code = server.code_to(NEW).await;
    assert!(server.confirm(&sent.challenge_id, &code).await.account_existed);
}

#[tokio::test]
async fn without_delay_the_code_goes_at_once_and_the_event_says_so() {
    let server = TestServer::start().await;
    let member = server.open_account(OLD, 1).await;
    let mut desk = server.desk(Role::Admin).await;
    let started = start(&mut desk, at_once(member.account_id, NEW)).await;
    let hours = |time| hours_left(&server, time);
    assert_eq!((hours(started.send_time), hours(started.code_expire_time)), (0, 24));
    let code = server.code_to(NEW).await;
    let notice = flat(&server.mail_to(OLD).await.text);
    assert!(notice.contains("Un code vient d’y être envoyé"), "{notice}");
    assert!(!notice.contains("Envoi du code"), "{notice}");
    confirm(&server, member.account_id, &code).await.expect("the code is right");
    server.deliver_mail().await;
    let event = format!("pending_email,without_delay,reason:{REASON}");
    let trail = server.audit_trail().await;
    assert!(trail.contains(&("start_email_change".to_owned(), event)), "{trail:?}");
    let list = ListEventsRequest { account_id: member.account_id, ..Default::default() };
    let events = desk.list_events(list).await.expect("it is read").into_inner().events;
    let text =
        format!("Changement d’adresse lancé par l’assistance, sans délai (motif : {REASON})");
    assert!(events.iter().any(|event| event.text == text), "{events:?}");
}

#[tokio::test]
async fn the_delay_is_a_setting_and_may_be_none() {
    let lifetimes = Lifetimes { email_delay: SignedDuration::ZERO, ..Lifetimes::default() };
    let server =
        TestServer::start_with(TestServerOptions { lifetimes, ..Default::default() }).await;
    let member = server.open_account(OLD, 1).await;
    let mut desk = server.desk(Role::Admin).await;
    start(&mut desk, to(member.account_id, NEW)).await;
    let code = server.code_to(NEW).await;
    confirm(&server, member.account_id, &code).await.expect("the code is right");
    server.deliver_mail().await;
}

/// The answer may have been lost; and another agent may be asked.
#[tokio::test]
async fn the_same_address_again_starts_nothing_anew_even_with_the_etag_of_before() {
    let server = TestServer::start().await;
    let member = server.open_account(OLD, 1).await;
    let mut desk = server.desk(Role::Admin).await;
    let request =
        StartEmailChangeRequest { etag: member.account.etag, ..to(member.account_id, NEW) };
    let started = start(&mut desk, request.clone()).await;
    server.deliver_mail().await;
    let before = stored(&server).await;
    server.advance(SignedDuration::from_hours(30));
    assert_eq!(start(&mut desk, request).await, started);
    let mut other = server.desk(Role::Admin).await;
    assert_eq!(start(&mut other, at_once(member.account_id, "neuve@EXEMPLE.fr")).await, started);
    assert_eq!(stored(&server).await, before);
    server.deliver_mail().await;

    // A change that the customer has asked for is one, too.
    let other = server.open_account("paul@exemple.fr", 2).await;
    let paul = other.update(change_email("paul2@exemple.fr")).await;
    let answer = start(&mut desk, to(other.account_id, "paul2@exemple.fr")).await;
    assert_eq!((answer.account, hours_left(&server, answer.send_time)), (paul.account, 0));
    server.deliver_mail().await;
}

#[tokio::test]
async fn another_address_replaces_the_one_that_was_pending() {
    let server = TestServer::start().await;
    let member = server.open_account(OLD, 1).await;
    let mut desk = server.desk(Role::Admin).await;
    start(&mut desk, at_once(member.account_id, "fausse@exemple.fr")).await;
    let first = server.code_to("fausse@exemple.fr").await;
    start(&mut desk, to(member.account_id, "encore-fausse@exemple.fr")).await;
    let started = start(&mut desk, at_once(member.account_id, NEW)).await;
    assert_eq!(started.account.expect("an account").pending_email, NEW);
    let code = server.code_to(NEW).await;
    confirm(&server, member.account_id, &first).await.expect_err("it was replaced");
    server.advance(SignedDuration::from_hours(24) - SignedDuration::from_secs(1));
    confirm(&server, member.account_id, &code).await.expect("the last one is in force");
    server.advance(SignedDuration::from_secs(1));
    server.deliver_mail().await;
    assert_eq!(mails_to(&server, "encore-fausse@exemple.fr"), 0);
    assert_eq!(member.read().await.email, NEW);
}

#[tokio::test]
async fn what_cannot_be_started_is_refused_and_leaves_nothing() {
    let server = TestServer::start().await;
    let member = server.open_account(OLD, 1).await;
    let other = server.open_account("paul@exemple.fr", 2).await;
    let mut desk = server.desk(Role::Admin).await;
    let id = member.account_id;
    let before = stored(&server).await;
    let told = Told::by(desk.start_email_change(to(id, "PAUL@exemple.fr")).await);
    assert_eq!(told.why(), (Code::FailedPrecondition, "EMAIL_TAKEN"));
    assert_eq!(told.variable("accountId"), Some(&*other.account_id.to_string()));
    assert!(
        told.text.starts_with(&format!("Cette adresse est celle du compte {}.", 2)),
        "{told:?}"
    );
    let told = Told::by(desk.start_email_change(to(999, NEW)).await);
    assert_eq!(told.why(), (Code::NotFound, "ACCOUNT_NOT_FOUND"));
    let stale = StartEmailChangeRequest { etag: "v0".to_owned(), ..to(id, NEW) };
    let told = Told::by(desk.start_email_change(stale).await);
    assert_eq!(told.why(), (Code::Aborted, "ETAG_MISMATCH"));
    assert!(told.text.contains("Relisez-le avec GetAccount"), "{told:?}");

    let request = |email: &str, reason: &str| StartEmailChangeRequest {
        reason: reason.to_owned(),
        ..to(id, email)
    };
    for (request, field, reason) in [
        (request("JEANNE@exemple.fr", REASON), "email", "CONFLICT"),
        (request("", REASON), "email", "REQUIRED"),
        (request("nobody", REASON), "email", "INVALID_EMAIL"),
        (request(&format!("{}@exemple.fr", "a".repeat(60_000)), REASON), "email", "TOO_LONG"),
        (request(NEW, " "), "reason", "REQUIRED"),
        (request(NEW, &"é".repeat(201)), "reason", "TOO_LONG"),
        (request(NEW, "deux\nlignes"), "reason", "CONTROL_CHARACTER"),
        (to(0, NEW), "account_id", "MALFORMED"),
        (StartEmailChangeRequest { etag: "v".repeat(65), ..to(id, NEW) }, "etag", "TOO_LONG"),
    ] {
        let told = Told::by(desk.start_email_change(request).await);
        assert_eq!(told.fields, [(field.to_owned(), reason.to_owned())]);
    }
    assert_eq!(stored(&server).await, before);
    assert_eq!(server.deliver_mail().await, 0);
}

#[tokio::test]
async fn an_account_has_three_changes_by_support_an_hour_and_its_codes_beside_them() {
    let server = TestServer::start().await;
    let member = server.open_account(OLD, 1).await;
    let mut desk = server.desk(Role::Admin).await;
    for number in 0..3 {
        start(&mut desk, to(member.account_id, &format!("n{number}@exemple.fr"))).await;
    }
    server.deliver_mail().await;
    let before = stored(&server).await;
    let told = Told::by(desk.start_email_change(to(member.account_id, NEW)).await);
    assert_eq!(told.why(), (Code::ResourceExhausted, "TOO_MANY_MAILS_TO_ADDRESS"));
    assert_eq!(stored(&server).await, before);
    let send = gestan_account_proto::support::v1::SendCodeRequest {
        account_id: member.account_id,
        ..Default::default()
    };
    desk.send_code(send).await.expect("it is another matter");
    server.advance(SignedDuration::from_mins(61));
    start(&mut desk, at_once(member.account_id, NEW)).await;
    server.deliver_mail().await;
    assert_eq!(mails_to(&server, NEW), 1);
    server.advance(SignedDuration::from_hours(24));
    assert_eq!(server.deliver_mail().await, 3, "those that were replaced are dropped");
    assert_eq!(mails_to(&server, "n2@exemple.fr"), 0);
}

#[tokio::test]
async fn of_ten_that_start_the_same_at_once_one_does() {
    let server = TestServer::start().await;
    let member = server.open_account(OLD, 1).await;
    let desk = server.desk(Role::Admin).await;
    let before = stored(&server).await;
    let calls = (0..10).map(|_| {
        let (mut desk, request) = (desk.clone(), at_once(member.account_id, NEW));
        tokio::spawn(async move { start(&mut desk, request).await })
    });
    let mut answers = Vec::new();
    for call in calls.collect::<Vec<_>>() {
        answers.push(call.await.expect("no panic"));
    }
    answers.dedup();
    assert_eq!(answers.len(), 1, "all get one answer: {answers:?}");
    let after = stored(&server).await;
    assert_eq!((after.challenges, after.mails), (before.challenges + 1, before.mails + 2));
    assert_eq!(server.deliver_mail().await, 2);
}

/// It lives two days, longer than any code that a right clock made before there was a delay.
#[tokio::test]
async fn the_purge_takes_nothing_of_the_time_that_a_code_waits() {
    let server = TestServer::start().await;
    let member = server.open_account(OLD, 1).await;
    let mut desk = server.desk(Role::Admin).await;
    start(&mut desk, to(member.account_id, NEW)).await;
    server.deliver_mail().await;
    let retention = Retention {
        challenges: SignedDuration::from_hours(168),
        audit_events: SignedDuration::from_hours(8760),
        time_notes: SignedDuration::from_hours(8760),
        ledgers: SignedDuration::from_hours(87_660),
    };
    let mut purger = Purger::new(&server.accounts, retention);
    // What lies in the future is brought back once the clock has been steady for a while.
    let mut steady = async || {
        for _ in 0..11 {
            server.advance(SignedDuration::from_mins(1));
            purger.run_once().await.expect("it is purged");
        }
    };
    steady().await;
    server.advance(SignedDuration::from_hours(24));
    let code = server.code_to(NEW).await;
    steady().await;
    server.advance(SignedDuration::from_hours(23));
    steady().await;
    assert_eq!(member.read().await.pending_email, NEW);
    let confirmed = confirm(&server, member.account_id, &code).await.expect("it still serves");
    assert_eq!(confirmed.account.expect("an account").email, NEW);
    server.deliver_mail().await;
}

#[tokio::test]
async fn a_mail_server_that_is_away_when_the_code_is_due_gets_it_when_it_is_back() {
    let mut server = TestServer::start().await;
    let member = server.open_account(OLD, 1).await;
    let mut desk = server.desk(Role::Admin).await;
    start(&mut desk, to(member.account_id, NEW)).await;
    server.deliver_mail().await;
    let gone = SmtpPeer::start(&[]).await;
    server.outbox.mailer = gone.mailer();
    gone.stop().await;
    server.advance(SignedDuration::from_hours(24));
    server.deliver_mail().await;
    let error = "SELECT last_error FROM outbox_mail WHERE state = 'pending'";
    let error = text(server.db(), error).await.expect("a mail that is put off");
    assert!(error.starts_with("connection"), "{error}");

    let mut peer = SmtpPeer::start(&[]).await;
    server.outbox.mailer = peer.mailer();
    server.advance(SignedDuration::from_mins(20));
    server.deliver_mail().await;
    let code = code_in(peer.mail().await.text());
    confirm(&server, member.account_id, &code).await.expect("the code is right");
    server.deliver_mail().await;
    assert_eq!(
        count(server.db(), "SELECT count(*) FROM outbox_mail WHERE state = 'pending'").await,
        0
    );
}
