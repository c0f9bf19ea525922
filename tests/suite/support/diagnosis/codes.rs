//! Codes: in the mailbox, too old, used, mistyped too often.

use gestan_account_client::v1;
use gestan_account_proto::support::v1::{
    FindingKind::{
        CodeExpired, CodeSpent, CodeTriesSpent, CodeWaits, EmailPending, NoAccount, NoMachine,
        NoPassword, Opening, Unspecified,
    },
    SendCodeRequest, StartEmailChangeRequest,
};
use gestan_account_server::domain::role::Role;
use gestan_account_tests::{TestServer, change_email, machine, new_password};
use jiff::SignedDuration;

use super::{
    EMAIL, OTHER, by_address, by_id, finding, found, kinds, seconds_left, told, words, wrong_code,
};

async fn try_wrong_codes(server: &TestServer, challenge_id: &str, times: usize) {
    for _ in 0..times {
        let code = wrong_code(server);
        let request = v1::ConfirmRequest {
            challenge_id: challenge_id.to_owned(),
            code,
            ..Default::default()
        };
        server.client.confirm(request).await.expect_err("a wrong code");
    }
}

#[tokio::test]
async fn a_code_in_the_mailbox_waits_and_then_expires() {
    let server = TestServer::start().await;
    let member = server.open_account(EMAIL, 1).await;
    let whose = by_id(member.account_id);
    server.advance(SignedDuration::from_hours(1));
    server.resend(member.account_id, 2).await;
    server.deliver_mail().await;
    server.advance(SignedDuration::from_hours(3));
    let (french, english) = told(&server, whose.clone()).await;
    assert_eq!(kinds(&french), [CodeWaits]);
    let waits = finding(&french, CodeWaits);
    assert_eq!(
        waits.text,
        "Le code demandé sur « Caisse 2 » est dans la boîte du client depuis 3 h, encore valable 21 h. \
         Faites regarder les indésirables."
    );
    let text = &finding(&english, CodeWaits).text;
    assert!(text.contains("asked for on “Caisse 2” has been in the mailbox"), "{text}");
    let hour = 3600;
    let times = (seconds_left(&server, waits.time), seconds_left(&server, waits.until));
    assert_eq!(times, (-3 * hour, 21 * hour));
    let code = &french.codes[0];
    assert_eq!((&*code.purpose, &*code.machine_name), ("resend_password", "Caisse 2"));
    assert_eq!((code.expire_time, code.spent_time), (waits.until, None));

    server.advance(SignedDuration::from_hours(22));
    let (french, english) = told(&server, whose.clone()).await;
    assert_eq!(kinds(&french), [CodeExpired]);
    let expired = finding(&french, CodeExpired);
    assert!(expired.text.contains("n’est plus valable depuis 60 min"), "{expired:?}");
    assert!(finding(&english, CodeExpired).text.contains("expired 60 min ago"));
    assert_eq!(seconds_left(&server, expired.time), -hour);
    // What the desk sends then is what waits.
    let mut desk = server.desk(Role::Agent).await;
    let send = SendCodeRequest { account_id: member.account_id, ..Default::default() };
    desk.send_code(send).await.expect("it is sent");
    server.deliver_mail().await;
    let (french, english) = words(&server, whose, CodeWaits).await;
    assert!(french.starts_with("Le code envoyé par l’assistance est"), "{french}");
    assert!(english.starts_with("The code that support had sent has been"), "{english}");
}

#[tokio::test]
async fn ten_wrong_codes_end_a_window_with_and_without_an_account() {
    let server = TestServer::start().await;
    let created = server.create(EMAIL, 1).await;
    server.deliver_mail().await;
    try_wrong_codes(&server, &created.challenge_id, 9).await;
    assert_eq!(found(&server, by_address(EMAIL)).await, [CodeWaits, Opening]);
    try_wrong_codes(&server, &created.challenge_id, 1).await;
    let (french, english) = told(&server, by_address(EMAIL)).await;
    assert_eq!(kinds(&french), [NoAccount, CodeTriesSpent]);
    assert_eq!(french.codes[0].wrong_tries, 10);
    let text = &finding(&french, CodeTriesSpent).text;
    assert!(
        text.contains("sur « Caisse 1 »") && text.contains("Créer un nouveau compte"),
        "{text}"
    );
    let text = &finding(&english, CodeTriesSpent).text;
    assert!(text.starts_with("Ten wrong codes were typed on “Caisse 1”"), "{text}");

    let member = server.open_account(OTHER, 2).await;
    server.advance(SignedDuration::from_mins(2));
    let sent = server.resend(member.account_id, 3).await;
    server.deliver_mail().await;
    try_wrong_codes(&server, &sent.challenge_id, 10).await;
    let whose = by_id(member.account_id);
    assert_eq!(found(&server, whose.clone()).await, [CodeTriesSpent]);
    let (text, _) = words(&server, whose, CodeTriesSpent).await;
    assert!(text.contains("SendCode") && text.contains("Enregistrer un compte existant"), "{text}");
}

/// The window was closed after the code, before the password.
#[tokio::test]
async fn a_code_that_was_used_without_a_password_after_it_is_spent() {
    let server = TestServer::start().await;
    let created = server.create(EMAIL, 1).await;
    let code = server.code_to(EMAIL).await;
    let confirmed = server.confirm(&created.challenge_id, &code).await;
    server.advance(SignedDuration::from_mins(10));
    let (french, english) = told(&server, by_address(EMAIL)).await;
    assert_eq!(kinds(&french), [CodeSpent, NoPassword, NoMachine]);
    assert_eq!(french.account_id, confirmed.account_id);
    let spent = finding(&french, CodeSpent);
    assert_eq!(seconds_left(&server, spent.until), 50 * 60);
    assert!(spent.text.contains("la fenêtre l’attend encore 50 min"), "{spent:?}");
    assert!(finding(&english, CodeSpent).text.contains("waits for it for 50 min yet"));
    assert!(finding(&french, NoPassword).text.contains("n’a jamais eu de mot de passe"));
    assert!(finding(&english, NoPassword).text.contains("never had a password"));
    assert!(finding(&french, NoMachine).text.starts_with("Aucun poste n’est rattaché"));
    assert!(finding(&english, NoMachine).text.starts_with("No machine is linked"));

    server.advance(SignedDuration::from_hours(1));
    let (french, _) = told(&server, by_id(confirmed.account_id)).await;
    let spent = finding(&french, CodeSpent);
    assert_eq!(spent.until, None, "the ticket has expired");
    assert!(spent.text.contains("SendCode"), "{spent:?}");
}

/// A window that waits for its code, which was typed elsewhere beside the ID.
#[tokio::test]
async fn a_code_that_was_used_on_another_machine_is_spent_for_the_window_that_waits() {
    let server = TestServer::start().await;
    let member = server.open_account(EMAIL, 1).await;
    let whose = by_id(member.account_id);
    for (number, expected) in [(3, CodeSpent), (2, Unspecified)] {
        server.advance(SignedDuration::from_mins(2));
        server.resend(member.account_id, 2).await;
        let request = v1::RegisterExistingRequest {
            account_id: member.account_id,
            secret: server.code_to(EMAIL).await,
            machine: Some(machine(number)),
        };
        server.client.register_existing(request).await.expect("it is linked");
        server.deliver_mail().await;
        assert_eq!(found(&server, whose.clone()).await, [expected], "by machine {number}");
    }
}

#[tokio::test]
async fn what_a_new_password_has_ended_keeps_nobody_out() {
    let server = TestServer::start().await;
    let member = server.open_account(EMAIL, 1).await;
    server.advance(SignedDuration::from_mins(2));
    let first = server.resend(member.account_id, 2).await;
    let code = server.code_to(EMAIL).await;
    server.advance(SignedDuration::from_mins(2));
    server.resend(member.account_id, 3).await;
    let ticket = server.confirm(&first.challenge_id, &code).await.ticket;
    server.set_password(&ticket, &new_password(1)).await;
    server.deliver_mail().await;
    let (answer, _) = told(&server, by_id(member.account_id)).await;
    assert_eq!(kinds(&answer), [Unspecified]);
    assert_eq!(answer.codes[0].expire_time, None, "it was ended");
}

#[tokio::test]
async fn a_code_for_a_new_address_waits_expires_and_is_nothing_once_it_is_taken_back() {
    let server = TestServer::start().await;
    let member = server.open_account(EMAIL, 1).await;
    member.update(change_email(OTHER)).await;
    server.deliver_mail().await;
    for whose in [by_id(member.account_id), by_address(OTHER), by_address(EMAIL)] {
        let (french, english) = told(&server, whose).await;
        assert_eq!(kinds(&french), [CodeWaits, EmailPending]);
        assert_eq!(french.account_id, member.account_id);
        assert!(finding(&french, CodeWaits).text.contains("dans la boîte de la nouvelle adresse"));
        assert!(finding(&english, CodeWaits).text.contains("mailbox of the new address"));
        let pending = finding(&french, EmailPending);
        assert!(pending.text.starts_with("La nouvelle adresse n•••@e•••.fr attend"), "{pending:?}");
        assert!(finding(&english, EmailPending).text.starts_with("The new address n•••@e•••.fr"));
        assert_eq!(seconds_left(&server, pending.until), 24 * 3600);
    }
    member.update(change_email(EMAIL)).await;
    server.deliver_mail().await;
    assert_eq!(found(&server, by_id(member.account_id)).await, [Unspecified]);
    assert_eq!(found(&server, by_address(OTHER)).await, [NoAccount]);
}

/// What the desk has started itself: its code waits for a day, and ten wrong ones end it.
#[tokio::test]
async fn a_change_that_support_has_started_is_told_with_when_its_code_goes() {
    let server = TestServer::start().await;
    let member = server.open_account(EMAIL, 1).await;
    let whose = by_id(member.account_id);
    server.advance(SignedDuration::from_mins(1));
    let request = StartEmailChangeRequest {
        account_id: member.account_id,
        email: OTHER.to_owned(),
        reason: "rappel au siège".to_owned(),
        ..Default::default()
    };
    server.desk(Role::Admin).await.start_email_change(request).await.expect("an admin may");
    server.deliver_mail().await;
    let (french, english) = told(&server, whose.clone()).await;
    assert_eq!(kinds(&french), [EmailPending]);
    let text = &finding(&french, EmailPending).text;
    assert!(text.contains("encore 48 h : son code part dans 24 h"), "{text}");
    let text = &finding(&english, EmailPending).text;
    assert!(text.contains("for 48 h yet: its code is mailed in 24 h"), "{text}");
    assert_eq!((&*french.codes[0].purpose, &*french.codes[0].machine_name), ("change_email", ""));

    server.advance(SignedDuration::from_hours(24));
    server.deliver_mail().await;
    assert_eq!(found(&server, whose.clone()).await, [CodeWaits, EmailPending]);
    for _ in 0..10 {
        let (account_id, code) = (member.account_id, wrong_code(&server));
        let request = v1::ConfirmRequest { account_id, code, ..Default::default() };
        server.client.confirm(request).await.expect_err("a wrong code");
    }
    let (french, english) = told(&server, whose).await;
    assert_eq!(kinds(&french), [CodeTriesSpent, EmailPending]);
    assert!(finding(&french, CodeTriesSpent).text.contains("StartEmailChange"));
    assert!(finding(&english, CodeTriesSpent).text.contains("StartEmailChange"));
    assert_eq!((french.codes[0].wrong_tries, french.codes[0].account_wrong_tries), (0, 10));
}
