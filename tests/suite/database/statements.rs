//! How many statements each RPC takes, alone and without `BEGIN` and `COMMIT`:
//! what docs/PERFORMANCE.md and docs/SCALING.md reckon with.

use std::{collections::BTreeMap, fs};

use gestan_account_client::v1;
use gestan_account_tests::{PASSWORD, TestServer, change, machine, process::workspace};

const EMAIL: &str = "jeanne@exemple.fr";

/// How many statements calls have sent since the last look.
fn since(server: &TestServer) -> usize {
    server.take_statements().len()
}

async fn counted() -> BTreeMap<&'static str, usize> {
    let server = TestServer::start().await;
    let mut counts = BTreeMap::new();
    since(&server);
    let created = server.create(EMAIL, 1).await;
    counts.insert("Create", since(&server));
    let code = server.code_to(EMAIL).await;
    since(&server);
    let confirmed = server.confirm(&created.challenge_id, &code).await;
    counts.insert("Confirm", since(&server));
    let set = server.set_password(&confirmed.ticket, PASSWORD).await;
    counts.insert("SetPassword", since(&server));
    let account = set.account.expect("an account");
    let member = server.member(account, machine(1), &set.link_token);
    server.deliver_mail().await;
    since(&server);
    member.client.get(v1::GetRequest::default()).await.expect("it is answered");
    counts.insert("Get", since(&server));
    let city = v1::Account { city: "Nîmes".to_owned(), ..Default::default() };
    member.update(change(&["city"], city)).await;
    counts.insert("Update", since(&server));
    let joined = server.client.register_existing(v1::RegisterExistingRequest {
        account_id: member.account_id,
        secret: PASSWORD.to_owned(),
        machine: Some(machine(2)),
    });
    joined.await.expect("it is linked");
    counts.insert("RegisterExisting", since(&server));
    server.deliver_mail().await;
    since(&server);
    server.resend(member.account_id, 3).await;
    counts.insert("ResendPassword", since(&server));
    server.deliver_mail().await;
    since(&server);
    member.unlink().await.expect("it is detached");
    counts.insert("Unlink", since(&server));
    server.deliver_mail().await;
    counts
}

#[tokio::test]
async fn each_rpc_takes_as_many_statements_as_the_documents_tell() {
    let counted = counted().await;

    for document in ["docs/PERFORMANCE.md", "docs/SCALING.md"] {
        let text = fs::read_to_string(workspace().join(document)).expect("a document");
        for (rpc, statements) in &counted {
            let told = text.lines().filter(|line| line.starts_with(&format!("| `{rpc}` |")));
            let told: Vec<&str> = told.collect();
            assert!(!told.is_empty(), "{document} does not tell of {rpc}");
            for line in told {
                let is_told = line.split('|').any(|cell| cell.trim() == statements.to_string());
                assert!(is_told, "{document}: {rpc} takes {statements}: {line}");
            }
        }
    }
}
