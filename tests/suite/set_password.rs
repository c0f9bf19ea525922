//! SetPassword with the ticket of Confirm.

use gestan_account_client::{
    Code, Error, Rejection,
    v1::{self, ErrorReason, ViolationReason as Why},
};
use gestan_account_tests::{
    PASSWORD, TestServer, assert_refused, count, new_password, text, violations,
};
use jiff::SignedDuration;

const EMAIL: &str = "jeanne.lemaitre@cave-dupont.fr";
const LINKS: &str = "SELECT count(*) FROM link WHERE unlink_time IS NULL";

async fn ticket(server: &TestServer) -> String {
    let created = server.create(EMAIL, 1).await;
    let code = server.code_to(EMAIL).await;
    server.confirm(&created.challenge_id, &code).await.ticket
}

fn with_ticket(ticket: &str, new_password: &str) -> v1::SetPasswordRequest {
    v1::SetPasswordRequest {
        ticket: ticket.to_owned(),
        new_password: new_password.to_owned(),
        ..Default::default()
    }
}

fn refused_fields(outcome: Result<v1::SetPasswordResponse, Error>) -> Rejection {
    assert_refused(outcome, Code::InvalidArgument, ErrorReason::InvalidRequest)
}

#[tokio::test]
async fn set_password_links_the_machine_that_asked_and_sends_a_welcome() {
    let server = TestServer::start().await;
    let ticket = ticket(&server).await;
    let set = server.set_password(&ticket, PASSWORD).await;
    let account = set.account.expect("an account");
    let client = server.client_with(&set.link_token);
    let read = client.get(v1::GetRequest::default()).await.expect("the token works");
    assert_eq!(read.machines.len(), 1);
    let linked = read.machines[0].machine.clone().expect("a machine");
    assert_eq!(linked, gestan_account_tests::machine(1));
    let mail = server.mail_to(EMAIL).await;
    assert!(mail.text.contains(&account.id.to_string()), "{}", mail.text);
    assert!(mail.text.contains("Bienvenue") || mail.subject.contains("Bienvenue"), "{}", mail.text);
    let hash = text(server.db(), "SELECT password_hash FROM account").await.expect("a hash");
    assert!(hash.starts_with("$argon2id$v=19$m=64,t=1,p=1$"), "{hash}");
    let trail: Vec<String> =
        server.audit_trail().await.into_iter().map(|(action, _)| action).collect();
    assert_eq!(trail, ["create_account", "link_machine", "set_password"]);
}

#[tokio::test]
async fn set_password_refuses_what_can_be_guessed_and_says_why() {
    let server = TestServer::start().await;
    let ticket = ticket(&server).await;
    for (password, why, word) in [
        ("", Why::Required, "obligatoire"),
        ("court", Why::PasswordTooShort, "10 caractères"),
        ("abcdefghij", Why::PasswordTooWeak, "trop simple"),
        ("motdepasse123", Why::PasswordTooWeak, "trop faible"),
        ("azertyuiop123", Why::PasswordTooWeak, "trop faible"),
        ("Soleil2024", Why::PasswordTooWeak, "trop faible"),
        ("jeanne.lemaitre@cave-dupont.fr", Why::PasswordTooWeak, "votre nom"),
        ("lemaitre-cave-dupont", Why::PasswordTooWeak, "votre nom"),
        ("aaaaaaaaaaaaaaaa", Why::PasswordTooWeak, "répétés"),
        (&"x".repeat(257), Why::TooLong, "256"),
    ] {
        let outcome = server.client.set_password(with_ticket(&ticket, password)).await;
        assert!(outcome.is_err(), "{password} was taken");
        let rejection = refused_fields(outcome);
        assert_eq!(violations(&rejection), [("new_password".to_owned(), why)], "{password}");
        let description = &rejection.violations()[0].description;
        assert!(description.contains(word), "{password}: {description}");
    }
    assert_eq!(text(server.db(), "SELECT password_hash FROM account").await, None);
    assert_eq!(count(server.db(), LINKS).await, 0);
    let longest: String = "girafe lampe pluie bateau ".chars().cycle().take(256).collect();
    server.set_password(&ticket, &longest).await;
    server.deliver_mail().await;
}

#[tokio::test]
async fn set_password_takes_the_same_letters_however_they_are_composed() {
    let server = TestServer::start().await;
    let ticket = ticket(&server).await;
    let set = server.set_password(&ticket, "e\u{301}te\u{301} au bord du canal vide").await;
    server.deliver_mail().await;
    let request = v1::RegisterExistingRequest {
        account_id: set.account.expect("an account").id,
        secret: "\u{e9}t\u{e9} au bord du canal vide".to_owned(),
        machine: Some(gestan_account_tests::machine(2)),
    };
    server.client.register_existing(request).await.expect("it is the same password");
    server.deliver_mail().await;
}

#[tokio::test]
async fn set_password_refuses_a_personal_code_as_a_password() {
    let server = TestServer::start().await;
    let created = server.create(EMAIL, 1).await;
    let code = server.code_to(EMAIL).await;
    let ticket = server.confirm(&created.challenge_id, &code).await.ticket;
    let outcome = server.client.set_password(with_ticket(&ticket, &code.to_lowercase())).await;
    let rejection = refused_fields(outcome);
    assert_eq!(violations(&rejection), [("new_password".to_owned(), Why::Malformed)]);
}

#[tokio::test]
async fn set_password_asks_for_exactly_one_right() {
    let server = TestServer::start().await;
    let ticket = ticket(&server).await;
    let neither = v1::SetPasswordRequest { ticket: String::new(), ..with_ticket("", PASSWORD) };
    let rejection = refused_fields(server.client.set_password(neither).await);
    assert_eq!(violations(&rejection), [("ticket".to_owned(), Why::Required)]);
    let both = v1::SetPasswordRequest {
        current_password: PASSWORD.to_owned(),
        ..with_ticket(&ticket, PASSWORD)
    };
    let rejection = refused_fields(server.client.set_password(both).await);
    assert_eq!(violations(&rejection), [("current_password".to_owned(), Why::Conflict)]);
    let cut = with_ticket(&ticket[..ticket.len() - 1], PASSWORD);
    let rejection = refused_fields(server.client.set_password(cut).await);
    assert_eq!(violations(&rejection), [("ticket".to_owned(), Why::Malformed)]);
}

#[tokio::test]
async fn set_password_knows_no_ticket_that_was_not_given() {
    let server = TestServer::start().await;
    let other = TestServer::start().await;
    other.create("autre@exemple.fr", 9).await;
    other.deliver_mail().await;
    let foreign = ticket(&other).await;
    let outcome = server.client.set_password(with_ticket(&foreign, PASSWORD)).await;
    assert_refused(outcome, Code::Unauthenticated, ErrorReason::InvalidCredentials);
}

#[tokio::test]
async fn a_ticket_is_valid_for_an_hour() {
    let server = TestServer::start().await;
    let ticket = ticket(&server).await;
    server.advance(SignedDuration::from_hours(1) - SignedDuration::from_secs(1));
    let weak = server.client.set_password(with_ticket(&ticket, "azertyuiop123")).await;
    refused_fields(weak);
    server.advance(SignedDuration::from_secs(1));
    let outcome = server.client.set_password(with_ticket(&ticket, PASSWORD)).await;
    assert_refused(outcome, Code::FailedPrecondition, ErrorReason::TicketExpired);
    assert_eq!(count(server.db(), LINKS).await, 0);
}

#[tokio::test]
async fn set_password_repeated_within_ten_minutes_gives_the_same_answer_and_later_none() {
    let server = TestServer::start().await;
    let ticket = ticket(&server).await;
    let first = server.set_password(&ticket, PASSWORD).await;
    let mails = server.deliver_mail().await;
    server.advance(SignedDuration::from_mins(10));
    let again = server.set_password(&ticket, PASSWORD).await;
    assert_eq!(first, again);
    let outcome = server.client.set_password(with_ticket(&ticket, &new_password(1))).await;
    assert_refused(outcome, Code::FailedPrecondition, ErrorReason::TicketSpent);
    server.advance(SignedDuration::from_secs(1));
    let outcome = server.client.set_password(with_ticket(&ticket, PASSWORD)).await;
    assert_refused(outcome, Code::FailedPrecondition, ErrorReason::TicketSpent);
    assert_eq!((mails, server.deliver_mail().await), (1, 0));
}

#[tokio::test]
async fn a_repeated_ticket_does_not_bring_back_a_link_that_was_cut() {
    let server = TestServer::start().await;
    let ticket = ticket(&server).await;
    let set = server.set_password(&ticket, PASSWORD).await;
    let client = server.client_with(&set.link_token);
    client.unlink(v1::UnlinkRequest::default()).await.expect("it is unlinked");
    let outcome = server.client.set_password(with_ticket(&ticket, PASSWORD)).await;
    assert_refused(outcome, Code::FailedPrecondition, ErrorReason::TicketSpent);
    assert_eq!(count(server.db(), LINKS).await, 0);
    server.deliver_mail().await;
}

#[tokio::test]
async fn one_ticket_used_twenty_times_at_once_links_one_machine_once() {
    let server = TestServer::start().await;
    let ticket = ticket(&server).await;
    let calls = (0..20).map(|_| {
        let (client, request) = (server.client.clone(), with_ticket(&ticket, PASSWORD));
        tokio::spawn(async move { client.set_password(request).await })
    });
    let mut answers = Vec::new();
    for call in calls.collect::<Vec<_>>() {
        answers.push(call.await.expect("no panic").expect("the ticket is right"));
    }
    assert!(answers.iter().all(|answer| *answer == answers[0]));
    assert_eq!(count(server.db(), LINKS).await, 1);
    assert_eq!(server.deliver_mail().await, 1);
}

#[tokio::test]
async fn a_forgotten_password_is_replaced_and_other_machines_can_be_cut_off() {
    let server = TestServer::start().await;
    let member = server.open_account(EMAIL, 1).await;
    let other = server.register(member.account_id, 2).await;
    let resent = server.resend(member.account_id, 1).await;
    let code = server.code_to(EMAIL).await;
    let ticket = server.confirm(&resent.challenge_id, &code).await.ticket;
    let request = v1::SetPasswordRequest {
        unlink_other_machines: true,
        ..with_ticket(&ticket, &new_password(1))
    };
    let set = server.client.set_password(request).await.expect("the ticket is right");
    let mail = server.mail_to(EMAIL).await;
    assert!(mail.subject.contains("mot de passe"), "{}", mail.subject);
    let outcome = other.client.get(v1::GetRequest::default()).await;
    assert_refused(outcome, Code::Unauthenticated, ErrorReason::InvalidCredentials);
    let read = server.client_with(&set.link_token).get(v1::GetRequest::default()).await;
    assert_eq!(read.expect("this one is linked").machines.len(), 1);
}
