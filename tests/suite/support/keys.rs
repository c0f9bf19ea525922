//! Until when, from where and how often a support key serves.

use std::{collections::HashMap, fmt::Write as _};

use gestan_account_client::{
    Client, Code, Error,
    v1::{self, ErrorReason},
};
use gestan_account_server::{
    clock::Clock as _, domain::role::Role, network::SupportNetworks, storage::support_key,
    throttle::calls::CallRate,
};
use gestan_account_tests::{
    Log, TestServer, TestServerOptions, assert_refused, count, execute, is_postgres, raw_call,
};
use jiff::SignedDuration;
use tonic_types::StatusExt as _;

async fn get(client: &Client, account_id: u32) -> Result<v1::GetResponse, Error> {
    client.get(v1::GetRequest { account_id }).await
}

fn assert_unknown(outcome: Result<v1::GetResponse, Error>) {
    assert_refused(outcome, Code::Unauthenticated, ErrorReason::InvalidCredentials);
}

/// The metadata of the refusal that a call with this key gets.
async fn metadata_of(server: &TestServer, key: &str) -> HashMap<String, String> {
    let request = raw_call::authorized(v1::GetRequest::default(), &format!("Bearer {key}"));
    let refusal = raw_call::connect(server).await.get(request).await.expect_err("it is refused");
    refusal.get_details_error_info().expect("the details").metadata
}

#[tokio::test]
async fn a_support_key_that_has_expired_is_told_since_when() {
    let server = TestServer::start().await;
    let member = server.open_account("jeanne@exemple.fr", 1).await;
    let end = server.clock.now() + SignedDuration::from_hours(1);
    let (id, key) = server.support_key("Luc", Role::Agent, Some(end)).await;
    let agent = server.client_with(key.reveal());
    server.advance(SignedDuration::from_secs(3599));
    get(&agent, member.account_id).await.expect("a second is left");
    server.advance(SignedDuration::from_secs(1));
    assert_unknown(get(&agent, member.account_id).await);
    let expired = metadata_of(&server, key.reveal()).await;
    assert_eq!(expired.get("expireTime").map(String::as_str), Some("2026-11-24T09:00:00Z"));
    let read = "SELECT count(*) FROM audit_event WHERE action = 'read_account'";
    assert_eq!(count(server.db(), read).await, 1, "nothing was read afterwards");

    // Revoked as well, it is as unknown as every other.
    support_key::revoke(server.db(), id, server.clock.now()).await.expect("it is revoked");
    assert_unknown(get(&agent, member.account_id).await);
    assert_eq!(metadata_of(&server, key.reveal()).await, HashMap::new());
}

#[tokio::test]
async fn a_key_of_before_is_a_readers_and_has_no_end() {
    let server = TestServer::start().await;
    let member = server.open_account("jeanne@exemple.fr", 1).await;
    let (_, key) = server.support_key("Luc", Role::Admin, Some(server.clock.now())).await;
    let mut digest = String::new();
    for byte in key.digest().as_bytes() {
        write!(digest, "{byte:02x}").expect("a text takes it");
    }
    let digest = if is_postgres() { format!("'\\x{digest}'") } else { format!("x'{digest}'") };
    // As a release before writes it.
    execute(server.db(), "DELETE FROM support_key").await;
    let insert = "INSERT INTO support_key (name, key_digest, create_time)";
    execute(server.db(), &format!("{insert} VALUES ('Luc', {digest}, 0)")).await;
    get(&server.client_with(key.reveal()), member.account_id).await.expect("it may read");
    let keys = support_key::list(server.db()).await.expect("the keys");
    assert_eq!((keys[0].role, keys[0].expire_time, &*keys[0].hint), (Role::Reader, None, ""));
}

/// A release to come may have roles that this one does not know.
#[tokio::test]
async fn a_role_that_is_not_known_is_the_least_one() {
    let server = TestServer::start().await;
    server.support_key("Luc", Role::Admin, None).await;
    execute(server.db(), "UPDATE support_key SET role = 'director'").await;
    let keys = support_key::list(server.db()).await.expect("the keys");
    assert_eq!(keys[0].role, Role::Reader);
}

#[tokio::test]
async fn the_last_use_of_a_key_moves_at_most_once_a_minute() {
    let server = TestServer::start().await;
    let member = server.open_account("jeanne@exemple.fr", 1).await;
    let (_, agent) = server.support_agent("Luc").await;
    let last_use = async || {
        let keys = support_key::list(server.db()).await.expect("the keys");
        keys[0].last_use_time
    };
    assert_eq!(last_use().await, None);
    let start = server.clock.now();
    for (step, used) in [(0, 0), (59, 0), (1, 60), (59, 60), (1, 120), (3600, 3720)] {
        server.advance(SignedDuration::from_secs(step));
        get(&agent, member.account_id).await.expect("support may read");
        assert_eq!(last_use().await, Some(start + SignedDuration::from_secs(used)), "{step}");
    }
}

/// In a transaction of the call it would be gone with the refusal.
#[tokio::test]
async fn a_call_that_is_refused_is_a_use_of_the_key_too() {
    let server = TestServer::start().await;
    let (_, agent) = server.support_agent("Luc").await;
    assert_unknown(get(&agent, 4_000_000_000).await);
    let keys = support_key::list(server.db()).await.expect("the keys");
    assert_eq!(keys[0].last_use_time, Some(server.clock.now()));
}

async fn taking_keys_from(networks: &str) -> TestServer {
    let options = TestServerOptions {
        support_networks: networks.parse().expect("networks"),
        // One call after the other needs no place in a bucket of strangers' calls but those
        // that the test is about.
        call_rate: CallRate { burst: 20, per_second: 1 },
        support_calls_per_minute: 2,
        proxies: "127.0.0.1".parse().expect("an address"),
        ..Default::default()
    };
    TestServer::start_with(options).await
}

#[tokio::test(flavor = "current_thread")]
async fn a_support_key_from_outside_its_networks_is_refused_and_the_log_warns() {
    let (log, _logging) = Log::capture();
    let server = taking_keys_from("10.1.0.0/16, 2001:db8::/32").await;
    let member = server.open_account("jeanne@exemple.fr", 1).await;
    let (id, agent) = server.support_agent("Luc").await;
    let before = log.text().len();
    // More often than the key has calls: it takes none of them.
    for _ in 0..3 {
        let outcome = get(&agent, member.account_id).await;
        assert_refused(outcome, Code::PermissionDenied, ErrorReason::PermissionDenied);
    }
    let text = log.text().split_off(before);
    let warning = text.lines().find(|line| line.contains("WARN")).expect("a warning");
    assert!(warning.contains(&format!("support_key.id={id}")), "{warning}");
    assert!(!warning.contains("127.0.0.1") && !text.contains("Luc"), "{text}");
    // The customer's machines are not concerned.
    member.read().await;
    let unused = "SELECT count(*) FROM support_key WHERE last_use_time IS NULL";
    assert_eq!(count(server.db(), unused).await, 1);

    server.advance(SignedDuration::from_mins(1));
    let taken = (0..30).map(|_| get(&agent, member.account_id));
    let mut reasons = Vec::new();
    for call in taken {
        reasons.push(call.await.expect_err("it is outside").reason());
    }
    let counted = reasons.iter().filter(|reason| **reason == Some(ErrorReason::TooManyCallsFromIp));
    assert!(counted.count() > 0, "such calls count as those of strangers");
}

#[test]
fn networks_are_read_as_an_operator_lists_them() {
    let networks: SupportNetworks = "10.1.0.0/16, 2001:db8::1,".parse().expect("networks");
    let admit = |ip: &str| networks.admit(Some(ip.parse().expect("an address")));
    for inside in ["10.1.2.3", "::ffff:10.1.2.3", "2001:db8::1"] {
        assert!(admit(inside), "{inside}");
    }
    for outside in ["10.2.0.1", "2001:db8::2", "127.0.0.1"] {
        assert!(!admit(outside), "{outside}");
    }
    assert!(!networks.admit(None), "an address that is not known is in no network");
    assert!(SupportNetworks::default().admit(None));
    assert!("10.1.0.0/33".parse::<SupportNetworks>().is_err());
}
