//! Bytes that are no gRPC, or only begin as if: the server closes or waits, but
//! never panics, and goes on serving others.

use std::{cell::Cell, panic, sync::Once, time::Duration};

use gestan_account_client::{Code, v1};
use gestan_account_tests::{TestServer, refused};
use proptest::{
    prelude::*,
    test_runner::{TestCaseError, TestRunner},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    runtime::Runtime,
};

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// How long an answer is waited for.
const TIMEOUT: Duration = Duration::from_millis(20);

thread_local! {
    static PANICS: Cell<u32> = const { Cell::new(0) };
}

/// Counts panics by thread: those of a connection would pass unnoticed.
fn count_panics() {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let usual = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            PANICS.with(|panics| panics.set(panics.get() + 1));
            usual(info);
        }));
    });
}

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).expect("a short payload").to_be_bytes();
    let mut frame = length[1..].to_vec();
    frame.extend([kind, flags]);
    frame.extend(stream.to_be_bytes());
    frame.extend(payload);
    frame
}

/// A header as HPACK writes it without any table (RFC 7541 §6.2.2).
fn header(name: &str, value: &[u8]) -> Vec<u8> {
    let mut header = vec![0];
    for text in [name.as_bytes(), value] {
        header.push(u8::try_from(text.len()).expect("a short text"));
        header.extend(text);
    }
    header
}

/// A whole call of `rpc` with any body and any value of a header.
fn call(rpc: &str, token: &[u8], body: &[u8]) -> Vec<u8> {
    let is_reference = REFERENCE.contains(&rpc);
    let service = if is_reference { "ReferenceService" } else { "AccountService" };
    let path = format!("/gestan.account.v1.{service}/{rpc}");
    let headers = [
        header(":method", b"POST"),
        header(":scheme", b"http"),
        header(":path", path.as_bytes()),
        header(":authority", b"localhost"),
        header("content-type", b"application/grpc"),
        header("te", b"trailers"),
        header("authorization", token),
    ];
    [PREFACE.to_vec(), frame(4, 0, 0, &[]), frame(1, 4, 1, &headers.concat()), frame(0, 1, 1, body)]
        .concat()
}

fn bytes(length: usize) -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(any::<u8>(), 0..length)
}

/// What gRPC puts before a message: not compressed, its length.
fn message(message: &[u8]) -> Vec<u8> {
    let length = u32::try_from(message.len()).expect("a short message").to_be_bytes();
    [&[0], &length[..], message].concat()
}

/// The RPCs of the other service.
const REFERENCE: [&str; 3] = ["ListCountries", "SearchApeCodes", "GetPrivacyNotice"];

fn a_call() -> impl Strategy<Value = Vec<u8>> {
    let rpc = "(Create|Confirm|SetPassword|RegisterExisting|Get|Update|Unlink|ResendPassword|\
               ListTimeEntries|No|ListCountries|SearchApeCodes|GetPrivacyNotice)";
    let body = prop_oneof![bytes(80), bytes(80).prop_map(|bytes| message(&bytes))];
    (rpc, bytes(40), body).prop_map(|(rpc, token, body)| call(&rpc, &token, &body))
}

fn conversation() -> impl Strategy<Value = Vec<u8>> {
    let frames = (0..12_u8, any::<u8>(), 0..4_u32, bytes(60))
        .prop_map(|(kind, flags, stream, payload)| frame(kind, flags, stream, &payload));
    let frames = prop::collection::vec(frames, 0..8)
        .prop_map(|frames| [PREFACE.to_vec(), frames.concat()].concat());
    let damaged = (a_call(), any::<prop::sample::Index>(), any::<u8>()).prop_map(
        |(mut call, place, byte)| {
            let place = place.index(call.len());
            call[place] = byte;
            call
        },
    );
    let cut = (a_call(), any::<prop::sample::Index>()).prop_map(|(mut call, place)| {
        call.truncate(place.index(call.len()));
        call
    });
    prop_oneof![1 => bytes(200), 2 => frames, 3 => a_call(), 3 => damaged, 1 => cut]
}

/// Says `bytes` to the server, and gives what it answers in a while.
async fn say(server: &TestServer, bytes: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(server.address).await.expect("the server listens");
    let mut answer = Vec::new();
    // The server may have closed before all was said.
    if stream.write_all(bytes).await.is_ok() {
        let _ = tokio::time::timeout(TIMEOUT, stream.read_to_end(&mut answer)).await;
    }
    answer
}

#[test]
fn a_client_is_served_whatever_bytes_another_sends() {
    count_panics();
    // The server runs on this thread, too.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime: Runtime = runtime.expect("a runtime");
    let server = runtime.block_on(TestServer::start());
    let answer = runtime.block_on(say(&server, &call("Get", b"", &message(&[]))));
    let texts = String::from_utf8_lossy(&answer).into_owned();
    assert!(!answer.is_empty() && !texts.contains("HTTP/1"), "a whole call is answered");

    let mut runner = TestRunner::new(ProptestConfig::with_cases(128));
    let outcome = runner.run(&conversation(), |bytes| {
        runtime.block_on(async {
            say(&server, &bytes).await;
            let answer = server.client.get(v1::GetRequest::default()).await;
            prop_assert_eq!(refused(answer).code(), Code::Unauthenticated);
            Ok::<_, TestCaseError>(())
        })?;
        prop_assert_eq!(PANICS.get(), 0);
        Ok(())
    });
    outcome.expect("every client is served");
}
