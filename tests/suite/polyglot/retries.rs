//! The packages repeat by themselves what the service config says, and nothing
//! else: a server that refuses each call twice, as one does whose database is
//! away, is asked three times for what may be repeated. Their calls have its
//! timeout, and name the package.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use base64::{Engine as _, prelude::BASE64_STANDARD_NO_PAD};
use h2::{RecvStream, server::SendResponse};
use http::{HeaderMap, Request, Response};
use hyper::body::Bytes;
use prost::Message as _;
use tokio::net::{TcpListener, TcpStream};
use tonic::Code;

use super::{Program, go, java, python, typescript};

/// What came of each call. Nobody is to repeat what may have been carried out, what
/// is refused for another reason, though the server tells when to come back, nor
/// what it does not want to hear of again.
const PRINTED: &str = "\
Get OK
Create OK
SetPassword UNAVAILABLE
Update UNAVAILABLE
Confirm RESOURCE_EXHAUSTED
ListCountries UNAVAILABLE
";

/// How often the server has heard of each.
const ATTEMPTS: [(&str, usize); 6] = [
    ("Confirm", 1),
    ("Create", 3),
    ("Get", 3),
    ("ListCountries", 1),
    ("SetPassword", 1),
    ("Update", 1),
];

/// How many times a call is refused.
const REFUSALS: usize = 2;

/// A server of gRPC that refuses, and remembers the calls.
struct Refusing {
    address: SocketAddr,
    calls: Calls,
}

/// The metadata of every attempt, by its RPC.
type Calls = Arc<Mutex<BTreeMap<String, Vec<HeaderMap>>>>;

impl Refusing {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let calls = Calls::default();
        let remembered = Arc::clone(&calls);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&remembered)));
            }
        });
        Self { address, calls }
    }
}

async fn serve(stream: TcpStream, calls: Calls) {
    let mut connection = h2::server::handshake(stream).await.expect("HTTP/2");
    while let Some(Ok((request, respond))) = connection.accept().await {
        tokio::spawn(answer(request, respond, Arc::clone(&calls)));
    }
}

/// Refuses a call, or gives an empty message, which is one of every kind.
async fn answer(request: Request<RecvStream>, mut respond: SendResponse<Bytes>, calls: Calls) {
    let (head, mut body) = request.into_parts();
    // The whole request is taken: what is answered before is cut off.
    while let Some(Ok(_)) = body.data().await {}
    let rpc = head.uri.path().rsplit('/').next().expect("a path").to_owned();
    let attempt = {
        let mut calls = calls.lock().expect("whole");
        let attempts = calls.entry(rpc.clone()).or_default();
        attempts.push(head.headers);
        attempts.len()
    };
    let response = Response::builder().header("content-type", "application/grpc");
    if attempt <= REFUSALS {
        let pushback = if rpc == "ListCountries" { "-1" } else { "5" };
        let code =
            if rpc == "Confirm" { Code::ResourceExhausted } else { Code::Unavailable } as i32;
        // As the service does, which sends details with each refusal.
        let details = google_status(code);
        let refusal = response
            .header("grpc-status", code)
            .header("grpc-status-details-bin", details)
            .header("grpc-retry-pushback-ms", pushback)
            .body(());
        respond.send_response(refusal.expect("a head"), true).expect("it is refused");
        return;
    }
    let mut stream =
        respond.send_response(response.body(()).expect("a head"), false).expect("a head");
    stream.send_data([0; 5].as_slice().into(), false).expect("a message");
    let trailers = HeaderMap::from_iter([(
        http::HeaderName::from_static("grpc-status"),
        http::HeaderValue::from_static("0"),
    )]);
    stream.send_trailers(trailers).expect("the end");
}

/// A `google.rpc.Status` with nothing but its code, as metadata has it.
fn google_status(code: i32) -> String {
    let status = tonic_types::pb::Status { code, ..Default::default() };
    BASE64_STANDARD_NO_PAD.encode(status.encode_to_vec())
}

async fn assert_repeats_what_is_harmless(program: Program, package: &str) {
    let server = Refusing::start().await;
    let ended = program.run(&[("--server", server.address.to_string())]).await;
    assert_eq!(ended.printed, PRINTED, "{}", ended.log);
    let calls = server.calls.lock().expect("whole");
    let attempts: Vec<(&str, usize)> =
        calls.iter().map(|(rpc, attempts)| (&**rpc, attempts.len())).collect();
    assert_eq!(attempts, ATTEMPTS);
    let agent = format!("{package}/{}", env!("CARGO_PKG_VERSION"));
    for metadata in calls.values().flatten() {
        let text = |name: &str| metadata[name].to_str().expect("ASCII");
        assert!(text("user-agent").contains(&agent), "{metadata:?}");
        let timeout = seconds(text("grpc-timeout"));
        // grpcio rounds it up.
        assert!(timeout > 0.0 && timeout < 11.0, "{metadata:?}");
    }
}

/// A timeout as gRPC writes it: a number and its unit.
fn seconds(timeout: &str) -> f64 {
    let (number, unit) = timeout.split_at(timeout.len() - 1);
    let unit = match unit {
        "S" => 1.0,
        "m" => 1e-3,
        "u" => 1e-6,
        "n" => 1e-9,
        other => panic!("{other} is no unit of seconds"),
    };
    number.parse::<f64>().expect("a number") * unit
}

#[tokio::test]
async fn the_package_of_python_repeats_what_is_harmless_and_nothing_else() {
    let program = python::program("retries.py");
    assert_repeats_what_is_harmless(program, "gestan-account-python").await;
}

#[tokio::test]
async fn the_package_of_npm_repeats_what_is_harmless_and_nothing_else() {
    let program = typescript::program("retries_grpc_js");
    assert_repeats_what_is_harmless(program, "gestan-account-node").await;
}

#[tokio::test]
async fn the_package_of_java_repeats_what_is_harmless_and_nothing_else() {
    let program = java::program("example.Retries");
    assert_repeats_what_is_harmless(program, "gestan-account-java").await;
}

#[tokio::test]
async fn the_module_of_go_repeats_what_is_harmless_and_nothing_else() {
    assert_repeats_what_is_harmless(go::program("retries"), "gestan-account-go").await;
}
