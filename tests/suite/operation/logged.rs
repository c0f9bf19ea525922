//! What the operator must be able to see in the log, and nothing personal beside.

use gestan_account_client::{
    Code,
    v1::{self, ErrorReason},
};
use gestan_account_tests::{Log, PASSWORD, TestServer, assert_refused, count, machine};

#[tokio::test(flavor = "current_thread")]
async fn wrong_secrets_and_refused_tokens_are_logged_without_who_is_behind() {
    let (log, _logging) = Log::capture();
    let server = TestServer::start().await;
    let member = server.open_account("jeanne@exemple.fr", 1).await;
    let before = log.text().len();
    for secret in ["pas le bon mot de passe", "0000-0000-0000"] {
        let request = v1::RegisterExistingRequest {
            account_id: member.account_id,
            secret: secret.into(),
            machine: Some(machine(2)),
        };
        let outcome = server.client.register_existing(request).await;
        assert_refused(outcome, Code::Unauthenticated, ErrorReason::InvalidCredentials);
    }
    let other = v1::GetRequest { account_id: member.account_id + 1 };
    let outcome = member.client.get(other).await;
    assert_refused(outcome, Code::PermissionDenied, ErrorReason::PermissionDenied);
    let text = log.text().split_off(before);
    let account = format!("account.id={}", member.account_id);
    for line in ["wrong password", "wrong code"] {
        let found = text.lines().find(|logged| logged.contains(line));
        assert!(found.is_some_and(|found| found.contains(&account)), "{line}: {text}");
    }
    assert_eq!(text.matches("ERROR_REASON_INVALID_CREDENTIALS").count(), 2, "{text}");
    assert!(text.contains("ERROR_REASON_PERMISSION_DENIED"), "{text}");
    for personal in ["jeanne", "exemple.fr", PASSWORD, "pas le bon", "0000-0000-0000"] {
        assert!(!text.contains(personal), "{personal}: {text}");
    }
}

#[tokio::test(flavor = "current_thread")]
async fn an_account_that_support_reads_is_logged_and_written_to_its_trail() {
    let (log, _logging) = Log::capture();
    let server = TestServer::start().await;
    let member = server.open_account("jeanne@exemple.fr", 1).await;
    let (key, agent) = server.support_agent("Luc").await;
    member.client.get(v1::GetRequest::default()).await.expect("its own account");
    let unknown = v1::GetRequest { account_id: member.account_id + 1 };
    let outcome = agent.get(unknown).await;
    assert_refused(outcome, Code::Unauthenticated, ErrorReason::InvalidCredentials);
    let read = "SELECT count(*) FROM audit_event WHERE action = 'read_account'";
    assert_eq!(count(server.db(), read).await, 0, "nothing was read by support");

    let request = v1::GetRequest { account_id: member.account_id };
    agent.get(request).await.expect("support may read");
    let told = format!(
        "{read} AND account_id = {} AND actor_kind = 'support_key' AND actor_id = '{key}' \
         AND ip = '127.0.0.1' AND fields = ''",
        member.account_id,
    );
    assert_eq!(count(server.db(), &told).await, 1);
    let text = log.text();
    let line = text.lines().find(|line| line.contains("read by support")).expect("a line");
    assert!(line.contains(&format!("support_key.id={key}")), "{line}");
    assert!(line.contains(&format!("account.id={}", member.account_id)), "{line}");
    assert!(!text.contains("Luc") && !text.contains("jeanne"), "{text}");
}
