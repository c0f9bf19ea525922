//! CancelEmailChange: what somebody with the password has asked for is taken back.

use gestan_account_client::{
    Code as ClientCode,
    v1::{self, ErrorReason},
};
use gestan_account_proto::support::v1::CancelEmailChangeRequest;
use gestan_account_server::domain::role::Role;
use gestan_account_tests::{TestServer, Told, assert_refused, change_email, stored};
use tonic::Code;

const EMAIL: &str = "jeanne@exemple.fr";
const OTHER: &str = "neuve@exemple.fr";

fn of(account_id: u32) -> CancelEmailChangeRequest {
    CancelEmailChangeRequest { account_id }
}

#[tokio::test]
async fn an_admin_takes_a_pending_address_back_and_its_code_is_dead() {
    let server = TestServer::start().await;
    let member = server.open_account(EMAIL, 1).await;
    let asked = member.update(change_email(OTHER)).await;
    assert_eq!(member.read().await.pending_email, OTHER);
    let code = server.code_to(OTHER).await;
    let mut desk = server.desk(Role::Admin).await;
    let cancelled = desk.cancel_email_change(of(member.account_id)).await.expect("an admin may");
    let account = cancelled.into_inner().account.expect("an account");
    assert_eq!((&*account.email, &*account.pending_email), (EMAIL, ""));
    assert_eq!(member.read().await, account);
    let request =
        v1::ConfirmRequest { challenge_id: asked.challenge_id, code, ..Default::default() };
    let outcome = server.client.confirm(request).await;
    assert_refused(outcome, ClientCode::FailedPrecondition, ErrorReason::CodeExpired);
    let event = ("cancel_email_change".to_owned(), "pending_email".to_owned());
    assert_eq!(server.audit_trail().await.last(), Some(&event));

    // Again it is a success, and leaves nothing.
    let before = stored(&server).await;
    let again = desk.cancel_email_change(of(member.account_id)).await.expect("a repeat");
    assert_eq!(again.into_inner().account, Some(account));
    assert_eq!(stored(&server).await, before);
    let told = Told::by(desk.cancel_email_change(of(999)).await);
    assert_eq!(told.why(), (Code::NotFound, "ACCOUNT_NOT_FOUND"));
}

#[tokio::test]
async fn a_code_that_was_not_mailed_yet_is_not_mailed_any_more() {
    let server = TestServer::start().await;
    let member = server.open_account(EMAIL, 1).await;
    member.update(change_email(OTHER)).await;
    let mut desk = server.desk(Role::Admin).await;
    desk.cancel_email_change(of(member.account_id)).await.expect("an admin may");
    server.deliver_mail().await;
    let mails = server.mails();
    assert!(mails.iter().all(|mail| mail.to != OTHER), "the new address gets nothing");
    // The same address may be asked for again.
    member.update(change_email(OTHER)).await;
    let code = server.code_to(OTHER).await;
    assert!(!code.is_empty());
}
