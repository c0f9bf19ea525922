//! Something has leaked: the database, or a support key.

use gestan_account_client::{Error, v1};
use gestan_account_proto::support::v1::{FindAccountsRequest, GetAccountRequest};
use gestan_account_tests::{PASSWORD, desk_at, machine};

use super::{operator::Operator, runbook};

#[tokio::test]
async fn after_a_leak_of_the_database_nothing_of_before_serves() {
    let operator = Operator::on_duty("").await;
    let member = operator.open_account(1).await;
    operator.open_account(2).await;
    let unknown = Some(v1::ErrorReason::InvalidCredentials);
    let get = async || {
        let answer = member.client.get(v1::GetRequest::default()).await;
        answer.err().as_ref().and_then(Error::reason)
    };
    let mut runbook = runbook("The database has leaked");
    let ended = runbook.next(&operator).await;
    assert!(ended.contains("accounts\t2"), "{ended}");
    let join = v1::RegisterExistingRequest {
        account_id: member.account_id,
        secret: PASSWORD.to_owned(),
        machine: Some(machine(9)),
    };
    let refused = operator.client().await.register_existing(join).await;
    assert_eq!(refused.expect_err("the password is ended").reason(), unknown);
    assert_eq!(get().await, None, "the machine goes on");
    let unlinked = runbook.next(&operator).await;
    assert!(unlinked.contains("machines\t2"), "{unlinked}");
    assert_eq!(get().await, unknown);
    let trail = runbook.next(&operator).await;
    assert!(trail.contains("\tend_password\toperator\t"), "{trail}");
    assert!(trail.contains("\tunlink_machine\toperator\t"), "{trail}");
    let shown = runbook.next(&operator).await;
    assert!(shown.contains("has_password: no") && shown.contains("machine_count: 0"), "{shown}");
}

#[tokio::test]
async fn what_a_support_key_that_leaked_was_used_for_is_found_and_it_is_dead() {
    let operator = Operator::on_duty("").await;
    let member = operator.open_account(1).await;
    let key = operator.run("gestan support-key create Luc --role agent --expires 90d").await;
    let key =
        key.lines().find(|line| line.starts_with("gestan_support_")).expect("a key").to_owned();
    let mut thief = desk_at(operator.address(), Some(&key), None).await;
    let find = FindAccountsRequest { query: "client1".to_owned(), ..Default::default() };
    thief.find_accounts(find).await.expect("the thief searches");
    let read = GetAccountRequest { account_id: member.account_id };
    thief.get_account(read).await.expect("the thief reads");

    let mut runbook = runbook("A support key has leaked");
    let listed = runbook.next(&operator).await;
    let hint = key.strip_prefix("gestan_support_").and_then(|rest| rest.get(..4)).expect("four");
    assert!(listed.contains(hint), "{listed}");
    thief.get_account(read).await.expect_err("it is dead");
    let used = runbook.next(&operator).await;
    assert!(used.contains("\tfind_accounts\tkey 1 (Luc)\t"), "{used}");
    assert!(used.contains("\tread_account\tkey 1 (Luc)\t"), "{used}");
    assert!(used.contains(" ip=127.0.0.1"), "{used}");
    let made = runbook.next(&operator).await;
    assert!(made.contains("gestan_support_"), "{made}");
    let over = runbook.next(&operator).await;
    assert!(over.contains("revoked"), "{over}");
}
