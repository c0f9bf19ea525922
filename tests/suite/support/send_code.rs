//! SendCode: the code that the desk has mailed answers whatever the customer has open.

use gestan_account_client::v1;
use gestan_account_proto::support::v1::{SendCodeRequest, SendCodeResponse};
use gestan_account_server::{clock::Clock as _, domain::role::Role, throttle::Throttles};
use gestan_account_tests::{
    Desk, PASSWORD, TestServer, TestServerOptions, Told, count, machine, stored,
};
use jiff::SignedDuration;
use tonic::Code;

const EMAIL: &str = "jeanne@exemple.fr";

fn by_id(account_id: u32) -> SendCodeRequest {
    SendCodeRequest { account_id, email: String::new() }
}

fn by_address(email: &str) -> SendCodeRequest {
    SendCodeRequest { account_id: 0, email: email.to_owned() }
}

async fn send(desk: &mut Desk, request: SendCodeRequest) -> SendCodeResponse {
    desk.send_code(request).await.expect("an agent may").into_inner()
}

/// A text in one line, with ordinary spaces.
fn flat(text: &str) -> String {
    text.replace(['\u{a0}', '\u{202f}'], " ").split_whitespace().collect::<Vec<_>>().join(" ")
}

fn seconds(time: Option<prost_types::Timestamp>) -> i64 {
    time.expect("a time").seconds
}

#[tokio::test]
async fn a_code_of_the_desk_opens_the_account_in_the_window_that_waits_even_one_that_expired() {
    let server = TestServer::start().await;
    let created = server.create(EMAIL, 1).await;
    server.deliver_mail().await;
    let mut desk = server.desk(Role::Agent).await;
    // Two days later the window is still open, and its code is not valid any more.
    server.advance(SignedDuration::from_hours(48));
    let sent = send(&mut desk, by_address("Jeanne@EXEMPLE.fr")).await;
    assert_eq!(sent.machine_name, "Caisse 1");
    assert_eq!(sent.masked_recipient, "J•••@E•••.fr");
    assert!(sent.advice.contains("« Caisse 1 »") && sent.advice.contains("Confirmer"), "{sent:?}");
    let now = server.clock.now().as_second();
    let times = (seconds(sent.code_expire_time) - now, seconds(sent.resend_time) - now);
    assert_eq!(times, (24 * 3600, 60));

    let mail = server.mail_to(EMAIL).await;
    let text = flat(&mail.text);
    assert!(text.contains("l’assistance Gestan vous envoie ce code"), "{text}");
    assert!(!text.contains("Enregistrer un compte existant"), "there is no account: {text}");
    let code = gestan_account_tests::code_in(&mail.text);
    let confirmed = server.confirm(&created.challenge_id, &code).await;
    assert!(!confirmed.account_existed);
    let opened = server.set_password(&confirmed.ticket, PASSWORD).await;
    server.deliver_mail().await;
    let member = server.member(opened.account.expect("an account"), machine(1), &opened.link_token);
    member.read().await;
    assert_eq!(server.audit_trail().await[0].0, "create_account", "nobody was there before");
}

#[tokio::test]
async fn a_code_of_the_desk_answers_a_forgotten_password_and_serves_with_the_id() {
    let server = TestServer::start().await;
    let member = server.open_account(EMAIL, 1).await;
    let (id, key) = server.support_key("Luc", Role::Agent, None).await;
    let mut desk = server.desk_with(Some(key.reveal()), None).await;
    let asked = server.resend(member.account_id, 2).await;
    server.deliver_mail().await;
    server.advance(SignedDuration::from_hours(30));
    let sent = send(&mut desk, by_id(member.account_id)).await;
    assert_eq!(sent.machine_name, "Caisse 2");
    let code = server.code_to(EMAIL).await;
    let confirmed = server.confirm(&asked.challenge_id, &code).await;
    assert!(confirmed.account_existed);

    // No window waits any more: the code serves with the ID.
    server.advance(SignedDuration::from_mins(2));
    let sent = send(&mut desk, by_id(member.account_id)).await;
    assert_eq!(sent.machine_name, "");
    assert!(sent.advice.contains(&member.account_id.to_string()), "{}", sent.advice);
    let mail = server.mail_to(EMAIL).await;
    let text = flat(&mail.text);
    assert!(text.contains("« Enregistrer un compte existant »"), "{text}");
    let request = v1::RegisterExistingRequest {
        account_id: member.account_id,
        secret: gestan_account_tests::code_in(&mail.text),
        machine: Some(machine(3)),
    };
    server.client.register_existing(request).await.expect("the code is as good as the password");
    server.deliver_mail().await;
    let told = format!(
        "SELECT count(*) FROM audit_event WHERE action = 'send_code' AND account_id = {} \
         AND actor_kind = 'support_key' AND actor_id = '{id}'",
        member.account_id
    );
    assert_eq!(count(server.db(), &told).await, 2);
}

#[tokio::test]
async fn a_window_that_wrong_codes_or_a_new_password_have_ended_is_not_opened_again() {
    let server = TestServer::start().await;
    let member = server.open_account(EMAIL, 1).await;
    let mut desk = server.desk(Role::Agent).await;
    let ended = server.resend(member.account_id, 2).await;
    let second = server.resend(member.account_id, 3).await;
    let code = server.code_to(EMAIL).await;
    let confirmed = server.confirm(&second.challenge_id, &code).await;
    server.set_password(&confirmed.ticket, PASSWORD).await;
    server.deliver_mail().await;
    let sent = send(&mut desk, by_id(member.account_id)).await;
    assert_eq!(sent.machine_name, "", "a new password has ended it");
    let code = server.code_to(EMAIL).await;
    let request =
        v1::ConfirmRequest { challenge_id: ended.challenge_id, code, ..Default::default() };
    server.client.confirm(request).await.expect_err("it stays ended");

    server.advance(SignedDuration::from_mins(2));
    let asked = server.resend(member.account_id, 4).await;
    for _ in 0..10 {
        let code = "0000-0000-0000".to_owned();
        let request = v1::ConfirmRequest {
            challenge_id: asked.challenge_id.clone(),
            code,
            ..Default::default()
        };
        server.client.confirm(request).await.expect_err("a wrong code");
    }
    assert_eq!(send(&mut desk, by_id(member.account_id)).await.machine_name, "");
    server.deliver_mail().await;
}

#[tokio::test]
async fn within_a_minute_it_is_a_repeat_and_three_an_hour_are_enough() {
    let throttles = Throttles::default();
    let options = TestServerOptions { throttles, ..Default::default() };
    let server = TestServer::start_with(options).await;
    let member = server.open_account(EMAIL, 1).await;
    let mut desk = server.desk(Role::Agent).await;
    let mut other = server.desk(Role::Admin).await;
    let first = send(&mut desk, by_id(member.account_id)).await;
    server.advance(SignedDuration::from_secs(59));
    // By the address, and by another agent: it is the same mailbox.
    assert_eq!(send(&mut other, by_address(EMAIL)).await, first);
    assert_eq!(server.deliver_mail().await, 1);
    for minutes in [1, 20] {
        server.advance(SignedDuration::from_mins(minutes));
        send(&mut desk, by_id(member.account_id)).await;
        assert_eq!(server.deliver_mail().await, 1);
    }
    server.advance(SignedDuration::from_mins(20));
    let before = stored(&server).await;
    let told = Told::by(desk.send_code(by_address(EMAIL)).await);
    assert_eq!(told.why(), (Code::ResourceExhausted, "TOO_MANY_MAILS_TO_ADDRESS"));
    assert_eq!(stored(&server).await, before);
    // The customer has mails of its own.
    server.resend(member.account_id, 1).await;
    server.advance(SignedDuration::from_mins(25));
    send(&mut desk, by_id(member.account_id)).await;
    server.deliver_mail().await;
}

/// Many customers share one desk: its network has no limit of mails.
#[tokio::test]
async fn the_desk_is_not_throttled_as_a_stranger() {
    let throttles =
        Throttles { mails_per_ip: "1/1h".parse().expect("a limit"), ..Throttles::default() };
    let mails_in_all = "1/1h".parse().expect("a limit");
    let options = TestServerOptions { throttles, mails_in_all, ..Default::default() };
    let server = TestServer::start_with(options).await;
    let jeanne = server.open_account(EMAIL, 1).await;
    let mut desk = server.desk(Role::Agent).await;
    server.advance(SignedDuration::from_hours(2));
    let paul = server.open_account("paul@exemple.fr", 2).await;
    for member in [&jeanne, &paul] {
        send(&mut desk, by_id(member.account_id)).await;
    }
    assert_eq!(server.deliver_mail().await, 2);
}

#[tokio::test]
async fn there_is_nothing_to_send_to_an_address_without_an_account_and_without_a_window() {
    let server = TestServer::start().await;
    let mut desk = server.desk(Role::Agent).await;
    let before = stored(&server).await;
    let told = Told::by(desk.send_code(by_address("personne@exemple.fr")).await);
    assert_eq!(told.why(), (Code::NotFound, "NOTHING_TO_SEND"));
    let told = Told::by(desk.send_code(by_id(999)).await);
    assert_eq!(told.why(), (Code::NotFound, "ACCOUNT_NOT_FOUND"));
    for (request, field, reason) in [
        (by_address(""), "account_id", "REQUIRED"),
        (SendCodeRequest { account_id: 1, ..by_address(EMAIL) }, "email", "CONFLICT"),
        (by_address("nobody"), "email", "INVALID_EMAIL"),
    ] {
        let told = Told::by(desk.send_code(request).await);
        assert_eq!(told.fields, [(field.to_owned(), reason.to_owned())]);
    }
    assert_eq!(stored(&server).await, before);
    // Eight days later the window is none that waits.
    server.create(EMAIL, 1).await;
    server.deliver_mail().await;
    server.advance(SignedDuration::from_hours(8 * 24));
    let told = Told::by(desk.send_code(by_address(EMAIL)).await);
    assert_eq!(told.why(), (Code::NotFound, "NOTHING_TO_SEND"));
}
