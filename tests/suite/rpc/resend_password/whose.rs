//! Which account is meant, and by whom it may be named.

use gestan_account_client::{
    Code,
    v1::{self, ErrorReason, ViolationReason},
};
use gestan_account_server::{
    clock::Clock as _,
    credentials::token::{Token, TokenKind},
};
use gestan_account_tests::{
    Stored, TestServer, assert_refused, code_in, machine, refused, stored, uuid, violations,
};
use jiff::SignedDuration;

use super::request;

#[tokio::test]
async fn resend_password_finds_the_account_by_id_by_address_and_by_link_token() {
    let server = TestServer::start().await;
    let member = server.open_account("jeanne@exemple.fr", 1).await;
    server.open_account("paul@exemple.fr", 2).await;
    let by_id = v1::ResendPasswordRequest { account_id: member.account_id, ..request(3) };
    let by_address =
        v1::ResendPasswordRequest { email: " Jeanne@EXEMPLE.fr".to_owned(), ..request(4) };
    let calls = [
        (server.client.clone(), by_id),
        (server.client.clone(), by_address),
        (member.client.clone(), request(1)),
    ];
    for (client, resend) in calls {
        let before = stored(&server).await;
        let now = server.clock.now();
        let answer = client.resend_password(resend).await.expect("an answer");
        let day = (now + SignedDuration::from_hours(24)).as_second();
        let minute = (now + SignedDuration::from_mins(1)).as_second();
        assert_eq!(answer.code_expire_time.expect("a time").seconds, day);
        assert_eq!(answer.resend_time.expect("a time").seconds, minute);
        let after = Stored {
            challenges: before.challenges + 1,
            request_ids: before.request_ids + 1,
            mails: before.mails + 1,
            ..before
        };
        assert_eq!(stored(&server).await, after);
        let _ = server.mailbox().take();
        let mail = server.mail_to("jeanne@exemple.fr").await;
        assert_eq!(server.mails().len(), 1);
        let confirmed = server.confirm(&answer.challenge_id, &code_in(&mail.text)).await;
        assert!(confirmed.account_existed);
        assert_eq!(confirmed.account_id, member.account_id);
    }
}

#[tokio::test]
async fn resend_password_mails_to_the_address_that_is_confirmed() {
    let server = TestServer::start().await;
    let member = server.open_account("jeanne@exemple.fr", 1).await;
    let update = v1::UpdateRequest {
        account: Some(v1::Account { email: "neuve@exemple.fr".to_owned(), ..Default::default() }),
        password: gestan_account_tests::PASSWORD.to_owned(),
        ..Default::default()
    };
    member.client.update(update).await.expect("Update is answered");
    server.deliver_mail().await;
    let _ = server.mailbox().take();
    server.resend(member.account_id, 2).await;
    server.deliver_mail().await;
    let to: Vec<_> = server.mails().into_iter().map(|mail| mail.to).collect();
    assert_eq!(to, ["jeanne@exemple.fr"], "a pending address is not the account's");
}

#[tokio::test]
async fn resend_password_refuses_both_id_and_address() {
    let server = TestServer::start().await;
    let member = server.open_account("jeanne@exemple.fr", 1).await;
    let before = stored(&server).await;
    let both = v1::ResendPasswordRequest {
        account_id: member.account_id,
        email: "jeanne@exemple.fr".to_owned(),
        ..request(2)
    };
    let outcome = server.client.resend_password(both).await;
    let rejection = assert_refused(outcome, Code::InvalidArgument, ErrorReason::InvalidRequest);
    assert_eq!(violations(&rejection), [("email".to_owned(), ViolationReason::Conflict)]);
    assert_eq!(stored(&server).await, before);
}

#[tokio::test]
async fn resend_password_refuses_neither_id_nor_address_nor_token() {
    let server = TestServer::start().await;
    let outcome = server.client.resend_password(request(1)).await;
    let rejection = assert_refused(outcome, Code::InvalidArgument, ErrorReason::InvalidRequest);
    assert_eq!(violations(&rejection), [("account_id".to_owned(), ViolationReason::Required)]);
    assert_eq!(stored(&server).await, Stored::default());
}

#[tokio::test]
async fn resend_password_refuses_a_dead_token_when_it_is_all_that_names_the_account() {
    let server = TestServer::start().await;
    let member = server.open_account("jeanne@exemple.fr", 1).await;
    member.client.unlink(v1::UnlinkRequest::default()).await.expect("it is unlinked");
    let unknown = Token::generate(TokenKind::Link, &*server.accounts.randomness);
    let before = stored(&server).await;
    let clients =
        [member.client, server.client_with(unknown.reveal()), server.client_with("perdu")];
    for client in &clients {
        let outcome = client.resend_password(request(1)).await;
        assert_refused(outcome, Code::Unauthenticated, ErrorReason::InvalidCredentials);
    }
    assert_eq!(stored(&server).await, before);

    // A machine that was detached may still name the account.
    let named = v1::ResendPasswordRequest { account_id: member.account_id, ..request(1) };
    clients[0].resend_password(named).await.expect("an answer");
    assert_eq!(server.deliver_mail().await, 1);
}

#[tokio::test]
async fn resend_password_refuses_a_support_key_that_names_no_account() {
    let server = TestServer::start().await;
    let (_, support) = server.support_agent("Nadia").await;
    let outcome = support.resend_password(request(1)).await;
    assert_refused(outcome, Code::PermissionDenied, ErrorReason::PermissionDenied);
    assert_eq!(stored(&server).await, Stored::default());
}

#[tokio::test]
async fn resend_password_names_every_bad_field_in_one_answer() {
    let server = TestServer::start().await;
    let bad = v1::ResendPasswordRequest {
        request_id: "42".to_owned(),
        email: "jeanne".to_owned(),
        machine: Some(v1::Machine { id: uuid(1) + "0", name: "\u{1b}[2J".to_owned() }),
        locale: "f r".to_owned(),
        ..Default::default()
    };
    let outcome = server.client.resend_password(bad).await;
    let rejection = assert_refused(outcome, Code::InvalidArgument, ErrorReason::InvalidRequest);
    let expected = [
        ("request_id", ViolationReason::Malformed),
        ("email", ViolationReason::InvalidEmail),
        ("machine.id", ViolationReason::Malformed),
        ("machine.name", ViolationReason::ControlCharacter),
        ("locale", ViolationReason::Malformed),
    ];
    let found = violations(&rejection);
    let found: Vec<_> = found.iter().map(|(field, reason)| (&**field, *reason)).collect();
    assert_eq!(found, expected);

    let nothing =
        refused(server.client.resend_password(v1::ResendPasswordRequest::default()).await);
    let required = ["request_id", "account_id", "machine"]
        .map(|field| (field.to_owned(), ViolationReason::Required));
    assert_eq!(violations(&nothing), required);
    assert_eq!(stored(&server).await, Stored::default());
}

#[tokio::test]
async fn resend_password_with_the_same_request_id_gives_the_same_answer_and_one_mail() {
    let server = TestServer::start().await;
    let member = server.open_account("jeanne@exemple.fr", 1).await;
    let resend = v1::ResendPasswordRequest { account_id: member.account_id, ..request(2) };
    let first = server.client.resend_password(resend.clone()).await.expect("an answer");
    let after = stored(&server).await;
    server.advance(SignedDuration::from_secs(90));
    let again = server.client.resend_password(resend.clone()).await.expect("an answer");
    assert_eq!(again, first);
    assert_eq!(stored(&server).await, after);
    assert_eq!(server.deliver_mail().await, 1);

    for different in [
        v1::ResendPasswordRequest { account_id: member.account_id + 1, ..resend.clone() },
        v1::ResendPasswordRequest { machine: Some(machine(3)), ..resend },
    ] {
        let outcome = server.client.resend_password(different).await;
        let rejection = assert_refused(outcome, Code::InvalidArgument, ErrorReason::InvalidRequest);
        let expected = [("request_id".to_owned(), ViolationReason::RequestIdReused)];
        assert_eq!(violations(&rejection), expected);
    }
    assert_eq!(server.deliver_mail().await, 0);
}
