//! SetPassword by the password in force.

use gestan_account_client::{
    Code,
    v1::{self, ErrorReason, ViolationReason},
};
use gestan_account_server::credentials::token::{Token, TokenKind};
use gestan_account_tests::{
    PASSWORD, TestServer, assert_refused, assert_says, new_password, stored, text, violations,
};

use super::password_is;

const HASH: &str = "SELECT password_hash FROM account";

fn request(current: &str, new: &str) -> v1::SetPasswordRequest {
    v1::SetPasswordRequest {
        current_password: current.to_owned(),
        new_password: new.to_owned(),
        ..Default::default()
    }
}

#[tokio::test]
async fn set_password_with_the_current_one_replaces_it_and_tells_the_customer() {
    let server = TestServer::start().await;
    let member = server.open_account("jeanne@exemple.fr", 1).await;
    let before = stored(&server).await;
    let set = member.client.set_password(request(PASSWORD, &new_password(1))).await;
    let set = set.expect("an answer");
    assert_eq!(set.account.as_ref().expect("an account").id, member.account_id);
    assert_eq!(set.link_token, "", "the machine keeps its token");
    member.client.get(v1::GetRequest::default()).await.expect("still linked");
    let after = stored(&server).await;
    assert_eq!(after.mails, before.mails + 1);
    assert_eq!(after.audit_events, before.audit_events + 1);
    assert_eq!(after.links, 1);

    let notice = server.mail_to("jeanne@exemple.fr").await;
    assert_eq!(notice.subject, "Le mot de passe de votre compte client Gestan a changé");
    assert_says(
        &notice,
        &[
            "Le mot de passe de votre compte client Gestan vient d’être changé. C’était vous ?",
            "Depuis le poste : « Caisse 1 »",
        ],
    );
    assert!(!password_is(&server, member.account_id, PASSWORD).await);
    assert!(password_is(&server, member.account_id, &new_password(1)).await);
}

#[tokio::test]
async fn set_password_refuses_a_wrong_current_password() {
    let server = TestServer::start().await;
    let member = server.open_account("jeanne@exemple.fr", 1).await;
    let (hash, before) = (text(server.db(), HASH).await, stored(&server).await);
    let outcome = member.client.set_password(request(&new_password(1), &new_password(2))).await;
    assert_refused(outcome, Code::Unauthenticated, ErrorReason::InvalidCredentials);
    assert_eq!(text(server.db(), HASH).await, hash);
    assert_eq!(stored(&server).await, before);
}

#[tokio::test]
async fn set_password_with_the_current_one_needs_a_living_link_token() {
    let server = TestServer::start().await;
    let member = server.open_account("jeanne@exemple.fr", 1).await;
    let second = server.register(member.account_id, 2).await;
    second.client.unlink(v1::UnlinkRequest::default()).await.expect("it is unlinked");
    let unknown = Token::generate(TokenKind::Link, &*server.accounts.randomness);
    let hash = text(server.db(), HASH).await;
    let clients = [
        server.client.clone(),
        second.client.clone(),
        server.client_with(unknown.reveal()),
        server.client_with("gestan_link_42"),
    ];
    for client in clients {
        let outcome = client.set_password(request(PASSWORD, &new_password(1))).await;
        assert_refused(outcome, Code::Unauthenticated, ErrorReason::InvalidCredentials);
    }
    assert_eq!(text(server.db(), HASH).await, hash);
}

#[tokio::test]
async fn set_password_refuses_a_support_key() {
    let server = TestServer::start().await;
    server.open_account("jeanne@exemple.fr", 1).await;
    let (_, support) = server.support_agent("Nadia").await;
    let (hash, before) = (text(server.db(), HASH).await, stored(&server).await);
    let outcome = support.set_password(request(PASSWORD, &new_password(1))).await;
    assert_refused(outcome, Code::PermissionDenied, ErrorReason::PermissionDenied);
    assert_eq!(text(server.db(), HASH).await, hash);
    assert_eq!(stored(&server).await, before);
}

#[tokio::test]
async fn set_password_with_the_current_one_refuses_a_weak_one() {
    let server = TestServer::start().await;
    let member = server.open_account("jeanne@exemple.fr", 1).await;
    let hash = text(server.db(), HASH).await;
    let cases = [
        (PASSWORD.to_owned(), "motdepasse123", "new_password", ViolationReason::PasswordTooWeak),
        ("x".repeat(257), PASSWORD, "current_password", ViolationReason::TooLong),
    ];
    for (current, new, field, reason) in cases {
        let outcome = member.client.set_password(request(&current, new)).await;
        let rejection = assert_refused(outcome, Code::InvalidArgument, ErrorReason::InvalidRequest);
        assert_eq!(violations(&rejection), [(field.to_owned(), reason)]);
    }
    assert_eq!(text(server.db(), HASH).await, hash);
}

#[tokio::test]
async fn of_ten_concurrent_changes_by_the_current_password_one_is_made() {
    let server = TestServer::start().await;
    let member = server.open_account("jeanne@exemple.fr", 1).await;
    let calls = (1..=10).map(|number| {
        let client = member.client.clone();
        tokio::spawn(async move {
            client.set_password(request(PASSWORD, &new_password(number))).await.is_ok()
        })
    });
    let mut made = 0;
    for call in calls.collect::<Vec<_>>() {
        made += usize::from(call.await.expect("no panic"));
    }
    assert_eq!(made, 1);
    assert_eq!(server.deliver_mail().await, 1);
}
