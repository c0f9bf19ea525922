//! The words for a refused secret: each RPC's speak of what is typed on its screen, and
//! are the same whatever is wrong.

use std::fmt::Debug;

use gestan_account_client::{
    Client, ClientOptions, Code, Error, LinkToken,
    v1::{self, Account, ErrorReason},
};
use gestan_account_server::credentials::token::{Token, TokenKind};
use gestan_account_tests::{
    Member, PASSWORD, TestServer, assert_refused, change, machine, new_password, uuid,
};

use super::confirm::{confirm, wrong_code};

const WRONG: &str = "quatre bateaux rouges dansent";

/// What each RPC says.
struct Words {
    locale: &'static str,
    confirm: &'static str,
    set_password: &'static str,
    register_existing: &'static str,
    get_and_resend_password: &'static str,
    update: &'static str,
    unlink: &'static str,
}

const FRENCH: Words = Words {
    locale: "fr",
    confirm: "Ce code n’est pas le bon, ou il n’est plus valable. Vérifiez-le, ou demandez un nouveau \
              code personnel par courriel.",
    set_password: "Ce mot de passe n’est pas le bon, ou cette demande n’est plus valable. \
                   Vérifiez-le, ou demandez un nouveau code personnel par courriel.",
    register_existing: "Identifiants non reconnus : vérifiez l’ID client et le code ou le mot de \
                        passe.",
    get_and_resend_password: "Ce poste n’est plus rattaché à un compte client : rattachez-le à nouveau \
                              par « Enregistrer un compte existant ».",
    update: "Ce mot de passe n’est pas le bon, ou ce code n’est plus valable. Vérifiez-le, ou demandez \
             un code personnel par courriel. S’il est juste, rouvrez la fenêtre « Compte client » : ce \
             poste a peut-être été détaché.",
    unlink: "Ce mot de passe n’est pas le bon. Vérifiez-le ; s’il est juste, rouvrez la fenêtre \
             « Compte client » : ce poste a peut-être été détaché.",
};

const ENGLISH: Words = Words {
    locale: "en",
    confirm: "This is not the right code, or it is no longer valid. Check it, or ask for a new one by \
              e-mail.",
    set_password: "This is not the right password, or this request is no longer valid. Check it, or \
                   ask for a new code by e-mail.",
    register_existing: "Credentials not recognised: check the client ID and the code or password.",
    get_and_resend_password: "This machine is no longer linked to a client account: link it again by \
                              “Enregistrer un compte existant”.",
    update: "This is not the right password, or this code is no longer valid. Check it, or ask for a \
             code by e-mail. If it is right, open the “Compte client” window again: this machine may \
             have been detached.",
    unlink: "This is not the right password. Check it; if it is right, open the “Compte client” window \
             again: this machine may have been detached.",
};

/// An account, and clients that speak the language of the words: without a token, with a
/// living one, and with those that are none any more or never were.
struct Walk {
    server: TestServer,
    member: Member,
    stranger: Client,
    linked: Client,
    not_linked: Vec<Client>,
}

impl Walk {
    async fn start(words: &Words) -> Self {
        let server = TestServer::start().await;
        let member = server.open_account("jeanne@exemple.fr", 1).await;
        let detached = server.register(member.account_id, 2).await;
        detached.unlink().await.expect("it is detached");
        let stranger = server.connect(ClientOptions::new().locale(words.locale)).await;
        let with = |token: &str| {
            stranger.with_link_token(&LinkToken::parse(token).expect("a token's form"))
        };
        let unknown = Token::generate(TokenKind::Link, &*server.accounts.randomness);
        let not_linked = vec![stranger.clone(), with(&detached.link_token), with(unknown.reveal())];
        let linked = with(&member.link_token);
        Self { server, member, stranger, linked, not_linked }
    }
}

fn register(account_id: u32, secret: &str) -> v1::RegisterExistingRequest {
    v1::RegisterExistingRequest { account_id, secret: secret.to_owned(), machine: Some(machine(3)) }
}

#[track_caller]
fn assert_says<T: Debug>(outcome: Result<T, Error>, words: &str) {
    let rejection = assert_refused(outcome, Code::Unauthenticated, ErrorReason::InvalidCredentials);
    assert_eq!(rejection.message(), words);
}

fn move_to(city: &str, password: &str) -> v1::UpdateRequest {
    let account = Account { city: city.to_owned(), ..Default::default() };
    v1::UpdateRequest { password: password.to_owned(), ..change(&["city"], account) }
}

#[tokio::test]
async fn confirm_says_that_the_code_is_not_the_right_one() {
    for words in [FRENCH, ENGLISH] {
        let walk = Walk::start(&words).await;
        let asked = walk.server.resend(walk.member.account_id, 1).await;
        walk.server.deliver_mail().await;
        for challenge_id in [uuid(999), asked.challenge_id] {
            let code = wrong_code(&walk.server);
            assert_says(confirm(&walk.stranger, &challenge_id, &code).await, words.confirm);
        }
    }
}

#[tokio::test]
async fn set_password_says_the_same_of_a_wrong_password_an_unknown_ticket_and_a_dead_link() {
    for words in [FRENCH, ENGLISH] {
        let walk = Walk::start(&words).await;
        let with_password = |current: &str| v1::SetPasswordRequest {
            current_password: current.to_owned(),
            new_password: new_password(1),
            ..Default::default()
        };
        let wrong = walk.linked.set_password(with_password(WRONG)).await;
        assert_says(wrong, words.set_password);
        for client in &walk.not_linked {
            let outcome = client.set_password(with_password(PASSWORD)).await;
            assert_says(outcome, words.set_password);
        }
        let ticket = Token::generate(TokenKind::Ticket, &*walk.server.accounts.randomness);
        let with_ticket = v1::SetPasswordRequest {
            ticket: ticket.reveal().to_owned(),
            new_password: new_password(1),
            ..Default::default()
        };
        assert_says(walk.stranger.set_password(with_ticket).await, words.set_password);
    }
}

#[tokio::test]
async fn register_existing_says_to_look_at_the_id_and_at_the_secret() {
    for words in [FRENCH, ENGLISH] {
        let walk = Walk::start(&words).await;
        let id = walk.member.account_id;
        let code = wrong_code(&walk.server);
        for (id, secret) in [(id, WRONG), (id, &code), (id + 1, PASSWORD), (id + 1, &code)] {
            let outcome = walk.stranger.register_existing(register(id, secret)).await;
            assert_says(outcome, words.register_existing);
        }
    }
}

#[tokio::test]
async fn a_detached_machine_that_opens_its_window_reads_so_and_how_to_join_again() {
    for words in [FRENCH, ENGLISH] {
        let walk = Walk::start(&words).await;
        for client in &walk.not_linked {
            let outcome = client.get(v1::GetRequest::default()).await;
            assert_says(outcome, words.get_and_resend_password);
        }
        // Its button for a forgotten password. Without any token, the request lacks a field.
        for (number, client) in (1..).zip(&walk.not_linked[1..]) {
            let resend = v1::ResendPasswordRequest {
                request_id: uuid(number),
                machine: Some(machine(2)),
                ..Default::default()
            };
            let outcome = client.resend_password(resend).await;
            assert_says(outcome, words.get_and_resend_password);
        }
    }
}

#[tokio::test]
async fn update_says_the_same_of_a_wrong_password_a_wrong_code_and_a_dead_link() {
    for words in [FRENCH, ENGLISH] {
        let walk = Walk::start(&words).await;
        for secret in [WRONG.to_owned(), wrong_code(&walk.server)] {
            assert_says(walk.linked.update(move_to("Nîmes", &secret)).await, words.update);
        }
        for client in &walk.not_linked {
            assert_says(client.update(move_to("Nîmes", PASSWORD)).await, words.update);
        }
    }
}

#[tokio::test]
async fn unlink_says_the_same_of_a_wrong_password_and_a_dead_link() {
    for words in [FRENCH, ENGLISH] {
        let walk = Walk::start(&words).await;
        let detach = |password: &str| v1::UnlinkRequest {
            machine_id: uuid(3),
            password: password.to_owned(),
            ..Default::default()
        };
        assert_says(walk.linked.unlink(detach(WRONG)).await, words.unlink);
        for client in &walk.not_linked {
            assert_says(client.unlink(detach(PASSWORD)).await, words.unlink);
        }
    }
}
