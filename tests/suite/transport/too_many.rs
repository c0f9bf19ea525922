//! More connections than there may be: who makes room, and for whom.

#![expect(clippy::expect_used, reason = "what a test needs and does not get ends the test")]

use std::net::SocketAddr;

use gestan_account_server::listener::Transport;
use gestan_account_tests::{
    FrameKind, Regular, TestServer, TestServerOptions, Wire, headers,
    process::{Home, ServerProcess},
};
use tokio::{
    net::{TcpSocket, TcpStream},
    time::timeout,
};

use super::{TIMEOUT, connect, start, taken};

/// A connection from another address of this machine.
async fn connect_from(ip: &str, address: SocketAddr) -> TcpStream {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.bind(format!("{ip}:0").parse().expect("an address")).expect("an address");
    socket.connect(address).await.expect("a connection")
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

/// Goodbyes take two seconds where the peer does not answer them: a flood has many of them
/// in that time.
#[tokio::test]
async fn a_flood_of_one_address_holds_few_connections_that_make_room() {
    let home = Home::on_sqlite();
    let server = ServerProcess::start(&home, &["--max-connections-per-ip", "3"]).await;
    let mut works = working(connect(server.address).await).await.expect("there is room");
    let before = server.open_files();
    let mut flood = Vec::new();
    for _ in 0..400 {
        flood.push(taken(connect(server.address).await).await.expect("the idlest makes room"));
    }
    // Its database may have opened a file or two meanwhile.
    let more = server.open_files().saturating_sub(before);
    assert!(more <= 3 + 64 + 4, "{more} files more are open");
    assert!(works.ping().await);
}
