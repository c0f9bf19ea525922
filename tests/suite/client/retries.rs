//! What the client repeats by itself, and what it does not, when the server or
//! the way to it goes away.

mod proxy;

use std::time::{Duration, Instant};

use gestan_account_client::{ClientOptions, Error, v1};
use gestan_account_tests::{
    PASSWORD, TestServer, TestServerOptions, count, new_password,
    process::{Home, ServerProcess, TIMEOUT},
};
use tonic::Code;

use self::proxy::Proxy;

fn long_deadline() -> ClientOptions {
    ClientOptions::new()
        .deadline(TIMEOUT)
        .max_attempts(1_000)
        .back_off(Duration::from_millis(10), Duration::from_millis(50))
}

#[tokio::test]
async fn a_safe_call_outlives_a_restart_of_the_server() {
    let home = Home::new();
    let server = ServerProcess::start(&home, &[]).await;
    let client = server.connect(long_deadline()).await;
    let address = server.address.to_string();
    let refused = client.get(v1::GetRequest::default()).await.expect_err("no token");
    assert_eq!(refused.rejection().expect("an answer").code(), Code::Unauthenticated);
    server.kill().await;
    let waiting =
        tokio::spawn(async move { client.get(v1::GetRequest::default()).await.expect_err("none") });
    let server = ServerProcess::start(&home, &["--listen", &address]).await;
    let refused = waiting.await.expect("the call ends");
    assert_eq!(refused.rejection().expect("an answer").code(), Code::Unauthenticated);
    server.kill().await;
}

#[tokio::test]
async fn a_lost_answer_is_asked_for_again_when_that_is_harmless() {
    let server = TestServer::start().await;
    let member = server.open_account("jeanne@exemple.fr", 1).await;
    let proxy = Proxy::start(server.address).await;
    let client = proxy.connect(long_deadline(), &member.link_token).await;
    proxy.lose_next_answer();
    client.get(v1::GetRequest::default()).await.expect("Get is repeated");
    assert_eq!(proxy.lost(), 1);
}

#[tokio::test]
async fn a_change_of_the_password_is_not_repeated() {
    let server = TestServer::start().await;
    let member = server.open_account("jeanne@exemple.fr", 1).await;
    let proxy = Proxy::start(server.address).await;
    let client = proxy.connect(long_deadline(), &member.link_token).await;
    proxy.lose_next_answer();
    let request = v1::SetPasswordRequest {
        current_password: PASSWORD.to_owned(),
        new_password: new_password(1),
        ..Default::default()
    };
    let lost = client.set_password(request).await.expect_err("the answer is lost");
    // A repeat would have been refused: the current password is another one now.
    assert!(matches!(lost, Error::Transport(_)), "{lost:?}");
    assert_eq!(proxy.lost(), 1);
    let changes = "SELECT count(*) FROM audit_event WHERE action = 'set_password'";
    assert_eq!(count(server.db(), changes).await, 2, "the opening, and one change");
    server.deliver_mail().await;
}

#[tokio::test]
async fn a_busy_hasher_is_asked_again_after_the_wait_that_it_named() {
    let options = TestServerOptions {
        hash_params: (65_536, 3, 1),
        hash_threads: 1,
        hash_queue: 1,
        ..Default::default()
    };
    let server = TestServer::start_with(options).await;
    let member = server.open_account("jeanne@exemple.fr", 1).await;
    let single = server.connect(long_deadline().max_attempts(1)).await;
    let register = |number| v1::RegisterExistingRequest {
        account_id: member.account_id,
        secret: PASSWORD.to_owned(),
        machine: Some(gestan_account_tests::machine(number)),
    };
    let crowd = |client: gestan_account_client::Client, first: u128| async move {
        let calls = (first..first + 8).map(|number| {
            let (client, request) = (client.clone(), register(number));
            tokio::spawn(async move { client.register_existing(request).await })
        });
        let mut outcomes = Vec::new();
        for call in calls.collect::<Vec<_>>() {
            outcomes.push(call.await.expect("the call ends"));
        }
        outcomes
    };
    let outcomes = crowd(single, 100).await;
    let busy = outcomes.iter().filter_map(|outcome| outcome.as_ref().err());
    let busy: Vec<_> = busy.map(|error| error.rejection().expect("an answer")).collect();
    assert!(!busy.is_empty(), "the queue is never full");
    for rejection in busy {
        assert_eq!(rejection.reason(), v1::ErrorReason::HashingBusy);
        assert!(rejection.retry_delay().is_some());
    }
    let client = server.connect(long_deadline()).await;
    for outcome in crowd(client, 200).await {
        outcome.expect("the client comes back until it is served");
    }
    server.deliver_mail().await;
}

#[tokio::test]
async fn the_deadline_ends_every_wait() {
    let server = TestServer::start().await;
    let proxy = Proxy::start(server.address).await;
    let deadline = Duration::from_secs(2);
    let client = proxy.connect(long_deadline().deadline(deadline), "").await;
    proxy.close();
    let asked = Instant::now();
    let error = client.get(v1::GetRequest::default()).await.expect_err("nobody answers");
    assert!(matches!(error, Error::Deadline | Error::Transport(_)), "{error:?}");
    let waited = asked.elapsed();
    assert!(waited < deadline + Duration::from_secs(5), "it took {waited:?}");
    assert!(waited > deadline / 2, "it gave up after {waited:?}");
}
