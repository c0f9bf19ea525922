//! Starting and stopping the real program.

mod empty_settings;
mod starting;
mod stopping;
mod trial;
mod unread_log;

use std::time::{Duration, Instant};

use gestan_account_client::{Client, ClientOptions, Error, LinkToken, v1};
use gestan_account_tests::{
    PASSWORD, creation, new_password,
    process::{Home, ServerProcess, TIMEOUT},
};
use tokio::{
    net::TcpStream,
    time::{sleep, timeout},
};
use tonic::{
    Code,
    transport::{Channel, Endpoint},
};
use tonic_health::pb::{
    HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient,
};

/// A hash that takes seconds: a call that is under way for long.
const SLOW_HASHES: [&str; 6] =
    ["--hash-memory-kib", "262144", "--hash-passes", "4", "--hash-threads", "2"];

fn once() -> ClientOptions {
    ClientOptions::new().max_attempts(1).deadline(TIMEOUT)
}

async fn linked(server: &ServerProcess, link_token: &str) -> Client {
    let token = LinkToken::parse(link_token).expect("a token");
    server.connect(once()).await.with_link_token(&token)
}

/// Starts a change of the password, and waits until the server is at it: the
/// other call of the same connection is answered after it has been read.
async fn slow_call(client: &Client) -> tokio::task::JoinHandle<Result<(), Error>> {
    let (slow, other) = (client.clone(), client.clone());
    let call = tokio::spawn(async move {
        let request = v1::SetPasswordRequest {
            current_password: PASSWORD.to_owned(),
            new_password: new_password(3),
            ..Default::default()
        };
        slow.set_password(request).await.map(drop)
    });
    sleep(Duration::from_millis(100)).await;
    other.get(v1::GetRequest::default()).await.expect("Get");
    assert!(!call.is_finished(), "the call is slow enough to be tested");
    call
}

async fn health(url: &str) -> HealthClient<Channel> {
    let endpoint = Endpoint::from_shared(url.to_owned()).expect("a URL");
    HealthClient::new(endpoint.connect().await.expect("the server answers"))
}

#[tokio::test]
async fn sigterm_lets_the_running_call_finish_and_refuses_new_ones() {
    let home = Home::new();
    let server = ServerProcess::start(&home, &[]).await;
    let client = server.connect(once()).await;
    let link_token = server.open_account(&client, 1).await.link_token;
    server.terminate().await;
    assert!(server.wait().await.0.success());

    // However slow the machine is, neither the grace nor the deadline is what ends the call.
    let patience = ["--shutdown-grace", "10m", "--call-deadline", "10m"];
    let arguments = [&SLOW_HASHES[..], &patience].concat();
    let server = ServerProcess::start(&home, &arguments).await;
    let client = linked(&server, &link_token).await;
    let mut asking = health(&server.url()).await;
    let watched = asking.watch(HealthCheckRequest { service: String::new() }).await;
    let mut watched = watched.expect("health can be watched").into_inner();
    let mut statuses = Vec::new();
    while statuses.last() != Some(&ServingStatus::Serving) {
        let answer = timeout(TIMEOUT, watched.message()).await.expect("a status in time");
        statuses.push(answer.expect("a status").expect("a status").status());
    }
    let idle = TcpStream::connect(server.address).await.expect("a connection");
    let running = slow_call(&client).await;

    server.terminate().await;
    let answer = timeout(TIMEOUT, watched.message()).await.expect("a status in time");
    let status = answer.expect("a status").expect("a status").status();
    assert_eq!(status, ServingStatus::NotServing);
    // On the open connection, and on a new one.
    let refused = client.get(v1::GetRequest::default()).await.expect_err("a new call");
    assert_refused(&refused);
    match Client::connect(&server.url(), once()).await {
        Ok(late) => assert_refused(&late.create(creation(2)).await.expect_err("a late call")),
        Err(error) => assert!(matches!(error, Error::Transport(_)), "{error:?}"),
    }
    running.await.expect("the call runs").expect("the running call is answered");
    let answered = Instant::now();
    let (status, log) = server.wait().await;
    assert!(status.success(), "{status}: {log}");
    assert!(answered.elapsed() < Duration::from_secs(15), "it took {:?}", answered.elapsed());
    assert!(!log.contains("calls cut off"), "{log}");
    drop(idle);

    // The change that was answered is there, on the same data.
    let server = ServerProcess::start(&home, &[]).await;
    let client = linked(&server, &link_token).await;
    let change = v1::SetPasswordRequest {
        current_password: new_password(3),
        new_password: PASSWORD.to_owned(),
        ..Default::default()
    };
    client.set_password(change).await.expect("the password was changed");
}

fn assert_refused(error: &Error) {
    match error {
        Error::Rejected(rejection) => {
            assert_eq!(rejection.reason(), v1::ErrorReason::ShuttingDown);
            assert_eq!(rejection.code(), Code::Unavailable);
            assert!(rejection.retry_delay().is_some());
        }
        Error::Transport(_) => {}
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_call_that_outlasts_the_grace_is_cut_off() {
    let home = Home::new();
    let server = ServerProcess::start(&home, &[]).await;
    let client = server.connect(once()).await;
    let link_token = server.open_account(&client, 1).await.link_token;
    server.kill().await;

    let mut arguments = vec!["--shutdown-grace", "1s"];
    arguments.extend(["--hash-memory-kib", "262144", "--hash-passes", "60"]);
    let server = ServerProcess::start(&home, &arguments).await;
    let client = linked(&server, &link_token).await;
    let running = slow_call(&client).await;
    server.terminate().await;
    let cut_off = running.await.expect("the call runs").expect_err("the call is cut off");
    let rejection = cut_off.rejection().unwrap_or_else(|| panic!("{cut_off:?}"));
    assert_eq!(rejection.reason(), v1::ErrorReason::ShuttingDown);
    assert_eq!(rejection.code(), Code::Unavailable);
    assert!(rejection.retry_delay().is_some());
    let (status, log) = server.wait().await;
    assert!(status.success(), "{status}: {log}");
    assert!(log.contains("calls cut off"), "{log}");
}
