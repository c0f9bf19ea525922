//! SetPassword and the other machines of the account.

use gestan_account_client::{
    Code,
    v1::{self, ErrorReason},
};
use gestan_account_tests::{
    PASSWORD, TestServer, assert_refused, count, machine, new_password, stored,
};

use super::ticket;

const UNLINKED: &str = "SELECT count(*) FROM audit_event WHERE action = 'unlink_machine'";

#[tokio::test]
async fn set_password_leaves_other_machines_linked_unless_told_otherwise() {
    let server = TestServer::start().await;
    let first = server.open_account("jeanne@exemple.fr", 1).await;
    let confirmed = ticket(&server, "jeanne@exemple.fr", 2).await;
    server.set_password(&confirmed.ticket, &new_password(1)).await;
    first.client.get(v1::GetRequest::default()).await.expect("still linked");
    assert_eq!(stored(&server).await.links, 2);
    server.deliver_mail().await;
}

#[tokio::test]
async fn set_password_with_a_ticket_detaches_the_other_machines_at_once() {
    let server = TestServer::start().await;
    let first = server.open_account("jeanne@exemple.fr", 1).await;
    let second = server.register(first.account_id, 2).await;
    let stranger = server.open_account("paul@exemple.fr", 1).await;
    let confirmed = ticket(&server, "jeanne@exemple.fr", 3).await;
    let request = v1::SetPasswordRequest {
        ticket: confirmed.ticket,
        new_password: new_password(1),
        unlink_other_machines: true,
        ..Default::default()
    };
    let set = server.client.set_password(request).await.expect("an answer");
    for member in [&first, &second] {
        let outcome = member.client.get(v1::GetRequest::default()).await;
        assert_refused(outcome, Code::Unauthenticated, ErrorReason::InvalidCredentials);
    }
    let client = server.client_with(&set.link_token);
    let read = client.get(v1::GetRequest::default()).await.expect("its own link lives");
    let linked: Vec<_> = read.machines.into_iter().map(|linked| linked.machine).collect();
    assert_eq!(linked, [Some(machine(3))]);
    assert_eq!(count(server.db(), UNLINKED).await, 2);
    stranger.client.get(v1::GetRequest::default()).await.expect("another account's link lives");
    server.deliver_mail().await;
}

#[tokio::test]
async fn set_password_with_the_current_password_detaches_the_others_and_keeps_its_own() {
    let server = TestServer::start().await;
    let first = server.open_account("jeanne@exemple.fr", 1).await;
    let second = server.register(first.account_id, 2).await;
    let request = v1::SetPasswordRequest {
        current_password: PASSWORD.to_owned(),
        new_password: new_password(1),
        unlink_other_machines: true,
        ..Default::default()
    };
    second.client.set_password(request).await.expect("an answer");
    let outcome = first.client.get(v1::GetRequest::default()).await;
    assert_refused(outcome, Code::Unauthenticated, ErrorReason::InvalidCredentials);
    let read = second.client.get(v1::GetRequest::default()).await.expect("its own link lives");
    assert_eq!(read.machines.len(), 1);
    assert!(read.machines[0].current);
    assert_eq!(count(server.db(), UNLINKED).await, 1);
    server.deliver_mail().await;
}
