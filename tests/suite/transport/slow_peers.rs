//! Connections that are slow or silent; peers that behave are served meanwhile.

use std::time::Duration;

use gestan_account_client::{ClientOptions, v1};
use gestan_account_server::listener::{Transport, open_files};
use gestan_account_tests::{FrameKind, PREFACE, Regular, Wire, frame, headers};
use tokio::{
    net::TcpStream,
    task::JoinSet,
    time::{interval, timeout},
};

use super::{TIMEOUT, connect, start, taken};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_peer_that_trickles_the_preface_is_cut_off() {
    let handshake_timeout = Duration::from_millis(500);
    let server = start(Transport { handshake_timeout, ..Transport::default() }).await;
    let member = server.open_account("jeanne@exemple.fr", 1).await;
    let regular = Regular::start(&member.client);
    let mut slow = JoinSet::new();
    for _ in 0..100 {
        let mut wire = Wire::new(connect(server.address).await);
        slow.spawn(async move {
            let mut ticks = interval(Duration::from_millis(100));
            for byte in &PREFACE[..23] {
                wire.send(&[*byte]).await;
                if timeout(Duration::from_millis(1), wire.ended()).await.is_ok() {
                    return;
                }
                ticks.tick().await;
            }
            panic!("23 bytes were taken one by one");
        });
    }
    slow.join_all().await;
    regular.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_thousand_idle_connections_disturb_nobody_and_end() {
    // Each has two ends in this process.
    let files = open_files::raise_limit();
    assert!(files.is_none_or(|files| files > 5_000), "only {files:?} files may be open");
    let idle_timeout = Duration::from_secs(4);
    // They answer no goodbye.
    let ping_timeout = Duration::from_secs(2);
    let max_connections_per_ip = 3_000;
    let transport =
        Transport { max_connections_per_ip, idle_timeout, ping_timeout, ..Transport::default() };
    let server = start(transport).await;
    let member = server.open_account("jeanne@exemple.fr", 1).await;
    let regular = Regular::start(&member.client);
    let mut idle = Vec::new();
    for _ in 0..2_000 {
        idle.push(Wire::begin(connect(server.address).await).await.0);
    }
    let newcomer = server.connect(ClientOptions::new().max_attempts(1)).await;
    newcomer.get(v1::GetRequest::default()).await.expect_err("it has no token, and is answered");
    let ends = async {
        for wire in &mut idle {
            wire.ended().await;
        }
    };
    timeout(TIMEOUT, ends).await.expect("idle connections end");
    regular.stop().await;
}

/// In the middle of headers HTTP/2 allows nothing else, so that a ping is not answered.
#[tokio::test]
async fn headers_that_never_end_hold_no_connection() {
    let (ping_interval, ping_timeout) = (Duration::from_millis(200), Duration::from_millis(200));
    let server = start(Transport { ping_interval, ping_timeout, ..Transport::default() }).await;
    let (mut wire, _) = Wire::begin(connect(server.address).await).await;
    let mut begun = headers(1, "Create");
    begun[4] = 0; // not the end of the headers
    wire.send(&begun).await;
    let trickle = async {
        let mut ticks = interval(Duration::from_millis(50));
        while wire.send(&frame(9, 0, 1, &[0, 1, b'a', 0])).await {
            ticks.tick().await;
        }
    };
    timeout(TIMEOUT, trickle).await.expect("it is given up");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_peer_that_answers_no_ping_is_gone() {
    let (ping_interval, ping_timeout) = (Duration::from_millis(200), Duration::from_millis(200));
    let server = start(Transport { ping_interval, ping_timeout, ..Transport::default() }).await;
    let member = server.open_account("jeanne@exemple.fr", 1).await;
    let regular = Regular::start(&member.client);
    let (mut wire, _) = Wire::begin(connect(server.address).await).await;
    timeout(TIMEOUT, wire.ended()).await.expect("it is given up");
    regular.stop().await;
}

#[tokio::test]
async fn a_connection_that_grows_old_is_asked_to_be_made_anew() {
    let max_connection_age = Duration::from_millis(300);
    let server = start(Transport { max_connection_age, ..Transport::default() }).await;
    let (mut wire, _) = Wire::begin(connect(server.address).await).await;
    let away = wire.next_of(FrameKind::GoAway).await.expect("GOAWAY");
    assert_eq!(away.number(4), 0, "NO_ERROR");
}

/// Files are counted by process, so this test runs itself in one of its own.
#[cfg(unix)]
#[tokio::test]
async fn the_server_survives_that_no_file_can_be_opened() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    const ALONE: &str = "GESTAN_TEST_ALONE";
    if std::env::var_os(ALONE).is_none() {
        let test = "transport::slow_peers::the_server_survives_that_no_file_can_be_opened";
        let program = std::env::current_exe().expect("this program");
        let mut alone = tokio::process::Command::new(program);
        let output = alone.args(["--exact", test]).env(ALONE, "1").output().await;
        let output = output.expect("it runs");
        let printed = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && printed.contains("1 passed"), "{printed}");
        return;
    }
    let server = start(Transport::default()).await;
    let member = server.open_account("jeanne@exemple.fr", 1).await;
    let few = Rlimit { current: Some(100), maximum: getrlimit(Resource::Nofile).maximum };
    setrlimit(Resource::Nofile, few).expect("fewer files");
    let mut held = Vec::new();
    while let Ok(stream) = TcpStream::connect(server.address).await {
        held.push(stream);
    }
    assert!(held.len() < 100);
    Regular::start(&member.client).stop().await;
    drop(held);
    let newcomer = timeout(TIMEOUT, taken(connect(server.address).await));
    assert!(newcomer.await.expect("an answer").is_some());
    Regular::start(&member.client).stop().await;
}
