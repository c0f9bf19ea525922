//! A hundred concurrent Creates of one address.

use std::{collections::BTreeSet, time::Duration};

use gestan_account_client::{ClientOptions, v1};
use gestan_account_tests::{TestServer, code_in, count, stored, words};
use tokio::task::JoinSet;

use super::request;

#[tokio::test]
async fn a_hundred_concurrent_creates_with_every_code_confirmed_make_one_account() {
    let server = TestServer::start().await;
    // As Gestan does, it comes back when the server asks it to.
    let options = ClientOptions::new().max_attempts(20).deadline(Duration::from_mins(1));
    let client = server.connect(options).await;

    let mut creating = JoinSet::new();
    for number in 1..=100 {
        let client = client.clone();
        creating.spawn(async move {
            let create = request("jeanne@exemple.fr", number);
            let name = create.machine.as_ref().expect("a machine").name.clone();
            (name, client.create(create).await.expect("Create is answered").challenge_id)
        });
    }
    let challenges = creating.join_all().await;
    let ids: BTreeSet<_> = challenges.iter().map(|(_, id)| id).collect();
    assert_eq!(ids.len(), 100);
    assert_eq!(server.deliver_mail().await, 100);
    assert_eq!(count(server.db(), "SELECT count(*) FROM account").await, 0);

    let mails = server.mails();
    let mut confirming = JoinSet::new();
    for (name, challenge_id) in challenges {
        let asked_by = format!("poste : « {name} » Demandé");
        let mut own = mails.iter().filter(|mail| words(mail).contains(&asked_by));
        let code = code_in(&own.next().expect("its mail").text);
        assert!(own.next().is_none(), "one mail for {name}");
        let client = client.clone();
        confirming.spawn(async move {
            let confirm = v1::ConfirmRequest { challenge_id, code, ..Default::default() };
            client.confirm(confirm).await.expect("Confirm is answered")
        });
    }
    let confirmed = confirming.join_all().await;
    let accounts: BTreeSet<_> = confirmed.iter().map(|answer| answer.account_id).collect();
    assert_eq!(accounts.len(), 1, "{accounts:?}");
    let opened = confirmed.iter().filter(|answer| !answer.account_existed).count();
    assert_eq!(opened, 1, "one call opened the account, the others came into it");
    let tickets: BTreeSet<_> = confirmed.iter().map(|answer| &answer.ticket).collect();
    assert_eq!(tickets.len(), 100);
    let stored = stored(&server).await;
    assert_eq!((stored.accounts, stored.audit_events), (1, 1));
}
