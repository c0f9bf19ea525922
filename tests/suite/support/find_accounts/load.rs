//! The whole desk searches while customers open accounts: neither is in the other's way, and
//! what is opened is found.

use std::{collections::HashMap, sync::Arc, time::Duration};

use gestan_account_client::{Client, ClientOptions, v1};
use gestan_account_proto::support::v1::{FindAccountsRequest, FoundBy};
use gestan_account_server::{domain::role::Role, storage::account_word::has_stale};
use gestan_account_tests::{Desk, TestServer, code_in, count, desk_at, machine, made_up, uuid};
use tokio::{
    sync::{Semaphore, watch},
    task::JoinSet,
};
use tonic::Code;

const CUSTOMERS: u32 = 1_000;
const AGENTS: u32 = 200;
/// Searches of each agent while accounts are opened.
const SEARCHES: u32 = 5;
/// Customers who open their accounts at one time, and agents who search at one time when all
/// is done: the machines of the tests are small.
const TOGETHER: u32 = 8;

/// The address and the form that a customer types.
fn form(number: u32) -> (String, v1::Account) {
    let account = made_up::account(number);
    (account.email.clone(), v1::Account { email: String::new(), ..account })
}

async fn ask_for_all(server: &TestServer, client: &Client) -> Vec<v1::ConfirmRequest> {
    let mut asking = JoinSet::new();
    for first in 1..=TOGETHER {
        let client = client.clone();
        asking.spawn(async move {
            let mut asked = Vec::new();
            for number in (first..=CUSTOMERS).step_by(TOGETHER as usize) {
                let (email, profile) = form(number);
                let request = v1::CreateRequest {
                    request_id: uuid(u128::from(number)),
                    email: email.clone(),
                    machine: Some(machine(u128::from(number))),
                    profile: Some(profile),
                    ..Default::default()
                };
                let created = client.create(request).await.expect("Create");
                asked.push((email, created.challenge_id));
            }
            asked
        });
    }
    let asked: Vec<(String, String)> = asking.join_all().await.into_iter().flatten().collect();
    server.deliver_mail().await;
    let codes: HashMap<String, String> =
        server.mails().iter().map(|mail| (mail.to.clone(), code_in(&mail.text))).collect();
    let answer = |(email, challenge_id): (String, String)| v1::ConfirmRequest {
        challenge_id,
        code: codes[&email].clone(),
        ..Default::default()
    };
    asked.into_iter().map(answer).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_agents_search_while_a_thousand_customers_open_accounts() {
    let server = TestServer::start().await;
    // As every client does, they call again when the server asks them to: it has four
    // connections to its database, and perhaps little of a processor.
    let options = ClientOptions::new().max_attempts(20).deadline(Duration::from_mins(1));
    let client = server.connect(options).await;
    let answers = ask_for_all(&server, &client).await;
    let (_, key) = server.support_key("Le bureau", Role::Reader, None).await;
    // One connection for several agents: the machine of the tests has few of everything.
    let mut desks = Vec::new();
    for _ in 0..20 {
        desks.push(desk_at(server.address, Some(key.reveal()), None).await);
    }
    let (opened, _) = watch::channel(0);
    let at_the_end = Arc::new(Semaphore::new(TOGETHER as usize));
    let mut agents = JoinSet::new();
    for agent in 0..AGENTS {
        let desk = desks[agent as usize % desks.len()].clone();
        let (mut opened, at_the_end) = (opened.subscribe(), Arc::clone(&at_the_end));
        agents.spawn(async move {
            // One agent after the other, over the whole time.
            for turn in 0..SEARCHES {
                let due = turn * (CUSTOMERS / SEARCHES) + agent * (CUSTOMERS / SEARCHES) / AGENTS;
                opened.wait_for(|opened| *opened >= due).await.expect("they are counted");
                search(desk.clone(), (agent * 7 + turn * 131) % CUSTOMERS + 1).await;
            }
            opened.wait_for(|opened| *opened == CUSTOMERS).await.expect("they are counted");
            let _place = at_the_end.acquire().await.expect("a place");
            let number = agent * (CUSTOMERS / AGENTS) + 1;
            assert!(search(desk, number).await, "{number} is missing");
        });
    }
    let mut customers = JoinSet::new();
    let share = answers.len().div_ceil(TOGETHER as usize);
    for answers in answers.chunks(share).map(<[_]>::to_vec) {
        let (client, opened) = (client.clone(), opened.clone());
        customers.spawn(async move {
            for answer in answers {
                client.confirm(answer).await.expect("Confirm");
                opened.send_modify(|opened| *opened += 1);
            }
        });
    }
    customers.join_all().await;
    agents.join_all().await;
    assert!(!has_stale(&server.accounts.db.read()).await.expect("it is read"));
    let events = count(server.db(), "SELECT count(*) FROM audit_event WHERE account_id = 0").await;
    assert!(events >= i64::from(AGENTS * (SEARCHES + 1)), "each search is an event: {events}");
    let found = "SELECT count(DISTINCT account_id) FROM account_word";
    assert_eq!(count(server.db(), found).await, i64::from(CUSTOMERS));
}

/// Searches a customer by name and town; gives whether it is found.
async fn search(mut desk: Desk, number: u32) -> bool {
    let sought = made_up::account(number);
    let query = format!("{} {}", sought.last_name, sought.city);
    let request = FindAccountsRequest { query, page_size: 100, ..Default::default() };
    let mut attempts = 0;
    let found = loop {
        attempts += 1;
        match desk.find_accounts(request.clone()).await {
            Ok(found) => break found.into_inner(),
            Err(status) if status.code() == Code::Unavailable && attempts < 20 => {}
            Err(status) => panic!("{status:?}"),
        }
    };
    assert!(!found.advice.contains("pas encore complète"), "{}", found.advice);
    let mut ids: Vec<u32> = found.accounts.iter().map(|account| account.id).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), found.accounts.len(), "one is found twice");
    found.accounts.iter().any(|account| {
        account.found_by() == FoundBy::AllWords
            && account.last_name == sought.last_name
            && account.company_name == sought.company_name
    })
}
