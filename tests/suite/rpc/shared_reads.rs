//! Concurrent calls share the statements that read their links. Each must get what it
//! would have got alone, and none what was true before.

use gestan_account_client::{
    Code, LinkToken,
    v1::{self, ErrorReason},
};
use gestan_account_server::credentials::token::{Token, TokenKind};
use gestan_account_tests::{
    Member, Regular, TestServer, TestServerOptions, assert_refused, change, execute,
};
use tokio::task::JoinSet;

/// Customers that call concurrently.
const CUSTOMERS: u32 = 12;

/// Concurrent calls.
const CALLS: u32 = 240;

async fn open_accounts(server: &TestServer) -> Vec<Member> {
    let mut members = Vec::new();
    for number in 1..=CUSTOMERS {
        let machine = u128::from(number);
        members.push(server.open_account(&format!("jeanne{number}@exemple.fr"), machine).await);
    }
    members
}

/// A token that nobody was given.
fn strangers_token(number: u32) -> LinkToken {
    let mut bits = [9; 32];
    bits[..4].copy_from_slice(&number.to_be_bytes());
    let token = Token::from_bits(TokenKind::Link, &bits);
    LinkToken::parse(token.reveal()).expect("a token")
}

#[tokio::test(flavor = "multi_thread")]
async fn each_call_gets_its_own_account_however_many_are_concurrent() {
    let server = TestServer::start().await;
    let members = open_accounts(&server).await;
    let _ = server.take_statements();
    let mut calls = JoinSet::new();
    for number in 0..CALLS {
        let member = &members[number as usize % members.len()];
        let (client, id, machine) =
            (member.client.clone(), member.account_id, member.machine.clone());
        let stranger = server.client.with_link_token(&strangers_token(number));
        calls.spawn(async move {
            let answer = client.get(v1::GetRequest::default()).await.expect("it is answered");
            assert_eq!(answer.account.expect("an account").id, id);
            let machines: Vec<_> = answer.machines.iter().map(|linked| &linked.machine).collect();
            assert_eq!(machines, [&Some(machine)]);
            let refused = stranger.get(v1::GetRequest::default()).await;
            assert_refused(refused, Code::Unauthenticated, ErrorReason::InvalidCredentials);
        });
    }
    calls.join_all().await;
    let statements = server.take_statements().len();
    // Alone, each pair of calls has three: a machine, its links, and nobody's token.
    assert!(statements < CALLS as usize * 3 / 2, "{statements} statements");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_account_is_the_trouble_of_its_own_machines_only() {
    let server = TestServer::start().await;
    let members = open_accounts(&server).await;
    let damaged = members[0].account_id;
    let sql = format!("UPDATE account SET country_code = 'ÉÉÉ' WHERE id = {damaged}");
    execute(server.db(), &sql).await;
    let mut calls = JoinSet::new();
    for number in 0..CALLS {
        let member = &members[number as usize % members.len()];
        let (client, id) = (member.client.clone(), member.account_id);
        calls.spawn(async move {
            let answer = client.get(v1::GetRequest::default()).await;
            if id == damaged {
                assert_refused(answer, Code::Internal, ErrorReason::Internal);
            } else {
                let account = answer.expect("it is answered").account;
                assert_eq!(account.expect("an account").id, id);
            }
        });
    }
    calls.join_all().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_read_that_was_true_before_by_whichever_server() {
    let server = TestServer::start().await;
    let other = TestServer::start_with(TestServerOptions {
        database_url: Some(server.database_url().to_owned()),
        ..Default::default()
    })
    .await;
    let members = open_accounts(&server).await;
    // Others keep both servers reading all the time.
    let regulars: Vec<Regular> = members[1..]
        .iter()
        .flat_map(|member| {
            let there = other.client_with(&member.link_token);
            [Regular::start(&member.client), Regular::start(&there)]
        })
        .collect();
    let mut member = server.register(members[0].account_id, 100).await;
    for number in 1..=20 {
        let there = other.client_with(&member.link_token);
        let city = format!("Nîmes {number}");
        let account = v1::Account { city: city.clone(), ..Default::default() };
        member.update(change(&["city"], account)).await;
        for client in [&there, &member.client] {
            let answer = client.get(v1::GetRequest::default()).await.expect("it is answered");
            assert_eq!(answer.account.expect("an account").city, city);
        }
        member.unlink().await.expect("it is detached");
        for client in [&there, &member.client] {
            let refused = client.get(v1::GetRequest::default()).await;
            assert_refused(refused, Code::Unauthenticated, ErrorReason::InvalidCredentials);
        }
        member = server.register(member.account_id, 100).await;
    }
    for regular in regulars {
        regular.stop().await;
    }
    server.deliver_mail().await;
}
