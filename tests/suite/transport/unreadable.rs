//! Calls that no service reads: tonic refuses them by itself, and yet they are
//! refused as the contract says, with details.

use gestan_account_client::{
    Code, Error,
    v1::{CreateRequest, ErrorReason},
};
use gestan_account_tests::{Stored, TestServer, assert_refused, stored};
use http::HeaderMap;
use tonic::Status;

/// Calls `path` with these bytes; gives the head of the answer.
async fn call(server: &TestServer, path: &str, header: (&str, &str), body: &[u8]) -> HeaderMap {
    let stream = tokio::net::TcpStream::connect(server.address).await.expect("a connection");
    let (mut requests, connection) = h2::client::handshake(stream).await.expect("a handshake");
    tokio::spawn(connection);
    let request = http::Request::post(format!("http://localhost{path}"))
        .header("content-type", "application/grpc")
        .header("te", "trailers")
        .header(header.0, header.1)
        .body(())
        .expect("a request");
    let (response, mut sending) = requests.send_request(request, false).expect("it is sent");
    // An RPC that is unknown is refused before its message is read.
    let _ = sending.send_data(body.to_vec().into(), true);
    response.await.expect("an answer").headers().clone()
}

fn refused(headers: &HeaderMap, code: Code, reason: ErrorReason) -> String {
    let status = Status::from_header_map(headers).expect("a refusal");
    let rejection = assert_refused(Err::<(), _>(Error::from(status)), code, reason);
    rejection.message().to_owned()
}

const CREATE: &str = "/gestan.account.v1.AccountService/Create";
const PLAIN: (&str, &str) = ("accept-language", "fr");

#[tokio::test]
async fn bytes_that_are_no_message_are_the_callers_mistake() {
    let server = TestServer::start().await;
    for body in [
        // A field that is cut off; a wrong wire type; bytes that are no text.
        &b"\0\0\0\0\x02\x0a\x05"[..],
        b"\0\0\0\0\x02\x08\x01",
        b"\0\0\0\0\x03\x0a\x01\xff",
        // A flag that there is not; compressed by nobody knows what; cut off; nothing.
        b"\x07\0\0\0\0",
        b"\x01\0\0\0\0",
        b"\0\0\0\0\x05\x0a",
        b"",
    ] {
        let headers = call(&server, CREATE, PLAIN, body).await;
        let told = refused(&headers, Code::InvalidArgument, ErrorReason::MalformedRequest);
        assert!(told.contains("illisible"), "{body:?}: {told}");
    }
    let english = call(&server, CREATE, ("accept-language", "en"), b"").await;
    let told = refused(&english, Code::InvalidArgument, ErrorReason::MalformedRequest);
    assert!(told.contains("cannot read"), "{told}");
    assert_eq!(stored(&server).await, Stored::default());
    // A message that can be read is judged field by field.
    let outcome = server.client.create(CreateRequest::default()).await;
    assert_refused(outcome, Code::InvalidArgument, ErrorReason::InvalidRequest);
}

#[tokio::test]
async fn an_rpc_that_the_server_does_not_know_is_unimplemented_with_details() {
    let server = TestServer::start().await;
    for path in
        ["/gestan.account.v1.AccountService/Delete", "/gestan.account.v2.AccountService/Get", "/"]
    {
        let headers = call(&server, path, PLAIN, b"\0\0\0\0\0").await;
        refused(&headers, Code::Unimplemented, ErrorReason::Unimplemented);
    }
}

#[tokio::test]
async fn a_compressed_message_is_unimplemented_and_what_is_read_is_told() {
    let server = TestServer::start().await;
    let headers = call(&server, CREATE, ("grpc-encoding", "gzip"), b"\x01\0\0\0\0").await;
    refused(&headers, Code::Unimplemented, ErrorReason::Unimplemented);
    assert_eq!(headers["grpc-accept-encoding"], "identity");
    assert_eq!(stored(&server).await, Stored::default());
}
