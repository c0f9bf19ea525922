//! Calls past the client, for what it would not send and what it does not show.

use crate::TestServer;
use gestan_account_proto::v1::account_service_client::AccountServiceClient;
use tonic::{Code, Request, Status, transport::Channel};

/// A bare connection to the server.
///
/// # Panics
/// When the server does not answer.
pub async fn connect(server: &TestServer) -> AccountServiceClient<Channel> {
    let endpoint = Channel::from_shared(format!("http://{}", server.address)).expect("a URL");
    AccountServiceClient::new(endpoint.connect().await.expect("the server answers"))
}

/// A request with this `authorization`.
///
/// # Panics
/// When that is no value of metadata.
#[must_use]
pub fn authorized<T>(message: T, authorization: &str) -> Request<T> {
    let mut request = Request::new(message);
    let value = authorization.parse().expect("a value of metadata");
    request.metadata_mut().insert("authorization", value);
    request
}

/// A request that a trusted proxy passes on for `ip`, with the link token of the caller,
/// if it has one.
///
/// # Panics
/// When one of them is no value of metadata.
#[must_use]
pub fn forwarded<T>(message: T, ip: &str, link_token: Option<&str>) -> Request<T> {
    let mut request = match link_token {
        Some(token) => authorized(message, &format!("Bearer {token}")),
        None => Request::new(message),
    };
    let value = ip.parse().expect("a value of metadata");
    request.metadata_mut().insert("x-forwarded-for", value);
    request
}

/// All that a caller can see of a refusal but for the time that it bears.
#[must_use]
pub fn face(status: &Status) -> (Code, &str, &[u8]) {
    (status.code(), status.message(), status.details())
}
