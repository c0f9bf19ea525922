//! Many callers on one connection, behind a trusted proxy: what one of them does is
//! counted against that one.

use std::time::Duration;

use gestan_account_server::listener::{Allowance, Transport};
use gestan_account_tests::{TestServer, TestServerOptions};
use h2::{
    Ping, PingPong, SendStream,
    client::{Builder, ResponseFuture, SendRequest},
};
use tokio::net::TcpStream;
use tonic::codegen::Bytes;

/// The callers: two side by side, and one from elsewhere.
const JEANNE: &str = "198.51.100.7";
const PAUL: &str = "198.51.100.8";
const LUC: &str = "203.0.113.7";

async fn start(transport: Transport) -> TestServer {
    let proxies = "127.0.0.1".parse().expect("an address");
    TestServer::start_with(TestServerOptions { transport, proxies, ..Default::default() }).await
}

/// The connection of a proxy.
struct Proxy {
    requests: SendRequest<Bytes>,
    ping: PingPong,
}

/// A call whose message does not come.
struct Begun {
    response: ResponseFuture,
    body: SendStream<Bytes>,
}

impl Proxy {
    async fn connect(server: &TestServer, http2: &Builder) -> Self {
        let stream = TcpStream::connect(server.address).await.expect("a connection");
        let (requests, mut connection) = http2.handshake(stream).await.expect("a handshake");
        let ping = connection.ping_pong().expect("the one ping");
        tokio::spawn(connection);
        Self { requests, ping }
    }

    /// Begins a call of `caller`; the server has read it by then.
    async fn begin(&mut self, caller: &str, rpc: &str, token: &str) -> Begun {
        let uri = format!("http://localhost/gestan.account.v1.AccountService/{rpc}");
        let request = http::Request::post(uri)
            .header("content-type", "application/grpc")
            .header("te", "trailers")
            .header("x-forwarded-for", caller)
            .header("authorization", format!("Bearer {token}"));
        let request = request.body(()).expect("a request");
        let mut requests = self.requests.clone().ready().await.expect("the connection lives");
        let (response, body) = requests.send_request(request, false).expect("it is sent");
        self.live().await;
        Begun { response, body }
    }

    /// Waits until the server has read all that was sent.
    async fn live(&mut self) {
        self.ping.ping(Ping::opaque()).await.expect("the connection lives");
    }

    /// The status of a call without a token: 16 when it is looked at, 8 when its caller
    /// is refused.
    async fn answer(&mut self, caller: &str) -> String {
        let mut call = self.begin(caller, "Get", "none").await;
        // An empty message. That of a refused caller need not be taken.
        let _ = call.body.send_data(Bytes::from_static(&[0; 5]), true);
        let answer = call.response.await.expect("an answer");
        let status = answer.headers().get("grpc-status").expect("a refusal");
        status.to_str().expect("a number").to_owned()
    }
}

#[tokio::test]
async fn a_caller_that_gives_up_its_calls_is_refused_and_others_on_the_connection_are_not() {
    let server = start(Transport::default()).await;
    let mut proxy = Proxy::connect(&server, &Builder::new()).await;
    for _ in 0..150 {
        drop(proxy.begin(JEANNE, "Create", "none").await);
    }
    proxy.live().await;
    assert_eq!(proxy.answer(JEANNE).await, "8", "RESOURCE_EXHAUSTED");
    assert_eq!(proxy.answer(PAUL).await, "16", "UNAUTHENTICATED");
    assert_eq!(proxy.answer(LUC).await, "16");
}

#[tokio::test]
async fn a_caller_that_has_too_many_calls_under_way_is_refused_and_others_are_not() {
    let mut allowances = Transport::default().allowances;
    allowances.calls = Allowance { max: 1_000, per_share: 5 };
    let server = start(Transport { allowances, ..Transport::default() }).await;
    let mut proxy = Proxy::connect(&server, &Builder::new()).await;
    let mut begun = Vec::new();
    for _ in 0..5 {
        begun.push(proxy.begin(JEANNE, "Create", "none").await);
    }
    assert_eq!(proxy.answer(JEANNE).await, "8", "RESOURCE_EXHAUSTED");
    assert_eq!(proxy.answer(PAUL).await, "16", "UNAUTHENTICATED");
    begun.pop();
    proxy.live().await;
    assert_eq!(proxy.answer(JEANNE).await, "16");
}

/// A proxy takes what its caller does not, or resets it in its own time.
#[tokio::test]
async fn an_answer_that_one_caller_does_not_take_ends_no_connection_of_a_proxy() {
    let call_deadline = Duration::from_secs(1);
    let server = start(Transport { call_deadline, ..Transport::default() }).await;
    let member = server.open_account("jeanne@exemple.fr", 1).await;
    let mut proxy = Proxy::connect(&server, Builder::new().initial_window_size(0)).await;
    let mut call = proxy.begin(JEANNE, "Get", &member.link_token).await;
    call.body.send_data(Bytes::from_static(&[0; 5]), true).expect("it is sent");
    let untaken = call.response.await.expect("the head of the answer");
    // Beyond the deadline and its grace, as three calls of somebody else find out.
    for _ in 0..3 {
        let call = proxy.begin(PAUL, "Create", "none").await;
        let answer = call.response.await.expect("the deadline's refusal");
        assert_eq!(answer.headers()["grpc-status"], "14", "UNAVAILABLE");
    }
    proxy.live().await;
    drop(untaken);
}
