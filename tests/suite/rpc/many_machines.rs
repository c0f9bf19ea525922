//! An account with very many machines is nobody's trouble: not its owner's, and
//! not that of others.

use gestan_account_client::v1;
use gestan_account_server::{
    clock::Clock as _,
    credentials::token::{Token, TokenKind},
    domain::{
        account_id::AccountId,
        machine::{Machine, MachineId, MachineName},
    },
    mail::{
        letter::Letter,
        notice::{Detached, Event, Notice},
    },
    model::link::MAX_MACHINES,
    storage::link,
};
use gestan_account_tests::{
    Member, PASSWORD, TestServer, change, count, machine, new_password, uuid,
};
use jiff::SignedDuration;
use tokio::task::JoinSet;

const LIVING: &str = "SELECT count(*) FROM link WHERE unlink_time IS NULL";
const DETACHED: &str = "SELECT count(*) FROM audit_event WHERE action = 'unlink_machine'";

/// Machines 2 and on, until there are `all`: the higher its number, the later it was seen.
async fn link_until(server: &TestServer, account_id: u32, all: u128) -> Vec<String> {
    let id = AccountId::parse(account_id).expect("an ID");
    let mut tokens = Vec::new();
    for number in 2..=all {
        server.advance(SignedDuration::from_secs(1));
        let machine = Machine {
            id: MachineId::parse(&uuid(number)).expect("an ID"),
            name: MachineName::parse(&format!("Caisse {number}")).expect("a name"),
        };
        let token = Token::generate(TokenKind::Link, &*server.accounts.randomness);
        let now = server.clock.now();
        link::upsert(server.db(), id, &machine, &token.digest(), None, now).await.expect("a link");
        tokens.push(token.reveal().to_owned());
    }
    tokens
}

async fn join(server: &TestServer, member: &Member, number: u128) -> v1::RegisterExistingResponse {
    let request = v1::RegisterExistingRequest {
        account_id: member.account_id,
        secret: PASSWORD.to_owned(),
        machine: Some(machine(number)),
    };
    server.client.register_existing(request).await.expect("it is linked")
}

async fn get(member: &Member) -> v1::GetResponse {
    member.client.get(v1::GetRequest::default()).await.expect("it is answered")
}

fn names(answer: &v1::GetResponse) -> Vec<String> {
    let machine = |linked: &v1::LinkedMachine| linked.machine.clone().expect("a machine").name;
    answer.machines.iter().map(machine).collect()
}

#[tokio::test]
async fn the_machine_unseen_for_longest_makes_room_for_the_hundred_and_first_and_the_mail_names_it()
{
    let server = TestServer::start().await;
    let member = server.open_account("jeanne@exemple.fr", 1).await;
    link_until(&server, member.account_id, u128::from(MAX_MACHINES)).await;
    server.advance(SignedDuration::from_mins(2));
    // The first machine has just been seen: another is the one that goes.
    assert_eq!(get(&member).await.machine_count, MAX_MACHINES);
    assert_eq!(count(server.db(), DETACHED).await, 0);

    let joined = join(&server, &member, 5_000).await;
    assert_eq!(count(server.db(), LIVING).await, i64::from(MAX_MACHINES));
    assert_eq!(count(server.db(), DETACHED).await, 1);
    assert_eq!(
        server.audit_trail().await.last().expect("an event").1,
        "machine:".to_owned() + &uuid(2)
    );
    let notice = server.mail_to("jeanne@exemple.fr").await;
    assert!(notice.text.contains("Caisse 5000"), "{}", notice.text);
    assert!(notice.text.contains("Caisse 2\u{a0}»\n"), "{}", notice.text);
    let listed = names(
        &get(&server.member(member.account.clone(), machine(5_000), &joined.link_token)).await,
    );
    assert_eq!(listed.len(), MAX_MACHINES as usize);
    assert_eq!((listed[0].as_str(), listed[1].as_str()), ("Caisse 1", "Caisse 3"));
    assert!(listed.contains(&"Caisse 5000".to_owned()));
}

/// One that comes back takes no room, and detaches nobody.
#[tokio::test]
async fn a_machine_that_is_linked_again_among_a_hundred_detaches_none() {
    let server = TestServer::start().await;
    let member = server.open_account("jeanne@exemple.fr", 1).await;
    link_until(&server, member.account_id, u128::from(MAX_MACHINES)).await;
    join(&server, &member, 50).await;
    assert_eq!(count(server.db(), LIVING).await, i64::from(MAX_MACHINES));
    assert_eq!(count(server.db(), DETACHED).await, 0);
    let notice = server.mail_to("jeanne@exemple.fr").await;
    assert!(!notice.text.contains("détaché."), "{}", notice.text);
}

/// The clocks of servers differ: the others were all seen a moment later.
#[tokio::test]
async fn the_machine_that_joins_stays_though_others_were_seen_in_its_future() {
    let server = TestServer::start().await;
    let member = server.open_account("jeanne@exemple.fr", 1).await;
    link_until(&server, member.account_id, u128::from(MAX_MACHINES)).await;
    server.advance(SignedDuration::from_secs(-i64::from(MAX_MACHINES)));
    let joined = join(&server, &member, 5_000).await;
    let member = server.member(member.account.clone(), machine(5_000), &joined.link_token);
    assert!(names(&get(&member).await).contains(&"Caisse 5000".to_owned()));
    assert_eq!(count(server.db(), LIVING).await, i64::from(MAX_MACHINES));
    server.deliver_mail().await;
}

/// From the time when an account might have a thousand.
#[tokio::test]
async fn of_an_account_with_more_from_before_the_last_seen_are_listed_and_all_are_counted() {
    let server = TestServer::start().await;
    let member = server.open_account("jeanne@exemple.fr", 1).await;
    let other = server.open_account("paul@exemple.fr", 1).await;
    link_until(&server, member.account_id, 250).await;
    let (_, agent) = server.support_agent("Luc").await;
    let request = v1::GetRequest { account_id: member.account_id };
    let by_support = agent.get(request).await.expect("support may read");
    assert_eq!(by_support.machine_count, 250);
    let last: Vec<String> = (151..=250).map(|number| format!("Caisse {number}")).collect();
    assert_eq!(names(&by_support), last);

    // The machine that reads was unseen for longest: it is listed all the same.
    let mut calls = JoinSet::new();
    for _ in 0..8 {
        let (client, other) = (member.client.clone(), other.client.clone());
        calls.spawn(async move {
            let others = other.get(v1::GetRequest::default()).await.expect("it is answered");
            assert_eq!((others.machines.len(), others.machine_count), (1, 1));
            client.get(v1::GetRequest::default()).await.expect("it is answered")
        });
    }
    for answer in calls.join_all().await {
        assert_eq!(answer.machine_count, 250);
        assert_eq!(answer.machines.len(), 100);
        let current: Vec<&v1::LinkedMachine> =
            answer.machines.iter().filter(|linked| linked.current).collect();
        assert_eq!(current.len(), 1);
        assert_eq!(current[0].machine.as_ref(), Some(&member.machine));
        assert_eq!(names(&answer)[1..], last[1..]);
    }
}

#[tokio::test]
async fn machines_that_are_too_many_from_before_go_with_as_many_statements_as_one() {
    let server = TestServer::start().await;
    let member = server.open_account("jeanne@exemple.fr", 1).await;
    link_until(&server, member.account_id, 250).await;
    let _ = server.take_statements();
    join(&server, &member, 5_000).await;
    let statements = server.take_statements().len();
    assert!(statements <= 12, "{statements} statements");
    assert_eq!(count(server.db(), LIVING).await, i64::from(MAX_MACHINES));
    assert_eq!(count(server.db(), DETACHED).await, 151);
    let notice = server.mail_to("jeanne@exemple.fr").await;
    for named in ["Caisse 5000", "Caisse 151\u{a0}»\n", "Caisse 142\u{a0}»\n"] {
        assert!(notice.text.contains(named), "{named} in {}", notice.text);
    }
    assert!(notice.text.contains("141"), "{}", notice.text);
    assert!(!notice.text.contains("Caisse 141\u{a0}»"), "{}", notice.text);
}

#[tokio::test]
async fn a_new_password_detaches_all_others_with_as_many_statements_as_one() {
    let server = TestServer::start().await;
    let member = server.open_account("jeanne@exemple.fr", 1).await;
    link_until(&server, member.account_id, 100).await;
    let _ = server.take_statements();
    let request = v1::SetPasswordRequest {
        current_password: PASSWORD.to_owned(),
        new_password: new_password(1),
        unlink_other_machines: true,
        ..Default::default()
    };
    member.client.set_password(request).await.expect("it is set");
    let statements = server.take_statements().len();
    assert!(statements <= 20, "{statements} statements");
    assert_eq!(count(server.db(), LIVING).await, 1);
    assert_eq!(count(server.db(), DETACHED).await, 99);
    member.read().await;
    server.deliver_mail().await;
}

/// Only Get reads the list: a caller that changes something is found by one row.
#[tokio::test]
async fn a_call_that_lists_no_machines_reads_none_but_its_own() {
    let server = TestServer::start().await;
    let member = server.open_account("jeanne@exemple.fr", 1).await;
    link_until(&server, member.account_id, 40).await;
    let _ = server.take_statements();
    let city = v1::Account { city: "Nîmes".to_owned(), ..Default::default() };
    member.update(change(&["city"], city)).await;
    let statements = server.take_statements();
    let of_links: Vec<&String> =
        statements.iter().filter(|sql| sql.contains("FROM \"link\"")).collect();
    // By its token; then, under the lock of the account, whether it is still linked.
    assert_eq!(of_links.len(), 2, "{statements:?}");
    assert!(of_links[0].contains("\"link\".\"token_digest\" "), "{of_links:?}");
    assert!(of_links[1].contains("\"link\".\"machine_id\" = "), "{of_links:?}");
    assert!(of_links.iter().all(|sql| !sql.contains("JOIN \"link\"")), "{of_links:?}");
}

/// However many of its machines call concurrently, an account's list is read once a
/// batch.
#[tokio::test(flavor = "multi_thread")]
async fn machines_of_one_account_that_call_concurrently_share_its_list() {
    let server = TestServer::start().await;
    let member = server.open_account("jeanne@exemple.fr", 1).await;
    let tokens = link_until(&server, member.account_id, 60).await;
    let _ = server.take_statements();
    let mut calls = JoinSet::new();
    for token in tokens {
        let client = server.client_with(&token);
        calls.spawn(async move { client.get(v1::GetRequest::default()).await });
    }
    for answer in calls.join_all().await {
        let answer = answer.expect("it is answered");
        assert_eq!((answer.machines.len(), answer.machine_count), (60, 60));
        assert_eq!(answer.machines.iter().filter(|linked| linked.current).count(), 1);
    }
    let statements = server.take_statements();
    let joined = statements.iter().filter(|sql| sql.contains("JOIN \"link\"")).count();
    assert_eq!(joined, 0, "callers times links");
}

/// What the version before makes of a letter.
#[derive(serde::Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Before {
    MachineLinked(EventBefore),
}

#[derive(serde::Deserialize)]
struct EventBefore {
    machine: String,
}

#[test]
fn a_letter_of_before_is_read_and_one_of_today_is_read_by_a_server_of_before() {
    let before = r#"{"kind":"machine_linked","account_id":7,"machine":"Caisse","time_millis":1}"#;
    let letter: Letter = serde_json::from_str(before).expect("it is read");
    let Letter::Notice(Notice::MachineLinked(event)) = &letter else { panic!("{letter:?}") };
    assert_eq!(event.detached, Detached::default());
    assert_eq!(serde_json::to_string(&letter).expect("JSON"), before);

    let detached = Detached { names: vec!["Vieille caisse".to_owned()], others: 3 };
    let letter = Letter::Notice(Notice::MachineLinked(Event { detached, ..event.clone() }));
    let text = serde_json::to_string(&letter).expect("JSON");
    let Before::MachineLinked(event) = serde_json::from_str(&text).expect("it is read");
    assert_eq!(event.machine, "Caisse");
    assert_eq!(serde_json::from_str::<Letter>(&text).expect("it is read"), letter);
}
