//! A change that support has started, and that is stopped or overtaken.

use gestan_account_client::{
    Code,
    v1::{self, ErrorReason},
};
use gestan_account_proto::support::v1::CancelEmailChangeRequest;
use gestan_account_server::domain::role::Role;
use gestan_account_tests::{
    Member, PASSWORD, TestServer, assert_refused, change_email, count, first_code, new_password,
    rows,
};
use jiff::SignedDuration;

use super::{NEW, OLD, at_once, confirm, flat, mails_to, start, to};

/// What takes a pending address back.
#[derive(Clone, Copy, Debug)]
enum By {
    Ticket,
    Password,
    AddressInPlace,
    OtherAddress,
    Desk,
}

async fn take_back(server: &TestServer, member: &Member, by: By) {
    match by {
        By::Ticket => {
            let sent = server.resend(member.account_id, 1).await;
            let code = server.code_to(OLD).await;
            let ticket = server.confirm(&sent.challenge_id, &code).await.ticket;
            server.set_password(&ticket, &new_password(1)).await;
        }
        By::Password => {
            let request = v1::SetPasswordRequest {
                current_password: PASSWORD.to_owned(),
                new_password: new_password(1),
                ..Default::default()
            };
            member.client.set_password(request).await.expect("it is right");
        }
        By::AddressInPlace => {
            member.update(change_email(OLD)).await;
        }
        By::OtherAddress => {
            member.update(change_email("troisieme@exemple.fr")).await;
        }
        By::Desk => {
            let request = CancelEmailChangeRequest { account_id: member.account_id };
            let mut desk = server.desk(Role::Admin).await;
            desk.cancel_email_change(request).await.expect("an admin may");
        }
    }
    server.deliver_mail().await;
}

/// The address of each account.
async fn emails(server: &TestServer) -> Vec<String> {
    let rows = rows(server.db(), "SELECT email FROM account").await;
    rows.iter().map(|row| row.try_get_by_index(0).expect("an address")).collect()
}

const ALL: [By; 5] = [By::Ticket, By::Password, By::AddressInPlace, By::OtherAddress, By::Desk];

#[tokio::test]
async fn whatever_takes_a_pending_address_back_keeps_its_code_from_being_mailed() {
    for by in ALL {
        let server = TestServer::start().await;
        let member = server.open_account(OLD, 1).await;
        let mut desk = server.desk(Role::Admin).await;
        start(&mut desk, to(member.account_id, NEW)).await;
        server.deliver_mail().await;
        take_back(&server, &member, by).await;
        server.advance(SignedDuration::from_hours(25));
        server.deliver_mail().await;
        assert_eq!(mails_to(&server, NEW), 0, "{by:?}");
        let dropped = "SELECT count(*) FROM outbox_mail WHERE state = 'dropped'";
        assert_eq!(count(server.db(), dropped).await, 1, "{by:?}");
    }
}

#[tokio::test]
async fn whatever_takes_a_pending_address_back_ends_the_code_that_was_mailed() {
    for by in ALL {
        let server = TestServer::start().await;
        let member = server.open_account(OLD, 1).await;
        let mut desk = server.desk(Role::Admin).await;
        start(&mut desk, at_once(member.account_id, NEW)).await;
        let code = server.code_to(NEW).await;
        take_back(&server, &member, by).await;
        let outcome = confirm(&server, member.account_id, &code).await;
        assert_refused(outcome, Code::Unauthenticated, ErrorReason::InvalidCredentials);
        assert_eq!(emails(&server).await, [OLD], "{by:?}");
        server.deliver_mail().await;
    }
}

/// Who opens an account with the address is its owner, and whoever wanted it is told.
#[tokio::test]
async fn an_address_that_is_taken_before_its_code_is_mailed_gets_none() {
    let server = TestServer::start().await;
    let member = server.open_account(OLD, 1).await;
    let mut desk = server.desk(Role::Admin).await;
    start(&mut desk, to(member.account_id, NEW)).await;
    let other = server.open_account("neuve@exemple.fr", 2).await;
    server.advance(SignedDuration::from_hours(24));
    let mail = server.mail_to(NEW).await;
    assert_eq!(mail.subject, "Un compte client Gestan existe déjà à cette adresse");
    assert_eq!(first_code(&mail.text), None);
    assert!(!flat(&mail.text).contains(OLD));
    assert_eq!(member.read().await.email, OLD);
    assert_eq!(other.read().await.email, "neuve@exemple.fr");
}

#[tokio::test]
async fn an_address_that_is_taken_before_its_code_is_typed_is_refused() {
    let server = TestServer::start().await;
    let member = server.open_account(OLD, 1).await;
    let mut desk = server.desk(Role::Admin).await;
    start(&mut desk, at_once(member.account_id, NEW)).await;
    let code = server.code_to(NEW).await;
    server.advance(SignedDuration::from_mins(2));
    server.open_account("neuve@exemple.fr", 2).await;
    let trail = server.audit_trail().await;
    let outcome = confirm(&server, member.account_id, &code).await;
    assert_refused(outcome, Code::FailedPrecondition, ErrorReason::EmailTaken);
    assert_eq!((member.read().await.email, server.audit_trail().await), (OLD.to_owned(), trail));
}

#[tokio::test]
async fn a_code_that_is_too_old_confirms_nothing() {
    let server = TestServer::start().await;
    let member = server.open_account(OLD, 1).await;
    let mut desk = server.desk(Role::Admin).await;
    start(&mut desk, to(member.account_id, NEW)).await;
    server.deliver_mail().await;
    server.advance(SignedDuration::from_hours(24));
    let code = server.code_to(NEW).await;
    server.advance(SignedDuration::from_hours(24));
    assert_eq!(member.read().await.pending_email, "");
    let outcome = confirm(&server, member.account_id, &code).await;
    assert_refused(outcome, Code::FailedPrecondition, ErrorReason::CodeExpired);
    server.advance(SignedDuration::from_hours(1));
    let outcome = confirm(&server, member.account_id, &code).await;
    assert_refused(outcome, Code::Unauthenticated, ErrorReason::InvalidCredentials);
    assert_eq!(member.read().await.email, OLD);
}
