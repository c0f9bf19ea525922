//! GetAccount: what an agent sees of an account, and what that leaves.

use gestan_account_client::v1;
use gestan_account_proto::support::v1::GetAccountRequest;
use gestan_account_server::domain::role::Role;
use gestan_account_tests::{TestServer, Told, count};
use jiff::SignedDuration;
use tonic::Code;

#[tokio::test]
async fn get_account_shows_what_a_machine_of_the_account_would_read() {
    let server = TestServer::start().await;
    let member = server.open_account("jeanne@exemple.fr", 1).await;
    let second = server.register(member.account_id, 2).await;
    let own = second.client.get(v1::GetRequest::default()).await.expect("its own account");
    for role in Role::ALL {
        let mut desk = server.desk(role).await;
        let request = GetAccountRequest { account_id: member.account_id };
        let read = desk.get_account(request).await.expect("every role reads").into_inner();
        assert_eq!((&read.account, read.machine_count), (&own.account, 2));
        let names = |machines: &[v1::LinkedMachine]| -> Vec<Option<v1::Machine>> {
            machines.iter().map(|linked| linked.machine.clone()).collect()
        };
        assert_eq!(names(&read.machines), names(&own.machines));
        assert!(read.machines.iter().all(|machine| !machine.current), "none of them calls");
    }
}

#[tokio::test]
async fn an_account_that_does_not_exist_is_told_by_its_id() {
    let server = TestServer::start().await;
    let (_, key) = server.support_key("Luc", Role::Reader, None).await;
    for (language, text) in [
        (
            None,
            "Aucun compte n’a l’ID 999. Cherchez le client avec FindAccounts : nom, téléphone ou courriel.",
        ),
        (
            Some("en-GB"),
            "No account has the ID 999. Look for the customer with FindAccounts: name, telephone or e-mail.",
        ),
    ] {
        let mut desk = server.desk_with(Some(key.reveal()), language).await;
        let told = Told::by(desk.get_account(GetAccountRequest { account_id: 999 }).await);
        assert_eq!(told.why(), (Code::NotFound, "ACCOUNT_NOT_FOUND"));
        assert_eq!(told.variable("accountId"), Some("999"));
        assert_eq!(told.text, text);
    }
    assert_eq!(server.audit_trail().await, [], "nothing was read");
}

#[tokio::test]
async fn the_same_key_that_reads_the_same_account_again_leaves_one_event_in_ten_minutes() {
    let server = TestServer::start().await;
    let member = server.open_account("jeanne@exemple.fr", 1).await;
    let other = server.open_account("paul@exemple.fr", 2).await;
    let (_, luc) = server.support_key("Luc", Role::Reader, None).await;
    let mut eva = server.desk(Role::Agent).await;
    let mut desk = server.desk_with(Some(luc.reveal()), None).await;
    let request = |account_id| GetAccountRequest { account_id };
    let events = async || {
        let read = "SELECT count(*) FROM audit_event WHERE action = 'read_account'";
        count(server.db(), read).await
    };
    for (step, total) in [(0, 1), (0, 1), (599, 1), (1, 2), (1, 2)] {
        server.advance(SignedDuration::from_secs(step));
        desk.get_account(request(member.account_id)).await.expect("it is read");
        assert_eq!(events().await, total, "{step}");
    }
    // The other service reads in the same way.
    let agent = server.client_with(luc.reveal());
    agent.get(v1::GetRequest { account_id: member.account_id }).await.expect("it is read");
    assert_eq!(events().await, 2);
    desk.get_account(request(other.account_id)).await.expect("another account");
    assert_eq!(events().await, 3);
    eva.get_account(request(member.account_id)).await.expect("another key");
    assert_eq!(events().await, 4);
    // A clock that was ahead has written an event that is still to come.
    server.clock.jump(SignedDuration::from_hours(-2));
    desk.get_account(request(member.account_id)).await.expect("it is read");
    assert_eq!(events().await, 5, "what is to come was not a moment ago");
}
