//! A hundred concurrent Confirms.

use std::time::Duration;

use gestan_account_client::ClientOptions;
use gestan_account_tests::{TestServer, count, stored};
use tokio::task::JoinSet;

use super::confirm;

#[tokio::test]
async fn a_hundred_concurrent_confirms_make_one_account_and_give_one_ticket() {
    let server = TestServer::start().await;
    let created = server.create("jeanne@exemple.fr", 1).await;
    let code = server.code_to("jeanne@exemple.fr").await;
    // As Gestan does, it comes back when the server asks it to.
    let options = ClientOptions::new().max_attempts(20).deadline(Duration::from_mins(1));
    let client = server.connect(options).await;
    let mut calls = JoinSet::new();
    for _ in 0..100 {
        let (client, id, code) = (client.clone(), created.challenge_id.clone(), code.clone());
        calls.spawn(async move { confirm(&client, &id, &code).await });
    }
    let answers = calls.join_all().await;
    let answers: Vec<_> = answers.into_iter().map(|answer| answer.expect("an answer")).collect();
    assert_eq!(answers.len(), 100);
    assert!(answers.iter().all(|answer| answer == &answers[0]));
    assert!(!answers[0].account_existed, "also told to the repeats: it is one answer");
    let stored = stored(&server).await;
    assert_eq!((stored.accounts, stored.audit_events), (1, 1));
    assert_eq!(count(server.db(), "SELECT wrong_tries FROM challenge").await, 0);
}
