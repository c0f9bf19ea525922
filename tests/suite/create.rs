//! Create.

use gestan_account_client::v1;
use gestan_account_tests::{TestServer, count};

#[tokio::test]
async fn create_leads_through_confirm_and_set_password_to_a_linked_machine() {
    let server = TestServer::start().await;
    let member = server.open_account("jeanne@exemple.fr", 1).await;
    let answer = member.client.get(v1::GetRequest::default()).await.expect("Get is answered");
    assert_eq!(answer.account.expect("an account").email, "jeanne@exemple.fr");
    assert_eq!(answer.machines.len(), 1);
    assert!(answer.machines[0].current);
    assert_eq!(count(server.db(), "SELECT count(*) FROM account").await, 1);
}
