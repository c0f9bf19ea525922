//! What the code of ResendPassword is good for.

use gestan_account_client::{
    Code,
    v1::{self, ErrorReason},
};
use gestan_account_tests::{
    Member, PASSWORD, TestServer, assert_refused, count, machine, new_password, stored, text,
};

use crate::rpc::set_password::password_is;

async fn member_with_code(server: &TestServer) -> (Member, v1::ResendPasswordResponse, String) {
    let member = server.open_account("jeanne@exemple.fr", 1).await;
    let asked = server.resend(member.account_id, 2).await;
    let code = server.code_to("jeanne@exemple.fr").await;
    (member, asked, code)
}

#[tokio::test]
async fn resend_password_leaves_the_old_password_until_a_new_one_is_set() {
    let server = TestServer::start().await;
    let (member, asked, code) = member_with_code(&server).await;
    assert!(password_is(&server, member.account_id, PASSWORD).await);
    let confirmed = server.confirm(&asked.challenge_id, &code).await;
    assert!(password_is(&server, member.account_id, PASSWORD).await);
    server.set_password(&confirmed.ticket, &new_password(1)).await;
    server.deliver_mail().await;
    assert!(!password_is(&server, member.account_id, PASSWORD).await);
    assert!(password_is(&server, member.account_id, &new_password(1)).await);
    member.client.get(v1::GetRequest::default()).await.expect("linked machines stay linked");
}

#[tokio::test]
async fn the_code_of_resend_password_serves_in_confirm_to_choose_a_password() {
    let server = TestServer::start().await;
    let (member, asked, code) = member_with_code(&server).await;
    let confirmed = server.confirm(&asked.challenge_id, &code).await;
    assert!(confirmed.account_existed);
    assert_eq!(confirmed.account_id, member.account_id);
    let set = server.set_password(&confirmed.ticket, &new_password(1)).await;
    let read = server.client_with(&set.link_token).get(v1::GetRequest::default()).await;
    let machines = read.expect("Get is answered").machines;
    let current = machines.into_iter().find(|linked| linked.current).expect("a machine");
    assert_eq!(current.machine, Some(machine(2)), "the machine that asked for the code");
    server.deliver_mail().await;
}

#[tokio::test]
async fn the_code_of_resend_password_serves_once_in_register_existing() {
    let server = TestServer::start().await;
    let (member, _, code) = member_with_code(&server).await;
    let register = |number| v1::RegisterExistingRequest {
        account_id: member.account_id,
        secret: code.to_lowercase(),
        machine: Some(machine(number)),
    };
    let linked = server.client.register_existing(register(3)).await.expect("it is linked");
    let read = server.client_with(&linked.link_token).get(v1::GetRequest::default()).await;
    assert_eq!(read.expect("Get is answered").account, linked.account);
    let outcome = server.client.register_existing(register(4)).await;
    assert_refused(outcome, Code::Unauthenticated, ErrorReason::InvalidCredentials);
    assert_eq!(stored(&server).await.links, 2);
    server.deliver_mail().await;
    assert!(password_is(&server, member.account_id, PASSWORD).await);
}

#[tokio::test]
async fn the_code_of_resend_password_serves_once_in_update() {
    let server = TestServer::start().await;
    let (member, _, code) = member_with_code(&server).await;
    let update = |city: &str| v1::UpdateRequest {
        account: Some(v1::Account { city: city.to_owned(), ..Default::default() }),
        password: code.clone(),
        ..Default::default()
    };
    let updated = member.client.update(update("Lyon")).await.expect("Update is answered");
    assert_eq!(updated.account.expect("an account").city, "Lyon");
    let outcome = member.client.update(update("Nice")).await;
    assert_refused(outcome, Code::Unauthenticated, ErrorReason::InvalidCredentials);
    let city = text(server.db(), "SELECT city FROM account").await;
    assert_eq!(city.as_deref(), Some("Lyon"));
    let spent = "SELECT count(spent_call) FROM personal_code";
    assert_eq!(count(server.db(), spent).await, 1);
    assert!(password_is(&server, member.account_id, PASSWORD).await);
}

#[tokio::test]
async fn the_code_of_resend_password_serves_for_its_own_account_only() {
    let server = TestServer::start().await;
    let (member, _, code) = member_with_code(&server).await;
    let other = server.open_account("paul@exemple.fr", 5).await;
    let register = v1::RegisterExistingRequest {
        account_id: other.account_id,
        secret: code.clone(),
        machine: Some(machine(6)),
    };
    let outcome = server.client.register_existing(register).await;
    assert_refused(outcome, Code::Unauthenticated, ErrorReason::InvalidCredentials);
    let links = format!("SELECT count(*) FROM link WHERE account_id = {}", other.account_id);
    assert_eq!(count(server.db(), &links).await, 1);
    assert!(password_is(&server, member.account_id, &code).await, "it is still good for its own");
}
