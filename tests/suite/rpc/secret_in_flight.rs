//! What changes while a secret is being hashed: the machine that gave it may be detached,
//! and the hash that it is held against replaced.

use gestan_account_client::{
    Code, Error,
    v1::{self, ErrorReason},
};
use gestan_account_server::{
    clock::Clock as _,
    credentials::token::{Token, TokenKind},
    domain::{
        account_id::AccountId,
        machine::{Machine, MachineId, MachineName},
    },
    storage::{link, transaction::Transaction},
    throttle::Throttles,
};
use gestan_account_tests::{
    Member, PASSWORD, TestServer, TestServerOptions, assert_refused, change, count, machine,
    new_password, stored, text,
};
use sea_orm::ConnectionTrait;
use tokio::task::{self, JoinSet};

/// What is sent once for each call, outside its transaction, before it hashes anything.
const FINDS_CALLER: &str = "token_digest";

/// Makes `call` while `change` is not yet committed, and commits it when the call has
/// looked: what it found then is no longer true when it comes to its own transaction.
async fn overtaken<T: Send + 'static>(
    server: &TestServer,
    change: Transaction,
    looks: &str,
    call: impl Future<Output = Result<T, Error>> + Send + 'static,
) -> Result<T, Error> {
    let _ = server.take_statements();
    let call = task::spawn(call);
    while !server.take_statements().iter().any(|sql| sql.contains(looks)) {
        task::yield_now().await;
    }
    change.commit().await.expect("the change is committed");
    call.await.expect("no panic")
}

/// A transaction that has detached the machine, and holds the account.
async fn detaching(server: &TestServer, member: &Member) -> Transaction {
    let transaction = server.accounts.db.begin().await.expect("a transaction");
    hold(&transaction, member.account_id).await;
    let id = AccountId::parse(member.account_id).expect("an ID");
    let machine = MachineId::parse(&member.machine.id).expect("an ID");
    let now = server.clock.now();
    assert!(link::unlink(&transaction, id, machine, now).await.expect("it is detached"));
    transaction
}

async fn hold(transaction: &Transaction, account_id: u32) {
    let hold = format!("UPDATE account SET version = version WHERE id = {account_id}");
    transaction.execute_unprepared(&hold).await.expect("the account is held");
}

fn assert_refused_as_unknown<T: std::fmt::Debug>(outcome: Result<T, Error>) {
    assert_refused(outcome, Code::Unauthenticated, ErrorReason::InvalidCredentials);
}

#[tokio::test]
async fn an_update_of_a_machine_that_is_detached_meanwhile_changes_nothing() {
    let server = TestServer::start().await;
    let member = server.open_account("jeanne@exemple.fr", 1).await;
    let (client, city) = (member.client.clone(), "Nîmes".to_owned());
    let request = change(&["city"], v1::Account { city, ..Default::default() });
    let change = detaching(&server, &member).await;
    let call = async move { client.update(request).await };
    assert_refused_as_unknown(overtaken(&server, change, FINDS_CALLER, call).await);
    assert_eq!(text(server.db(), "SELECT city FROM account").await.as_deref(), Some(""));
}

#[tokio::test]
async fn a_password_of_a_machine_that_is_detached_meanwhile_is_not_set() {
    let server = TestServer::start().await;
    let member = server.open_account("jeanne@exemple.fr", 1).await;
    let hash = text(server.db(), "SELECT password_hash FROM account").await;
    let request = v1::SetPasswordRequest {
        current_password: PASSWORD.to_owned(),
        new_password: new_password(1),
        ..Default::default()
    };
    let client = member.client.clone();
    let change = detaching(&server, &member).await;
    let call = async move { client.set_password(request).await };
    assert_refused_as_unknown(overtaken(&server, change, FINDS_CALLER, call).await);
    assert_eq!(text(server.db(), "SELECT password_hash FROM account").await, hash);
}

#[tokio::test]
async fn a_machine_that_is_detached_meanwhile_detaches_no_other() {
    let server = TestServer::start().await;
    let member = server.open_account("jeanne@exemple.fr", 1).await;
    let other = server.register(member.account_id, 2).await;
    let request = v1::UnlinkRequest {
        machine_id: other.machine.id.clone(),
        password: PASSWORD.to_owned(),
        ..Default::default()
    };
    let client = member.client.clone();
    let change = detaching(&server, &member).await;
    let call = async move { client.unlink(request).await };
    assert_refused_as_unknown(overtaken(&server, change, FINDS_CALLER, call).await);
    other.read().await;
}

/// A machine of the same ID has joined meanwhile, made from an image of this one's disk.
#[tokio::test]
async fn a_machine_that_detaches_itself_does_not_cut_a_link_that_was_made_meanwhile() {
    let server = TestServer::start().await;
    let member = server.open_account("jeanne@exemple.fr", 1).await;
    let joined = server.accounts.db.begin().await.expect("a transaction");
    hold(&joined, member.account_id).await;
    let id = AccountId::parse(member.account_id).expect("an ID");
    let (token, machine) = (
        Token::generate(TokenKind::Link, &*server.accounts.randomness),
        Machine {
            id: MachineId::parse(&member.machine.id).expect("an ID"),
            name: MachineName::parse("COMPTOIR").expect("a name"),
        },
    );
    let now = server.clock.now();
    link::upsert(&joined, id, &machine, &token.digest(), None, now).await.expect("it is linked");

    let client = member.client.clone();
    let call = async move { client.unlink(v1::UnlinkRequest::default()).await };
    assert_refused_as_unknown(overtaken(&server, joined, FINDS_CALLER, call).await);
    let client = server.client_with(token.reveal());
    client.get(v1::GetRequest::default()).await.expect("the new link lives");
}

#[tokio::test]
async fn a_machine_that_was_detached_while_it_detached_itself_is_told_that_it_is() {
    let server = TestServer::start().await;
    let member = server.open_account("jeanne@exemple.fr", 1).await;
    let events = stored(&server).await.audit_events;
    let change = detaching(&server, &member).await;
    let client = member.client.clone();
    let call = async move { client.unlink(v1::UnlinkRequest::default()).await };
    overtaken(&server, change, FINDS_CALLER, call).await.expect("it is detached");
    assert_eq!(stored(&server).await.audit_events, events, "once, by the other");
}

const COUNTED: &str = "SELECT count(*) FROM throttle WHERE key LIKE 'passwords:%' AND hits <> '[]'";

fn as_in_force() -> TestServerOptions {
    let wrong_passwords = Throttles::default().wrong_passwords;
    let throttles = Throttles { wrong_passwords, ..TestServerOptions::default().throttles };
    TestServerOptions { throttles, ..Default::default() }
}

/// Ten machines of a customer open the window after the operator has made hashes dearer.
#[tokio::test]
async fn right_passwords_given_concurrently_after_new_hash_parameters_are_all_right() {
    let cheap = TestServer::start().await;
    let member = cheap.open_account("jeanne@exemple.fr", 1).await;
    let database_url = Some(cheap.database_url().to_owned());
    let options = TestServerOptions { hash_params: (128, 1, 1), database_url, ..as_in_force() };
    let server = TestServer::start_with(options).await;
    let mut calls = JoinSet::new();
    for number in 2..12 {
        let client = server.client.clone();
        let request = v1::RegisterExistingRequest {
            account_id: member.account_id,
            secret: PASSWORD.to_owned(),
            machine: Some(machine(number)),
        };
        calls.spawn(async move { client.register_existing(request).await });
    }
    for outcome in calls.join_all().await {
        outcome.expect("the password is right");
    }
    assert_eq!(count(server.db(), COUNTED).await, 0);
    let hash = text(server.db(), "SELECT password_hash FROM account").await.expect("a hash");
    assert!(hash.contains("m=128,"), "{hash}");
    server.deliver_mail().await;
}

/// The password that a colleague has just set, typed while that was being stored.
#[tokio::test]
async fn a_password_is_held_against_the_hash_in_force_when_that_changed_meanwhile() {
    let server = TestServer::start_with(as_in_force()).await;
    let member = server.open_account("jeanne@exemple.fr", 1).await;
    let paul = server.open_account("paul@exemple.fr", 2).await;
    let request = v1::SetPasswordRequest {
        current_password: PASSWORD.to_owned(),
        new_password: new_password(1),
        ..Default::default()
    };
    paul.client.set_password(request).await.expect("it is set");
    server.deliver_mail().await;

    let own = hash_of(&server, member.account_id).await;
    let theirs = hash_of(&server, paul.account_id).await;
    // The one in force from now on, and the one in force until now.
    for (secret, is_right) in [(new_password(1), true), (PASSWORD.to_owned(), false)] {
        store_hash(server.db(), member.account_id, &own).await;
        let links = stored(&server).await.links;
        let change = server.accounts.db.begin().await.expect("a transaction");
        store_hash(&change, member.account_id, &theirs).await;
        let client = server.client.clone();
        let request = v1::RegisterExistingRequest {
            account_id: member.account_id,
            secret,
            machine: Some(machine(3)),
        };
        let call = async move { client.register_existing(request).await };
        let outcome = overtaken(&server, change, "FROM \"account\"", call).await;
        if is_right {
            outcome.expect("it is the password in force");
            assert_eq!(count(server.db(), COUNTED).await, 0);
        } else {
            assert_refused_as_unknown(outcome);
            assert_eq!(count(server.db(), COUNTED).await, 1);
            assert_eq!(stored(&server).await.links, links);
        }
        server.deliver_mail().await;
    }
}

async fn hash_of(server: &TestServer, account_id: u32) -> String {
    let sql = format!("SELECT password_hash FROM account WHERE id = {account_id}");
    text(server.db(), &sql).await.expect("a hash")
}

async fn store_hash(db: &impl ConnectionTrait, account_id: u32, hash: &str) {
    let sql = format!("UPDATE account SET password_hash = '{hash}' WHERE id = {account_id}");
    db.execute_unprepared(&sql).await.expect("the hash is stored");
}
