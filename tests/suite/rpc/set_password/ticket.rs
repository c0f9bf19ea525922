//! SetPassword by ticket.

use gestan_account_client::{
    Code,
    v1::{self, ErrorReason, ViolationReason},
};
use gestan_account_server::credentials::token::{Token, TokenKind};
use gestan_account_tests::{
    PASSWORD, TestServer, assert_refused, assert_says, change_email, count, new_password, refused,
    rows, stored, text, violations,
};
use jiff::SignedDuration;

use super::{password_is, set, ticket};

const HASHES: &str = "SELECT count(password_hash) FROM account";

#[tokio::test]
async fn set_password_with_a_ticket_links_the_machine_that_asked() {
    let server = TestServer::start().await;
    let confirmed = ticket(&server, "jeanne@exemple.fr", 5).await;
    let answer = set(&server.client, &confirmed.ticket, PASSWORD).await.expect("an answer");
    assert_eq!(answer.account.as_ref().expect("an account").id, confirmed.account_id);
    let client = server.client_with(&answer.link_token);
    let read = client.get(v1::GetRequest::default()).await.expect("Get is answered");
    assert_eq!(read.account, answer.account);
    let linked: Vec<_> = read.machines.into_iter().map(|linked| linked.machine).collect();
    assert_eq!(linked, [Some(gestan_account_tests::machine(5))]);

    let events = rows(server.db(), "SELECT action, fields FROM audit_event ORDER BY id").await;
    let events: Vec<(String, String)> = events
        .iter()
        .map(|row| {
            (row.try_get_by_index(0).expect("a word"), row.try_get_by_index(1).expect("words"))
        })
        .collect();
    let expected = [("create_account", ""), ("link_machine", ""), ("set_password", "password")];
    assert_eq!(events, expected.map(|(action, fields)| (action.to_owned(), fields.to_owned())));
    server.deliver_mail().await;
}

#[tokio::test]
async fn set_password_keeps_an_argon2id_hash_of_its_own_salt_only() {
    let server = TestServer::start().await;
    for (email, number) in [("jeanne@exemple.fr", 1), ("paul@exemple.fr", 2)] {
        let confirmed = ticket(&server, email, number).await;
        server.set_password(&confirmed.ticket, PASSWORD).await;
    }
    server.deliver_mail().await;
    let hashes = rows(server.db(), "SELECT password_hash FROM account ORDER BY id").await;
    let hashes: Vec<String> =
        hashes.iter().map(|row| row.try_get_by_index(0).expect("a hash")).collect();
    for hash in &hashes {
        let parts: Vec<&str> = hash.split('$').collect();
        assert_eq!(parts[..4], ["", "argon2id", "v=19", "m=64,t=1,p=1"]);
        assert_eq!(parts.len(), 6);
        assert!(!hash.contains(PASSWORD) && !hash.contains("bateaux"));
    }
    assert_ne!(hashes[0], hashes[1], "the same password, another salt");
}

#[tokio::test]
async fn the_first_password_brings_a_welcome_with_the_id_and_a_later_one_a_notice() {
    let server = TestServer::start().await;
    let confirmed = ticket(&server, "jeanne@exemple.fr", 1).await;
    server.set_password(&confirmed.ticket, PASSWORD).await;
    assert_eq!(server.deliver_mail().await, 1);
    let welcome = server.mail_to("jeanne@exemple.fr").await;
    assert_eq!(welcome.subject, "Bienvenue\u{a0}: votre compte client Gestan est ouvert");
    let id = format!("Votre ID client : {}", confirmed.account_id);
    assert_says(&welcome, &[&id, "Poste rattaché : « Caisse 1 »", "mardi 24 novembre 2026 à 9 h"]);

    server.advance(SignedDuration::from_mins(30));
    let asked = server.resend(confirmed.account_id, 2).await;
    let code = server.code_to("jeanne@exemple.fr").await;
    let again = server.confirm(&asked.challenge_id, &code).await;
    server.set_password(&again.ticket, &new_password(1)).await;
    assert_eq!(server.deliver_mail().await, 1);
    let notice = server.mail_to("jeanne@exemple.fr").await;
    assert_eq!(notice.subject, "Le mot de passe de votre compte client Gestan a changé");
    assert_says(
        &notice,
        &[
            "le poste qui l’a changé a été rattaché à votre compte",
            "Depuis le poste : « Caisse 2 »",
            "Changé le : mardi 24 novembre 2026 à 9 h 30 (heure de Paris)",
            "Ce n’était pas vous ?",
        ],
    );
    assert_eq!(gestan_account_tests::first_code(&notice.text), None);
    assert!(!password_is(&server, confirmed.account_id, PASSWORD).await);
    assert!(password_is(&server, confirmed.account_id, &new_password(1)).await);
}

#[tokio::test]
async fn set_password_refuses_what_is_no_ticket() {
    let server = TestServer::start().await;
    let confirmed = ticket(&server, "jeanne@exemple.fr", 1).await;
    let whole = confirmed.ticket.as_str();
    let last = if whole.ends_with('a') { "b" } else { "a" };
    let damaged = [
        "42".to_owned(),
        whole[..whole.len() - 1].to_owned(),
        format!("{}{last}", &whole[..whole.len() - 1]),
        whole.replace("gestan_ticket_", "gestan_link_"),
        whole.to_uppercase(),
    ];
    for ticket in damaged {
        let outcome = set(&server.client, &ticket, PASSWORD).await;
        let rejection = assert_refused(outcome, Code::InvalidArgument, ErrorReason::InvalidRequest);
        let expected = [("ticket".to_owned(), ViolationReason::Malformed)];
        assert_eq!(violations(&rejection), expected);
    }
    assert_eq!(count(server.db(), HASHES).await, 0);
    server.set_password(&format!(" {whole}\n"), PASSWORD).await;
    server.deliver_mail().await;
}

#[tokio::test]
async fn set_password_refuses_an_unknown_ticket() {
    let server = TestServer::start().await;
    ticket(&server, "jeanne@exemple.fr", 1).await;
    let unknown = Token::generate(TokenKind::Ticket, &*server.accounts.randomness);
    let outcome = set(&server.client, unknown.reveal(), PASSWORD).await;
    assert_refused(outcome, Code::Unauthenticated, ErrorReason::InvalidCredentials);
    assert_eq!(count(server.db(), HASHES).await, 0);
    assert_eq!(stored(&server).await.links, 0);
}

#[tokio::test]
async fn set_password_refuses_a_ticket_after_its_hour_and_takes_it_until_then() {
    let server = TestServer::start().await;
    let punctual = ticket(&server, "paul@exemple.fr", 1).await;
    let late = ticket(&server, "jeanne@exemple.fr", 2).await;
    server.advance(SignedDuration::from_hours(1) - SignedDuration::from_millis(1));
    server.set_password(&punctual.ticket, PASSWORD).await;
    server.advance(SignedDuration::from_millis(1));
    let outcome = set(&server.client, &late.ticket, PASSWORD).await;
    assert_refused(outcome, Code::FailedPrecondition, ErrorReason::TicketExpired);
    let stored = stored(&server).await;
    assert_eq!((stored.accounts, stored.links), (2, 1));
    let without = text(server.db(), "SELECT email FROM account WHERE password_hash IS NULL").await;
    assert_eq!(without.as_deref(), Some("jeanne@exemple.fr"));
    server.deliver_mail().await;
}

#[tokio::test]
async fn set_password_asks_for_exactly_one_of_ticket_and_current_password() {
    let server = TestServer::start().await;
    let member = server.open_account("jeanne@exemple.fr", 1).await;
    let confirmed = ticket(&server, "jeanne@exemple.fr", 1).await;
    let hash = text(server.db(), "SELECT password_hash FROM account").await;
    let both = v1::SetPasswordRequest {
        ticket: confirmed.ticket.clone(),
        current_password: PASSWORD.to_owned(),
        new_password: new_password(1),
        ..Default::default()
    };
    let neither = v1::SetPasswordRequest { new_password: new_password(1), ..Default::default() };
    let nothing = v1::SetPasswordRequest::default();
    let cases: [(_, &[_]); 3] = [
        (both, &[("current_password", ViolationReason::Conflict)]),
        (neither, &[("ticket", ViolationReason::Required)]),
        (
            nothing,
            &[("ticket", ViolationReason::Required), ("new_password", ViolationReason::Required)],
        ),
    ];
    for (request, expected) in cases {
        let rejection = refused(member.client.set_password(request).await);
        assert_eq!(rejection.code(), Code::InvalidArgument);
        assert_eq!(rejection.reason(), ErrorReason::InvalidRequest);
        let found = violations(&rejection);
        let found: Vec<_> = found.iter().map(|(field, reason)| (&**field, *reason)).collect();
        assert_eq!(found, expected);
    }
    assert_eq!(text(server.db(), "SELECT password_hash FROM account").await, hash);
    server.set_password(&confirmed.ticket, &new_password(1)).await;
    server.deliver_mail().await;
}

/// A person who has only the old mailbox must not come back by what it proved before.
#[tokio::test]
async fn a_ticket_dies_with_the_address_that_it_proved() {
    let server = TestServer::start().await;
    let member = server.open_account("ancienne@exemple.fr", 1).await;
    let asked = server.resend(member.account_id, 2).await;
    let code = server.code_to("ancienne@exemple.fr").await;
    let ticket = server.confirm(&asked.challenge_id, &code).await.ticket;
    let changed = member.update(change_email("neuve@exemple.fr")).await;
    let code = server.code_to("neuve@exemple.fr").await;
    server.confirm(&changed.challenge_id, &code).await;

    let outcome = set(&server.client, &ticket, &new_password(5)).await;
    assert_refused(outcome, Code::FailedPrecondition, ErrorReason::TicketExpired);
    assert_eq!(count(server.db(), "SELECT count(*) FROM link").await, 1);
    assert!(password_is(&server, member.account_id, PASSWORD).await);
    server.deliver_mail().await;
}
