//! How the server ends a connection that nobody uses: a call that crosses its goodbye is
//! served, and what comes after it is known to be unprocessed.

#![expect(clippy::expect_used, reason = "what a test needs and does not get ends the test")]

use std::time::Duration;

use gestan_account_server::listener::Transport;
use gestan_account_tests::{
    FrameKind, TestServer, TestServerOptions, Wire, frame, headers, message,
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};

/// The last stream of the first GOAWAY: none, for now.
const ANY_STREAM: u32 = (1 << 31) - 1;

/// A connection that is idle, and the ping that came with its goodbye.
async fn idle(server: &TestServer) -> (Wire, Vec<u8>) {
    let stream = TcpStream::connect(server.address).await.expect("a connection");
    let (mut wire, _) = Wire::begin(stream).await;
    let away = wire.next_of(FrameKind::GoAway).await.expect("GOAWAY");
    assert_eq!((away.number(0), away.number(4)), (ANY_STREAM, 0), "NO_ERROR");
    let ping = wire.next_of(FrameKind::Ping).await.expect("a ping");
    (wire, ping.payload)
}

async fn start() -> TestServer {
    let transport = Transport { idle_timeout: Duration::from_millis(300), ..Transport::default() };
    TestServer::start_with(TestServerOptions { transport, ..Default::default() }).await
}

/// Makes a call and reads its answer, which is a refusal, for it brings no token.
async fn call(wire: &mut Wire, stream: u32) {
    wire.send(&[headers(stream, "Get"), message(stream, &[], true)].concat()).await;
    let answer = wire.next_of(FrameKind::Headers).await.expect("an answer");
    assert_eq!(answer.stream, stream);
}

#[tokio::test]
async fn a_call_that_crosses_the_goodbye_is_served_however_slow_the_way_is() {
    let server = start().await;
    let (mut wire, ping) = idle(&server).await;
    // The other end is far away, or its machine is busy: nothing comes for a while.
    let quiet = timeout(Duration::from_secs(4), wire.next()).await;
    assert!(quiet.is_err(), "{quiet:?}");
    call(&mut wire, 1).await;
    wire.send(&frame(6, 1, 0, &ping)).await;
    let away = wire.next_of(FrameKind::GoAway).await.expect("the last stream");
    assert_eq!((away.number(0), away.number(4)), (1, 0), "NO_ERROR");
    wire.ended().await;
}

/// A socket that is closed while something still comes resets the connection, and on some
/// systems the other end then loses what it has not read yet: the answer to its last
/// call, and which call was the last.
#[tokio::test]
async fn what_comes_after_the_goodbye_resets_no_connection() {
    let server = start().await;
    let (mut wire, ping) = idle(&server).await;
    call(&mut wire, 1).await;
    wire.send(&frame(6, 1, 0, &ping)).await;
    wire.ended().await;
    let mut stream = wire.into_inner();
    for number in [3, 5, 7] {
        // The answer to a reset shows at the next attempt.
        stream.write_all(&headers(number, "Get")).await.expect("it is still taken");
        let end = stream.read(&mut [0]).await.expect("no reset");
        assert_eq!(end, 0);
    }
}

/// One that never says goodbye holds no connection for ever.
#[tokio::test]
async fn a_peer_that_never_answers_the_goodbye_is_cut_off() {
    let transport = Transport {
        idle_timeout: Duration::from_millis(300),
        ping_timeout: Duration::from_millis(300),
        ..Transport::default()
    };
    let server =
        TestServer::start_with(TestServerOptions { transport, ..Default::default() }).await;
    let (mut wire, _) = idle(&server).await;
    wire.ended().await;
}
