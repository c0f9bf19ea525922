//! Unlink.

use gestan_account_client::{
    Client, Code, Error,
    v1::{self, ErrorReason, ViolationReason},
};
use gestan_account_tests::{Member, PASSWORD, TestServer, assert_refused, count, uuid, violations};

const LIVING_LINKS: &str = "SELECT count(*) FROM link WHERE unlink_time IS NULL";

/// Detaches machine `machine_number`.
async fn unlink(
    client: &Client,
    machine_number: u128,
    password: &str,
) -> Result<v1::UnlinkResponse, Error> {
    let request = v1::UnlinkRequest {
        machine_id: uuid(machine_number),
        password: password.to_owned(),
        ..Default::default()
    };
    client.unlink(request).await
}

async fn assert_dead(member: &Member) {
    let outcome = member.client.get(v1::GetRequest::default()).await;
    assert_refused(outcome, Code::Unauthenticated, ErrorReason::InvalidCredentials);
}

/// An account with machines 1 and 2.
async fn two_machines(server: &TestServer) -> (Member, Member) {
    let first = server.open_account("jeanne@exemple.fr", 1).await;
    let second = server.register(first.account_id, 2).await;
    (first, second)
}

#[tokio::test]
async fn unlink_kills_the_token_at_once() {
    let server = TestServer::start().await;
    let (first, second) = two_machines(&server).await;
    first.unlink().await.expect("it is detached");
    assert_dead(&first).await;
    assert_eq!(second.read().await, first.account, "the account stays, for its other machine");
    assert_eq!(count(server.db(), LIVING_LINKS).await, 1);
}

#[tokio::test]
async fn a_machine_detaches_itself_by_its_own_id_without_a_password() {
    let server = TestServer::start().await;
    let (first, _) = two_machines(&server).await;
    let request = v1::UnlinkRequest {
        account_id: first.account_id,
        machine_id: uuid(1),
        ..Default::default()
    };
    first.client.unlink(request).await.expect("it is detached");
    assert_dead(&first).await;
    assert_eq!(count(server.db(), LIVING_LINKS).await, 1);
}

#[tokio::test]
async fn the_last_machine_may_go_and_the_account_stays() {
    let server = TestServer::start().await;
    let member = server.open_account("jeanne@exemple.fr", 1).await;
    member.unlink().await.expect("it is detached");
    assert_eq!(count(server.db(), LIVING_LINKS).await, 0);
    let back = server.register(member.account_id, 1).await;
    assert_eq!(back.read().await, member.account);
}

#[tokio::test]
async fn the_dead_token_may_repeat_the_call_that_killed_it() {
    let server = TestServer::start().await;
    let (first, _) = two_machines(&server).await;
    first.unlink().await.expect("it is detached");
    let trail = server.audit_trail().await;
    first.unlink().await.expect("a repeat succeeds");
    unlink(&first.client, 1, "").await.expect("so does one by its own id");
    assert_eq!(server.audit_trail().await, trail);
    assert_eq!(count(server.db(), LIVING_LINKS).await, 1);
}

#[tokio::test]
async fn a_dead_token_cannot_detach_others() {
    let server = TestServer::start().await;
    let (first, second) = two_machines(&server).await;
    first.unlink().await.expect("it is detached");
    let outcome = unlink(&first.client, 2, PASSWORD).await;
    assert_refused(outcome, Code::Unauthenticated, ErrorReason::InvalidCredentials);
    second.read().await;
}

#[tokio::test]
async fn another_machine_is_detached_with_the_password_only() {
    let server = TestServer::start().await;
    let (first, second) = two_machines(&server).await;
    let missing = unlink(&first.client, 2, "").await;
    let rejection = assert_refused(missing, Code::InvalidArgument, ErrorReason::InvalidRequest);
    assert_eq!(violations(&rejection), [("password".to_owned(), ViolationReason::Required)]);
    let wrong = unlink(&first.client, 2, "pas le bon mot de passe").await;
    assert_refused(wrong, Code::Unauthenticated, ErrorReason::InvalidCredentials);
    second.read().await;

    unlink(&first.client, 2, PASSWORD).await.expect("it is detached");
    assert_dead(&second).await;
    first.read().await;
    unlink(&first.client, 2, PASSWORD).await.expect("a repeat succeeds");
    assert_eq!(count(server.db(), LIVING_LINKS).await, 1);
}

#[tokio::test]
async fn to_detach_a_machine_that_is_not_linked_is_a_success() {
    let server = TestServer::start().await;
    let (first, second) = two_machines(&server).await;
    let trail = server.audit_trail().await;
    unlink(&first.client, 77, PASSWORD).await.expect("nothing to do");
    assert_eq!(server.audit_trail().await, trail);
    first.read().await;
    second.read().await;
}

#[tokio::test]
async fn an_id_that_is_no_uuid_is_refused() {
    let server = TestServer::start().await;
    let member = server.open_account("jeanne@exemple.fr", 1).await;
    let request = v1::UnlinkRequest { machine_id: "Caisse 1".into(), ..Default::default() };
    let outcome = member.client.unlink(request).await;
    let rejection = assert_refused(outcome, Code::InvalidArgument, ErrorReason::InvalidRequest);
    assert_eq!(violations(&rejection), [("machine_id".to_owned(), ViolationReason::Malformed)]);
    member.read().await;
}

#[tokio::test]
async fn the_same_machine_id_of_another_account_is_out_of_reach() {
    let server = TestServer::start().await;
    let jeanne = server.open_account("jeanne@exemple.fr", 1).await;
    let paul = server.open_account("paul@exemple.fr", 2).await;
    unlink(&jeanne.client, 2, PASSWORD).await.expect("Jeanne has no such machine");
    paul.read().await;

    let request = v1::UnlinkRequest { account_id: paul.account_id, ..Default::default() };
    let outcome = jeanne.client.unlink(request).await;
    assert_refused(outcome, Code::PermissionDenied, ErrorReason::PermissionDenied);
    jeanne.read().await;
    assert_eq!(count(server.db(), LIVING_LINKS).await, 2);
}

#[tokio::test]
async fn neither_support_nor_a_stranger_may_detach() {
    let server = TestServer::start().await;
    let (first, _) = two_machines(&server).await;
    let (_, agent) = server.support_agent("Luc").await;
    let request = v1::UnlinkRequest {
        account_id: first.account_id,
        machine_id: uuid(1),
        password: PASSWORD.to_owned(),
    };
    let outcome = agent.unlink(request.clone()).await;
    assert_refused(outcome, Code::PermissionDenied, ErrorReason::PermissionDenied);
    let outcome = server.client.unlink(request).await;
    assert_refused(outcome, Code::Unauthenticated, ErrorReason::InvalidCredentials);
    assert_eq!(count(server.db(), LIVING_LINKS).await, 2);
}

#[tokio::test]
async fn a_machine_that_comes_back_gets_a_new_token_and_the_old_one_stays_dead() {
    let server = TestServer::start().await;
    let (before, _) = two_machines(&server).await;
    before.unlink().await.expect("it is detached");
    let back = server.register(before.account_id, 1).await;
    assert_dead(&before).await;
    let outcome = before.unlink().await;
    assert_refused(outcome, Code::Unauthenticated, ErrorReason::InvalidCredentials);
    assert_eq!(back.read().await.id, before.account_id, "the old token detaches nobody");
}

#[tokio::test]
async fn a_detached_machine_may_join_another_account() {
    let server = TestServer::start().await;
    let jeanne = server.open_account("jeanne@exemple.fr", 1).await;
    let paul = server.open_account("paul@exemple.fr", 2).await;
    jeanne.unlink().await.expect("it is detached");
    let moved = server.register(paul.account_id, 1).await;
    assert_eq!(moved.read().await.email, "paul@exemple.fr");
}
