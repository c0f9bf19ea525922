//! Limits that hold, by real calls that use them up.

use gestan_account_client::v1;
use gestan_account_proto::support::v1::FindingKind::{
    CodeWaits, CodesLimited, MailsLimited, PasswordsLimited, Unspecified,
};
use gestan_account_server::throttle::Throttles;
use gestan_account_tests::{Member, TestServer, TestServerOptions, forget_networks, machine};
use jiff::SignedDuration;

use super::{
    EMAIL, by_address, by_id, finding, found, kinds, seconds_left, told, words, wrong_code,
};

async fn start() -> (TestServer, Member) {
    let throttles = Throttles::default();
    let server =
        TestServer::start_with(TestServerOptions { throttles, ..Default::default() }).await;
    let member = server.open_account(EMAIL, 1).await;
    server.advance(SignedDuration::from_hours(2));
    (server, member)
}

async fn try_secret(server: &TestServer, account_id: u32, secret: &str) {
    let machine = Some(machine(7));
    let request = v1::RegisterExistingRequest { account_id, secret: secret.to_owned(), machine };
    server.client.register_existing(request).await.expect_err("a wrong secret");
}

#[tokio::test]
async fn wrong_passwords_of_strangers_are_found_until_one_is_looked_at_again() {
    let (server, member) = start().await;
    let whose = by_id(member.account_id);
    for seen in [true, false] {
        if !seen {
            forget_networks(&server).await;
        }
        for _ in 0..5 {
            try_secret(&server, member.account_id, "ce n’est pas lui").await;
        }
        let (french, english) = told(&server, whose.clone()).await;
        assert_eq!(kinds(&french), [PasswordsLimited]);
        let limited = finding(&french, PasswordsLimited);
        assert_eq!(seconds_left(&server, limited.until), 60);
        assert_eq!(
            limited.text,
            "Trop de mots de passe faux depuis un poste non rattaché : aucun n’y est regardé pendant \
             60 s. Un code, lui, passe : SendCode."
        );
        let text = &finding(&english, PasswordsLimited).text;
        assert!(text.contains("from a machine that is not linked"), "{text}");
        server.advance(SignedDuration::from_secs(61));
        assert_eq!(found(&server, whose.clone()).await, [Unspecified]);
        server.advance(SignedDuration::from_hours(25));
    }
}

#[tokio::test]
async fn a_linked_machine_that_is_held_up_is_named() {
    let (server, member) = start().await;
    for _ in 0..6 {
        let request = v1::SetPasswordRequest {
            current_password: "ce n’est pas lui".to_owned(),
            new_password: "sept girafes lisent sous la pluie".to_owned(),
            ..Default::default()
        };
        member.client.set_password(request).await.expect_err("a wrong password");
    }
    let whose = by_id(member.account_id);
    let (french, english) = words(&server, whose, PasswordsLimited).await;
    assert!(french.starts_with("Trop de mots de passe faux sur « Caisse 1 » :"), "{french}");
    assert!(english.starts_with("Too many wrong passwords on “Caisse 1”:"), "{english}");
}

#[tokio::test]
async fn wrong_codes_beside_the_id_are_found() {
    let (server, member) = start().await;
    for _ in 0..10 {
        try_secret(&server, member.account_id, &wrong_code(&server)).await;
    }
    let (french, english) = told(&server, by_id(member.account_id)).await;
    assert_eq!(kinds(&french), [CodesLimited]);
    let limited = finding(&french, CodesLimited);
    assert_eq!(seconds_left(&server, limited.until), 24 * 3600);
    assert!(limited.text.starts_with("Trop de codes faux tapés avec l’ID client depuis"));
    assert!(finding(&english, CodesLimited).text.starts_with("Too many wrong codes typed with"));
}

/// All strangers together have a hundred: they are found behind more networks than are read.
#[tokio::test]
async fn a_siege_by_many_networks_is_found() {
    let (server, member) = start().await;
    forget_networks(&server).await;
    let id = member.account_id;
    for number in 0..600 {
        let key = format!("passwords:{id}:from:10.{}.{}.0/24", number / 250, number % 250);
        let insert = format!("INSERT INTO throttle VALUES ('{key}', '[]', 0)");
        gestan_account_tests::execute(server.db(), &insert).await;
    }
    assert_eq!(found(&server, by_id(id)).await, [Unspecified]);
    let now = server.accounts.clock.now().as_millisecond();
    let hits = vec![now.to_string(); 100].join(",");
    let all = format!(
        "INSERT INTO throttle VALUES ('passwords:{id}:strangers', '[{hits}]', {})",
        now + 86_400_000
    );
    gestan_account_tests::execute(server.db(), &all).await;
    assert_eq!(found(&server, by_id(id)).await, [PasswordsLimited]);
}

/// A mail a minute is what a window says by itself; five an hour keep a customer waiting.
#[tokio::test]
async fn mails_that_were_asked_for_too_often_are_found() {
    let (server, member) = start().await;
    let whose = by_id(member.account_id);
    for number in 0..5 {
        assert_ne!(kinds(&told(&server, whose.clone()).await.0).last(), Some(&MailsLimited));
        server.resend(member.account_id, 20 + number).await;
        server.deliver_mail().await;
        server.advance(SignedDuration::from_secs(61));
    }
    let (french, english) = told(&server, whose).await;
    assert_eq!(kinds(&french), [CodeWaits, MailsLimited]);
    let limited = finding(&french, MailsLimited);
    assert_eq!(seconds_left(&server, limited.until), 3600 - 5 * 61);
    assert!(limited.text.contains("pendant 55 min. Le code déjà reçu reste bon"), "{limited:?}");
    assert!(finding(&english, MailsLimited).text.contains("for 55 min. The code in hand"));
}

#[tokio::test]
async fn mails_to_an_address_without_an_account_are_limited_too() {
    let throttles = Throttles::default();
    let server =
        TestServer::start_with(TestServerOptions { throttles, ..Default::default() }).await;
    for number in 1..=5 {
        server.create(EMAIL, number).await;
        server.deliver_mail().await;
        server.advance(SignedDuration::from_secs(61));
    }
    assert_eq!(*found(&server, by_address(EMAIL)).await.get(1).expect("a second"), MailsLimited);
}
