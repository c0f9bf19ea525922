//! SetPassword on a linked machine, by who knows the password in force.

use gestan_account_client::{
    Code,
    v1::{self, ErrorReason},
};
use gestan_account_tests::{PASSWORD, TestServer, assert_refused, machine, new_password, text};

const EMAIL: &str = "jeanne@exemple.fr";

fn change(current: &str, new: &str) -> v1::SetPasswordRequest {
    v1::SetPasswordRequest {
        current_password: current.to_owned(),
        new_password: new.to_owned(),
        ..Default::default()
    }
}

async fn hash(server: &TestServer) -> Option<String> {
    text(server.db(), "SELECT password_hash FROM account").await
}

#[tokio::test]
async fn a_linked_machine_changes_the_password_and_the_address_is_told() {
    let server = TestServer::start().await;
    let member = server.open_account(EMAIL, 1).await;
    let request = change(PASSWORD, &new_password(1));
    let set = member.client.set_password(request).await.expect("the password is right");
    assert_eq!(set.link_token, "");
    assert_eq!(set.account, Some(member.account.clone()), "the form has not changed");
    let mail = server.mail_to(EMAIL).await;
    assert!(mail.subject.contains("mot de passe"), "{}", mail.subject);
    let register = |secret: String| v1::RegisterExistingRequest {
        account_id: member.account_id,
        secret,
        machine: Some(machine(2)),
    };
    let old = server.client.register_existing(register(PASSWORD.to_owned())).await;
    assert_refused(old, Code::Unauthenticated, ErrorReason::InvalidCredentials);
    server.client.register_existing(register(new_password(1))).await.expect("the new one serves");
    server.deliver_mail().await;
}

#[tokio::test]
async fn others_are_cut_off_when_that_is_asked_for_and_this_machine_never() {
    let server = TestServer::start().await;
    let member = server.open_account(EMAIL, 1).await;
    let other = server.register(member.account_id, 2).await;
    let request = v1::SetPasswordRequest {
        unlink_other_machines: true,
        ..change(PASSWORD, &new_password(1))
    };
    member.client.set_password(request).await.expect("the password is right");
    member.client.get(v1::GetRequest::default()).await.expect("this one is linked");
    let outcome = other.client.get(v1::GetRequest::default()).await;
    assert_refused(outcome, Code::Unauthenticated, ErrorReason::InvalidCredentials);
    server.deliver_mail().await;
}

#[tokio::test]
async fn a_wrong_password_a_missing_token_and_a_support_key_change_nothing() {
    let server = TestServer::start().await;
    let member = server.open_account(EMAIL, 1).await;
    let before = hash(&server).await;
    let request = || change("ce n’est pas le bon", &new_password(1));
    let outcome = member.client.set_password(request()).await;
    assert_refused(outcome, Code::Unauthenticated, ErrorReason::InvalidCredentials);
    let outcome = server.client.set_password(change(PASSWORD, &new_password(1))).await;
    assert_refused(outcome, Code::Unauthenticated, ErrorReason::InvalidCredentials);
    let (_, agent) = server.support_agent("Alice").await;
    let outcome = agent.set_password(change(PASSWORD, &new_password(1))).await;
    assert_refused(outcome, Code::PermissionDenied, ErrorReason::PermissionDenied);
    let outcome = member.client.set_password(change(PASSWORD, "azertyuiop123")).await;
    assert_refused(outcome, Code::InvalidArgument, ErrorReason::InvalidRequest);
    assert_eq!(hash(&server).await, before);
    assert_eq!(server.deliver_mail().await, 0);
}

#[tokio::test]
async fn of_two_changes_at_once_one_is_made() {
    let server = TestServer::start().await;
    let member = server.open_account(EMAIL, 1).await;
    let calls = (1..=10).map(|number| {
        let client = member.client.clone();
        tokio::spawn(async move {
            client.set_password(change(PASSWORD, &new_password(number))).await.is_ok()
        })
    });
    let mut made = 0;
    for call in calls.collect::<Vec<_>>() {
        made += usize::from(call.await.expect("no panic"));
    }
    assert_eq!(made, 1);
    assert_eq!(server.deliver_mail().await, 1);
}
