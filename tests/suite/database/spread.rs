//! Three servers on one database are one service: the calls of a flow may go to
//! any of them.

use std::{collections::HashMap, sync::Arc};

use gestan_account_client::{Client, ClientOptions, LinkToken, v1};
use gestan_account_tests::{
    Mailbox, Replicas, count, machine, new_password,
    process::{Home, TIMEOUT, mail_files, run_to_end},
    rows, uuid,
};
use rand::{SeedableRng as _, rngs::StdRng, seq::IndexedRandom as _};
use sea_orm::Database;
use tokio::task::JoinSet;

const ACCOUNTS: u32 = 1_000;
const AT_ONCE: u32 = 8;
const SEED: u64 = 20_261_126;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_accounts_are_opened_through_three_servers_by_calls_spread_at_random() {
    // Nothing goes away here: no call has to end soon, and none is repeated.
    let replicas = Replicas::start_with(Home::new(), "20s").await;
    let mut clients = Vec::new();
    for url in replicas.urls() {
        let options = ClientOptions::new().max_attempts(1).deadline(TIMEOUT);
        clients.push(Client::connect(&url, options).await.expect("the server answers"));
    }
    let clients = Arc::new(clients);
    let mailbox = Arc::new(Mailbox::open(replicas.mail_folder()));
    let mut at_work = JoinSet::new();
    for number in 0..AT_ONCE {
        let (clients, mailbox) = (Arc::clone(&clients), Arc::clone(&mailbox));
        at_work.spawn(async move {
            let mut chance = StdRng::seed_from_u64(SEED + u64::from(number));
            for account in (number..ACCOUNTS).step_by(AT_ONCE as usize) {
                let mut any = || clients.choose(&mut chance).expect("a server").clone();
                let email = format!("client{account}@exemple.fr");
                let create = v1::CreateRequest {
                    request_id: uuid(u128::from(account)),
                    email: email.clone(),
                    machine: Some(machine(u128::from(account))),
                    ..Default::default()
                };
                // The answer was lost, and another server is asked: it is the same.
                let created = any().create(create.clone()).await.expect("Create");
                assert_eq!(any().create(create).await.expect("Create again"), created);
                let code = mailbox.code_to(&email).await;
                let confirm = v1::ConfirmRequest {
                    challenge_id: created.challenge_id,
                    code,
                    ..Default::default()
                };
                let confirmed = any().confirm(confirm).await.expect("Confirm");
                let set = v1::SetPasswordRequest {
                    ticket: confirmed.ticket,
                    new_password: new_password(account),
                    ..Default::default()
                };
                let set = any().set_password(set).await.expect("SetPassword");
                let token = LinkToken::parse(&set.link_token).expect("a token");
                let linked = any().with_link_token(&token);
                let read = linked.get(v1::GetRequest::default()).await.expect("Get");
                assert_eq!(read.account.expect("an account").email, email);
            }
        });
    }
    at_work.join_all().await;

    let db = Database::connect(replicas.database_url()).await.expect("the database opens");
    assert_eq!(count(&db, "SELECT count(*) FROM account").await, i64::from(ACCOUNTS));
    assert_eq!(
        count(&db, "SELECT count(DISTINCT email_key) FROM account").await,
        i64::from(ACCOUNTS)
    );
    let mut mails: HashMap<String, u32> = HashMap::new();
    for mail in mail_files(&replicas.mail_folder()) {
        *mails.entry(mail.to).or_default() += 1;
    }
    let mailed =
        (0..ACCOUNTS).filter(|number| mails.contains_key(&format!("client{number}@exemple.fr")));
    assert_eq!(mailed.count(), ACCOUNTS as usize);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn servers_that_start_together_on_an_empty_database_migrate_it_once() {
    let home = Arc::new(Home::new());
    let mut starting = JoinSet::new();
    for _ in 0..2 * Replicas::COUNT {
        let home = Arc::clone(&home);
        starting.spawn(async move { run_to_end(home.command().arg("migrate")).await });
    }
    for ended in starting.join_all().await {
        assert!(ended.status.success(), "{}", ended.log);
    }
    let db = Database::connect(home.database_url()).await.expect("the database opens");
    let applied = rows(&db, "SELECT version FROM seaql_migrations").await;
    assert!(!applied.is_empty());
    assert_eq!(
        count(&db, "SELECT count(DISTINCT version) FROM seaql_migrations").await,
        i64::try_from(applied.len()).expect("a few")
    );
}
