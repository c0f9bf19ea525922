//! Clients that ask and do not take the answer: by HTTP/2's window, or by not
//! reading what TCP has for them.

use std::{net::SocketAddr, time::Duration};

use gestan_account_server::{
    credentials::token::{Token, TokenKind},
    domain::{
        account_id::AccountId,
        machine::{Machine, MachineId, MachineName},
    },
    listener::{Allowance, Transport},
    storage::link,
};
use gestan_account_tests::{
    FrameKind, Member, Regular, TestServer, TestServerOptions, Wire, frame, headers, headers_with,
    message, reset, uuid, window,
};
use tokio::{
    io::AsyncReadExt as _,
    net::{TcpSocket, TcpStream},
    time::{interval, timeout},
};
use tonic::{Code, transport::Endpoint};
use tonic_health::pb::{HealthCheckRequest, health_client::HealthClient};

use super::TIMEOUT;

const GET: &str = "/gestan.account.v1.AccountService/Get";
const WATCH: &str = "/grpc.health.v1.Health/Watch";
/// `SETTINGS_INITIAL_WINDOW_SIZE`.
const INITIAL_WINDOW: u16 = 4;

async fn start(call_deadline: Duration) -> (TestServer, Member) {
    let transport = Transport { call_deadline, ..Transport::default() };
    let options = TestServerOptions { transport, ..Default::default() };
    let server = TestServer::start_with(options).await;
    let member = server.open_account("jeanne@exemple.fr", 1).await;
    (server, member)
}

/// Gives the account so many machines that `Get` answers with some hundred KiB.
async fn crowd(server: &TestServer, account_id: u32) {
    let id = AccountId::parse(account_id).expect("an ID");
    let name = MachineName::parse(&"caisse ".repeat(13)).expect("a name");
    let now = server.accounts.clock.now();
    for number in 2..=1_000 {
        let machine =
            Machine { id: MachineId::parse(&uuid(number)).expect("an ID"), name: name.clone() };
        let token = Token::generate(TokenKind::Link, &*server.accounts.randomness);
        link::upsert(server.db(), id, &machine, &token.digest(), None, now).await.expect("a link");
    }
}

fn get(stream: u32, member: &Member) -> Vec<u8> {
    let bearer = format!("Bearer {}", member.link_token);
    [headers_with(stream, GET, &[("authorization", &bearer)]), message(stream, &[], true)].concat()
}

/// A connection whose kernel keeps as little as it can for whoever does not read.
async fn connect_narrow(address: SocketAddr) -> TcpStream {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.set_recv_buffer_size(4 * 1024).expect("a size");
    socket.connect(address).await.expect("a connection")
}

async fn without_a_window(initial: u32) {
    let (server, member) = start(Duration::from_secs(2)).await;
    let regular = Regular::start(&member.client);
    let stream = TcpStream::connect(server.address).await.expect("a connection");
    let (mut wire, _) = Wire::begin_with(stream, &[(INITIAL_WINDOW, initial)]).await;
    assert!(wire.send(&get(1, &member)).await);
    wire.next_of(FrameKind::Headers).await.expect("the head of the answer");
    timeout(TIMEOUT, wire.ended()).await.expect("its time is over");
    regular.stop().await;
}

#[tokio::test]
async fn a_peer_that_opens_no_window_loses_the_connection_at_the_deadline() {
    without_a_window(0).await;
}

#[tokio::test]
async fn a_peer_that_opens_a_window_of_one_byte_loses_the_connection_at_the_deadline() {
    without_a_window(1).await;
}

#[tokio::test]
async fn a_peer_that_takes_its_answer_byte_by_byte_loses_the_connection_at_the_deadline() {
    let (server, member) = start(Duration::from_secs(2)).await;
    let regular = Regular::start(&member.client);
    let stream = TcpStream::connect(server.address).await.expect("a connection");
    let (mut wire, _) = Wire::begin_with(stream, &[(INITIAL_WINDOW, 0)]).await;
    assert!(wire.send(&get(1, &member)).await);
    let slowly = async {
        let mut ticks = interval(Duration::from_millis(50));
        while wire.send(&window(1, 1)).await {
            ticks.tick().await;
        }
    };
    timeout(TIMEOUT, slowly).await.expect("its time is over");
    regular.stop().await;
}

/// Nothing is wrong with HTTP/2 here: it is TCP that is not read.
#[tokio::test]
async fn a_peer_that_does_not_read_what_came_loses_the_connection_at_the_deadline() {
    let (server, member) = start(Duration::from_secs(2)).await;
    crowd(&server, member.account_id).await;
    let open = [(INITIAL_WINDOW, i32::MAX as u32)];
    for reads in [false, true] {
        let stream = connect_narrow(server.address).await;
        let (mut wire, _) = Wire::begin_with(stream, &open).await;
        wire.send(&window(0, i32::MAX as u32 - 65_535)).await;
        for number in 0..40 {
            wire.send(&get(2 * number + 1, &member)).await;
        }
        let mut stream = wire.into_inner();
        let slowly = async {
            let mut ticks = interval(Duration::from_millis(50));
            let mut byte = [0];
            // Incoming frames are not looked at: the end shows when nothing can be sent.
            while stream.try_write(&frame(6, 1, 0, &[0; 8])).is_ok() {
                if reads && !matches!(stream.read(&mut byte).await, Ok(1)) {
                    return;
                }
                ticks.tick().await;
            }
        };
        timeout(TIMEOUT, slowly).await.expect("its time is over");
    }
}

/// However many take all that they may, there is room for one who comes.
#[tokio::test]
async fn a_few_addresses_do_not_use_up_the_calls_of_everybody() {
    let mut allowances = Transport::default().allowances;
    allowances.calls = Allowance { max: 80, per_share: 10 };
    let transport = Transport { allowances, ..Transport::default() };
    let options = TestServerOptions { transport, ..Default::default() };
    let server = TestServer::start_with(options).await;
    let member = server.open_account("jeanne@exemple.fr", 1).await;
    let mut held = Vec::new();
    for number in 1..=16 {
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.bind(([127, 10, number, 1], 0).into()).expect("an address");
        let stream = socket.connect(server.address).await.expect("a connection");
        let (mut wire, _) = Wire::begin(stream).await;
        // Their messages do not come.
        for call in 0..10 {
            wire.send(&headers(2 * call + 1, "Create")).await;
        }
        assert!(wire.ping().await);
        held.push(wire);
    }
    for _ in 0..5 {
        member.read().await;
    }
}

/// The answers to pings and settings are no answers of calls, and wait as well.
#[tokio::test]
async fn a_peer_that_pings_without_end_and_reads_nothing_loses_the_connection() {
    let (server, member) = start(Duration::from_secs(2)).await;
    let regular = Regular::start(&member.client);
    let stream = connect_narrow(server.address).await;
    let (mut wire, _) = Wire::begin(stream).await;
    let flood = frame(6, 0, 0, b"are you?").repeat(1_000);
    let sent = async { while wire.send(&flood).await {} };
    timeout(TIMEOUT, sent).await.expect("its time is over");
    regular.stop().await;
}

#[tokio::test]
async fn a_health_watch_that_is_not_taken_loses_the_connection() {
    let (server, member) = start(Duration::from_secs(2)).await;
    let regular = Regular::start(&member.client);
    let stream = TcpStream::connect(server.address).await.expect("a connection");
    let (mut wire, _) = Wire::begin_with(stream, &[(INITIAL_WINDOW, 0)]).await;
    wire.send(&headers_with(1, WATCH, &[])).await;
    wire.send(&message(1, &[], true)).await;
    wire.next_of(FrameKind::Headers).await.expect("the head of the answer");
    timeout(TIMEOUT, wire.ended()).await.expect("its time is over");
    regular.stop().await;
}

/// One that is read is ended as RFC 9113 has it, and the connection lives on.
#[tokio::test]
async fn a_health_watch_has_a_life_of_its_own_and_ends_politely() {
    let transport = Transport {
        call_deadline: Duration::from_millis(200),
        max_connection_age: Duration::from_secs(1),
        ..Transport::default()
    };
    let server =
        TestServer::start_with(TestServerOptions { transport, ..Default::default() }).await;
    let endpoint = Endpoint::from_shared(format!("http://{}", server.address)).expect("a URL");
    let mut client = HealthClient::new(endpoint.connect().await.expect("the server answers"));
    let watched = client.watch(HealthCheckRequest::default()).await.expect("it can be watched");
    let mut watched = watched.into_inner();
    let end = async {
        loop {
            match watched.message().await {
                Ok(status) => drop(status.expect("a status")),
                Err(end) => return end,
            }
        }
    };
    let end = timeout(TIMEOUT, end).await.expect("the end of the stream");
    assert_eq!(end.code(), Code::Unavailable);
    client.check(HealthCheckRequest::default()).await.expect("whoever asks anew is answered");
}

#[tokio::test]
async fn few_streams_of_health_run_on_one_connection_and_its_calls_go_on() {
    let server = TestServer::start().await;
    let member = server.open_account("jeanne@exemple.fr", 1).await;
    let stream = TcpStream::connect(server.address).await.expect("a connection");
    let (mut wire, _) = Wire::begin(stream).await;
    let mut running = 0;
    for number in 0..20 {
        let stream = 2 * number + 1;
        wire.send(&headers_with(stream, WATCH, &[])).await;
        wire.send(&message(stream, &[], true)).await;
        let head = wire.next_of(FrameKind::Headers).await.expect("an answer");
        assert_eq!(head.stream, stream);
        running += u32::from(!head.ack);
    }
    assert!((1..=4).contains(&running), "{running} streams run");
    wire.send(&reset(1)).await;
    wire.send(&get(101, &member)).await;
    loop {
        let frame = wire.next().await.expect("an answer");
        if frame.stream == 101 && frame.kind == FrameKind::Data {
            break;
        }
    }
}
