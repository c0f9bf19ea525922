//! How long a call may take, and what is left of one that was given up.

#![expect(clippy::expect_used, reason = "what a test needs and does not get ends the test")]

use std::time::Duration;

use gestan_account_client::{Code, v1};
use gestan_account_server::listener::Transport;
use gestan_account_tests::{
    FrameKind, Regular, TestServer, TestServerOptions, Wire, count, headers, machine, reset, uuid,
};
use tokio::net::TcpStream;
use tonic::codegen::Bytes;

fn with_deadline(call_deadline: Duration) -> TestServerOptions {
    let transport = Transport { call_deadline, ..Transport::default() };
    TestServerOptions { transport, ..Default::default() }
}

fn create(number: u128) -> v1::CreateRequest {
    v1::CreateRequest {
        request_id: uuid(number),
        email: format!("client{number}@exemple.fr"),
        machine: Some(machine(number)),
        ..Default::default()
    }
}

const CHALLENGES: &str = "SELECT count(*) FROM challenge";

#[tokio::test]
async fn a_call_that_takes_too_long_is_given_up_and_leaves_nothing() {
    let mut server = TestServer::start_with(with_deadline(Duration::from_secs(3))).await;
    server.leaves_mail();
    // While this transaction lasts, nobody else writes.
    let in_the_way = server.keep_others_from_writing().await;
    let error = server.client.create(create(1)).await.expect_err("it waits too long");
    let rejection = error.rejection().expect("the service's own refusal");
    assert_eq!(rejection.code(), Code::Unavailable);
    assert_eq!(rejection.reason(), v1::ErrorReason::CallTooLong);
    assert_eq!(rejection.retry_delay(), Some(Duration::from_secs(1)));
    in_the_way.rollback().await.expect("the way is free");
    // Writers take turns: had the first call gone on, it would have been before this one.
    server.client.create(create(2)).await.expect("Create is answered");
    assert_eq!(count(server.db(), CHALLENGES).await, 1);
}

#[tokio::test]
async fn a_request_whose_message_does_not_come_is_given_up() {
    let server = TestServer::start_with(with_deadline(Duration::from_secs(3))).await;
    let member = server.open_account("jeanne@exemple.fr", 1).await;
    let regular = Regular::start(&member.client);
    let stream = TcpStream::connect(server.address).await.expect("a connection");
    let (mut wire, _) = Wire::begin(stream).await;
    assert!(wire.send(&headers(1, "Create")).await);
    let answer = wire.next_of(FrameKind::Headers).await.expect("an answer");
    assert!(answer.ack, "the answer ends the stream");
    regular.stop().await;
}

#[tokio::test]
async fn the_callers_own_deadline_is_honoured_and_leaves_nothing() {
    let mut server = TestServer::start().await;
    server.leaves_mail();
    let in_the_way = server.keep_others_from_writing().await;
    let mut call = Call::begin(&server, &create(1), Some("200m")).await;
    assert_eq!(call.status().await, "4", "DEADLINE_EXCEEDED");
    in_the_way.rollback().await.expect("the way is free");
    server.client.create(create(2)).await.expect("Create is answered");
    assert_eq!(count(server.db(), CHALLENGES).await, 1);
}

#[tokio::test]
async fn work_stops_when_the_caller_is_gone() {
    let mut server = TestServer::start().await;
    server.leaves_mail();
    let in_the_way = server.keep_others_from_writing().await;
    let mut left = Call::begin(&server, &create(1), None).await;
    let mut waiting = Call::begin(&server, &create(2), None).await;
    for call in [&mut left, &mut waiting] {
        call.pinged().await;
    }
    left.leave().await;
    in_the_way.rollback().await.expect("the way is free");
    assert_eq!(waiting.status().await, "0");
    assert_eq!(count(server.db(), CHALLENGES).await, 1);
}

#[tokio::test]
async fn of_many_concurrent_calls_those_that_leave_leave_nothing() {
    let mut server = TestServer::start().await;
    server.leaves_mail();
    let in_the_way = server.keep_others_from_writing().await;
    let mut calls = Vec::new();
    for number in 1..=8 {
        calls.push(Call::begin(&server, &create(number), None).await);
    }
    for call in &mut calls {
        call.pinged().await;
    }
    let mut waiting = calls.split_off(4);
    for mut left in calls {
        left.leave().await;
    }
    in_the_way.rollback().await.expect("the way is free");
    for call in &mut waiting {
        assert_eq!(call.status().await, "0");
    }
    assert_eq!(count(server.db(), CHALLENGES).await, 4);
}

#[tokio::test]
async fn a_lost_connection_ends_its_calls() {
    let mut server = TestServer::start().await;
    server.leaves_mail();
    let in_the_way = server.keep_others_from_writing().await;
    let mut lost = Call::begin(&server, &create(1), None).await;
    lost.pinged().await;
    lost.connection.abort();
    drop(lost);
    let stream = TcpStream::connect(server.address).await.expect("a connection");
    let (mut wire, _) = Wire::begin(stream).await;
    assert!(wire.ping().await);
    in_the_way.rollback().await.expect("the way is free");
    server.client.create(create(2)).await.expect("Create is answered");
    assert_eq!(count(server.db(), CHALLENGES).await, 1);
}

#[tokio::test]
async fn a_peer_that_gives_up_call_after_call_is_cut_off() {
    let server = TestServer::start().await;
    let member = server.open_account("jeanne@exemple.fr", 1).await;
    let regular = Regular::start(&member.client);
    let stream = TcpStream::connect(server.address).await.expect("a connection");
    stream.set_nodelay(true).expect("the option is set");
    let (mut wire, _) = Wire::begin(stream).await;
    let mut given_up = 0;
    // The pings let the server begin each call before it is given up.
    while given_up < 1_000 {
        let stream = 2 * given_up + 1;
        if !(wire.send(&headers(stream, "Create")).await
            && wire.ping().await
            && wire.send(&reset(stream)).await
            && wire.ping().await)
        {
            break;
        }
        given_up += 1;
    }
    assert!((90..200).contains(&given_up), "cut off after {given_up} calls");
    regular.stop().await;
}

/// A call whose headers and end are in the test's hand.
struct Call {
    response: Option<h2::client::ResponseFuture>,
    /// Without one the connection would end with its last call.
    _requests: h2::client::SendRequest<Bytes>,
    ping: h2::PingPong,
    connection: tokio::task::JoinHandle<()>,
}

impl Call {
    async fn begin(
        server: &TestServer,
        message: &v1::CreateRequest,
        timeout: Option<&str>,
    ) -> Self {
        let stream = TcpStream::connect(server.address).await.expect("a connection");
        let (mut requests, mut connection) =
            h2::client::handshake(stream).await.expect("a handshake");
        let ping = connection.ping_pong().expect("the one ping");
        let connection = tokio::spawn(async move {
            let _ = connection.await;
        });
        let mut request =
            http::Request::post("http://localhost/gestan.account.v1.AccountService/Create")
                .header("content-type", "application/grpc")
                .header("te", "trailers");
        if let Some(timeout) = timeout {
            request = request.header("grpc-timeout", timeout);
        }
        let request = request.body(()).expect("a request");
        let (response, mut body) = requests.send_request(request, false).expect("it is sent");
        let message = prost::Message::encode_to_vec(message);
        let mut bytes = vec![0];
        bytes.extend(u32::try_from(message.len()).expect("a length").to_be_bytes());
        bytes.extend(message);
        body.send_data(bytes.into(), true).expect("it is sent");
        Self { response: Some(response), _requests: requests, ping, connection }
    }

    /// The server has read the call by then.
    async fn pinged(&mut self) {
        self.ping.ping(h2::Ping::opaque()).await.expect("an answer");
    }

    /// The `grpc-status` that the call ends with.
    async fn status(&mut self) -> String {
        let response = self.response.take().expect("a call").await.expect("an answer");
        let status = |headers: &http::HeaderMap| {
            headers.get("grpc-status").map(|value| value.to_str().expect("text").to_owned())
        };
        if let Some(status) = status(response.headers()) {
            return status;
        }
        let mut body = response.into_body();
        while let Some(bytes) = body.data().await {
            bytes.expect("data");
        }
        let trailers = body.trailers().await.expect("trailers").expect("trailers");
        status(&trailers).expect("a status")
    }

    /// Gives the call up, and lets the server know.
    async fn leave(&mut self) {
        self.response = None;
        self.pinged().await;
    }
}
