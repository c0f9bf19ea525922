//! Connections that are slow, silent or too many; peers that behave are served
//! meanwhile.

#![expect(clippy::expect_used, reason = "what a test needs and does not get ends the test")]

use std::{net::SocketAddr, time::Duration};

use gestan_account_client::{ClientOptions, v1};
use gestan_account_server::listener::{Transport, open_files};
use gestan_account_tests::{
    FrameKind, PREFACE, Regular, TestServer, TestServerOptions, Wire, frame, headers,
};
use tokio::{
    net::{TcpSocket, TcpStream},
    task::JoinSet,
    time::{interval, timeout},
};

/// What a slow machine may take.
const TIMEOUT: Duration = Duration::from_secs(30);

async fn start(transport: Transport) -> TestServer {
    TestServer::start_with(TestServerOptions { transport, ..Default::default() }).await
}

async fn connect(address: SocketAddr) -> TcpStream {
    TcpStream::connect(address).await.expect("a connection")
}

/// A connection from another address of this machine.
async fn connect_from(ip: &str, address: SocketAddr) -> TcpStream {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.bind(format!("{ip}:0").parse().expect("an address")).expect("an address");
    socket.connect(address).await.expect("a connection")
}

/// Whether a connection is taken: the server speaks first once it is.
async fn taken(stream: TcpStream) -> Option<Wire> {
    let mut wire = Wire::new(stream);
    wire.send(PREFACE).await;
    wire.send(&[0, 0, 0, 4, 0, 0, 0, 0, 0]).await;
    let settings = timeout(TIMEOUT, wire.next()).await.expect("an answer or the end");
    settings.map(|_| wire)
}

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

/// A connection on which a call runs: one whose message does not come.
async fn working(stream: TcpStream) -> Option<Wire> {
    let mut wire = taken(stream).await?;
    wire.send(&headers(1, "Create")).await;
    assert!(wire.ping().await, "the call is taken up");
    Some(wire)
}

#[tokio::test]
async fn connections_of_one_address_are_capped_and_others_get_in() {
    let server = start(Transport { max_connections_per_ip: 3, ..Transport::default() }).await;
    let member = server.open_account("jeanne@exemple.fr", 1).await;
    let regular = Regular::start(&member.client);
    let mut held = Vec::new();
    for _ in 0..3 {
        let stream = connect_from("127.0.0.2", server.address).await;
        held.push(working(stream).await.expect("there is room"));
    }
    assert!(taken(connect_from("127.0.0.2", server.address).await).await.is_none());
    assert!(taken(connect_from("127.0.0.3", server.address).await).await.is_some());
    assert!(taken(connect(server.address).await).await.is_some());
    drop(held);
    let freed =
        async { while taken(connect_from("127.0.0.2", server.address).await).await.is_none() {} };
    timeout(TIMEOUT, freed).await.expect("a permit ends with its connection");
    regular.stop().await;
}

#[tokio::test]
async fn at_the_cap_of_an_address_its_idlest_connection_makes_room_and_none_that_works() {
    let server = start(Transport { max_connections_per_ip: 3, ..Transport::default() }).await;
    let place = || connect_from("127.0.0.2", server.address);
    let mut works = working(place().await).await.expect("there is room");
    let mut idlest = taken(place().await).await.expect("there is room");
    let mut idle = taken(place().await).await.expect("there is room");
    assert!(idle.ping().await);
    let mut newcomer = taken(place().await).await.expect("the idlest makes room");
    let away = idlest.next_of(FrameKind::GoAway).await.expect("GOAWAY");
    assert_eq!(away.number(4), 0, "NO_ERROR");
    idlest.ended().await;
    for wire in [&mut works, &mut idle, &mut newcomer] {
        assert!(wire.ping().await);
    }
}

#[tokio::test]
async fn addresses_side_by_side_are_capped_together() {
    let server = start(Transport { max_connections_per_ip: 1, ..Transport::default() }).await;
    let mut held = Vec::new();
    for number in 1..=8 {
        let stream = connect_from(&format!("127.3.0.{number}"), server.address).await;
        held.push(working(stream).await.expect("a /24 has eight shares"));
    }
    assert!(taken(connect_from("127.3.0.9", server.address).await).await.is_none());
    assert!(taken(connect_from("127.3.1.1", server.address).await).await.is_some());
}

/// A socket for both families sees IPv4 callers under one and the same /64.
#[tokio::test]
async fn a_network_of_ipv6_is_capped_as_one_and_ipv4_callers_by_address() {
    let transport = Transport { max_connections_per_ip: 2, ..Transport::default() };
    let options = TestServerOptions { transport, listen: "[::]:0", ..Default::default() };
    let server = TestServer::start_with(options).await;
    let port = server.address.port();
    let (v6, v4) = (format!("[::1]:{port}"), format!("127.0.0.1:{port}"));
    let (v6, v4) = (v6.parse().expect("an address"), v4.parse().expect("an address"));
    let mut held = Vec::new();
    for _ in 0..2 {
        for ip in ["127.0.0.2", "127.0.0.3"] {
            held.push(working(connect_from(ip, v4).await).await.expect("there is room"));
        }
    }
    assert!(taken(connect_from("127.0.0.2", v4).await).await.is_none());
    // The client of the test server makes room, if it came by IPv6.
    let mut of_v6 = Vec::new();
    while let Some(wire) = working(connect(v6).await).await {
        of_v6.push(wire);
    }
    assert_eq!(of_v6.len(), 2);
}

#[tokio::test]
async fn a_connection_that_grows_old_is_asked_to_be_made_anew() {
    let max_connection_age = Duration::from_millis(300);
    let server = start(Transport { max_connection_age, ..Transport::default() }).await;
    let (mut wire, _) = Wire::begin(connect(server.address).await).await;
    let away = wire.next_of(FrameKind::GoAway).await.expect("GOAWAY");
    assert_eq!(away.number(4), 0, "NO_ERROR");
}

#[tokio::test]
async fn connections_are_capped_in_all() {
    let server = start(Transport { max_connections: 4, ..Transport::default() }).await;
    let mut held = Vec::new();
    for number in 2..6 {
        let stream = connect_from(&format!("127.0.0.{number}"), server.address).await;
        held.push(working(stream).await.expect("there is room"));
    }
    assert!(taken(connect_from("127.0.0.9", server.address).await).await.is_none());
    held.pop();
    let freed =
        async { while taken(connect_from("127.0.0.9", server.address).await).await.is_none() {} };
    timeout(TIMEOUT, freed).await.expect("a permit ends with its connection");
}

/// A peer that holds all connections that there are, and does nothing with them,
/// keeps nobody out.
#[tokio::test]
async fn when_all_connections_are_taken_the_idlest_of_the_fullest_network_makes_room() {
    let server = start(Transport { max_connections: 12, ..Transport::default() }).await;
    let member = server.open_account("jeanne@exemple.fr", 1).await;
    let mut held = Vec::new();
    let mut customer = taken(connect_from("127.5.0.1", server.address).await).await.expect("room");
    let mut customers = Vec::new();
    for number in 1..=11 {
        let stream = connect_from(&format!("127.4.0.{number}"), server.address).await;
        held.push(taken(stream).await.expect("the client of this test makes room, too"));
    }
    for number in 1..=5 {
        let stream = connect_from(&format!("127.5.{number}.1"), server.address).await;
        let newcomer = taken(stream).await;
        customers.push(newcomer.unwrap_or_else(|| panic!("customer {number} is turned away")));
    }
    assert!(customer.ping().await, "the customer who idles longest, but not in a crowd, stays");
    for wire in &mut held[..5] {
        wire.ended().await;
    }
    assert!(held[10].ping().await);
    drop(member);
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
