//! Calls past the client, for what it would not send and what it does not show.

#![expect(clippy::expect_used, reason = "what a test needs and does not get ends the test")]

use gestan_account_proto::v1::account_service_client::AccountServiceClient;
use gestan_account_tests::TestServer;
use tonic::{Code, Request, Status, transport::Channel};

/// A bare connection to the server.
pub(crate) async fn connect(server: &TestServer) -> AccountServiceClient<Channel> {
    let endpoint = Channel::from_shared(format!("http://{}", server.address)).expect("a URL");
    AccountServiceClient::new(endpoint.connect().await.expect("the server answers"))
}

/// A request with this `authorization`.
pub(crate) fn authorized<T>(message: T, authorization: &str) -> Request<T> {
    let mut request = Request::new(message);
    let value = authorization.parse().expect("a value of metadata");
    request.metadata_mut().insert("authorization", value);
    request
}

/// All that a caller can see of a refusal but for the time that it bears.
pub(crate) fn face(status: &Status) -> (Code, &str, &[u8]) {
    (status.code(), status.message(), status.details())
}
