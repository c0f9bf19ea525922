//! A customer asks, or reads an ID out.

use gestan_account_client::v1;
use gestan_account_proto::v1::account_service_client::AccountServiceClient;
use gestan_account_tests::{Member, PASSWORD, execute, machine};
use sea_orm::Database;
use tonic::{Code, Request};

use super::{operator::Operator, runbook};

/// A call under the correlation ID that the document has.
async fn join(operator: &Operator, member: &Member, secret: &str) -> Result<(), tonic::Status> {
    let url = format!("http://{}", operator.address());
    let mut client = AccountServiceClient::connect(url).await.expect("the server answers");
    let mut request = Request::new(v1::RegisterExistingRequest {
        account_id: member.account_id,
        secret: secret.to_owned(),
        machine: Some(machine(9)),
    });
    request.metadata_mut().insert("x-correlation-id", "K7QZ-2026".parse().expect("a value"));
    client.register_existing(request).await.map(drop)
}

#[tokio::test]
async fn what_happened_to_a_customer_is_found_as_the_runbook_says() {
    let operator = Operator::on_duty("").await;
    let member = operator.open_account(1).await;
    assert_eq!(member.account_id, 1, "that of the document");
    member.client.get(v1::GetRequest::default()).await.expect("it is answered");
    join(&operator, &member, "un autre mot de passe").await.expect_err("it is wrong");
    let mut runbook = runbook("A customer asks what happened");
    let told = runbook.next(&operator).await;
    for part in ["email: client1@exemple.fr", "\tcreate_account\t", "\twelcome\t", "account.id=1 "]
    {
        assert!(told.contains(part), "{part} is not in {told}");
    }
    let call = runbook.next(&operator).await;
    assert!(call.contains("RegisterExisting") && call.contains("INVALID_CREDENTIALS"), "{call}");
}

#[tokio::test]
async fn the_cause_of_an_internal_error_is_found_by_its_id() {
    let operator = Operator::on_duty("").await;
    let member = operator.open_account(1).await;
    let db = Database::connect(operator.database_url()).await.expect("a database");
    execute(&db, "UPDATE account SET password_hash = 'damaged'").await;
    let refused = join(&operator, &member, PASSWORD).await.expect_err("a damaged row");
    assert_eq!(refused.code(), Code::Internal, "{refused:?}");
    operator
        .wait_for_figure(
            "calls_total{rpc=\"AccountService/RegisterExisting\",code=\"INTERNAL\",\
             reason=\"ERROR_REASON_INTERNAL\"}",
            |calls| calls > 0.0,
        )
        .await;
    let mut runbook = runbook("An internal error");
    let found = runbook.next(&operator).await;
    assert!(found.contains("damaged") || found.contains("password_hash"), "{found}");
    let counted = runbook.next(&operator).await;
    assert!(counted.contains("code=\"INTERNAL\""), "{counted}");
}

#[tokio::test]
async fn who_calls_too_often_is_found_as_the_runbook_says() {
    let settings = "call_burst = 5\ncalls_per_second = 1\n";
    let operator = Operator::on_duty(settings).await;
    let url = format!("http://{}", operator.address());
    let mut client = AccountServiceClient::connect(url).await.expect("the server answers");
    for number in 0..20 {
        let _ = client.create(gestan_account_tests::creation(number)).await;
    }
    let mut runbook = runbook("Somebody calls too often");
    let found = runbook.next(&operator).await;
    assert!(found.contains("limit=\"ERROR_REASON_TOO_MANY_CALLS_FROM_IP\""), "{found}");
    assert!(found.contains(" ip=127.0.0.1"), "{found}");
    runbook.next(&operator).await;
}
