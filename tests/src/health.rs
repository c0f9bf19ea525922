//! What a server says of its health.

use std::time::Duration;

use tokio::time::{sleep, timeout};
use tonic::transport::Endpoint;
use tonic_health::pb::{
    HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient,
};

use crate::process::TIMEOUT;

/// Waits until the server at `url` says so of itself.
///
/// # Panics
/// When it never does.
pub async fn becomes(url: &str, wanted: ServingStatus) {
    let endpoint = Endpoint::from_shared(url.to_owned()).expect("a URL");
    let mut health = HealthClient::new(endpoint.connect_lazy());
    let asked = async {
        loop {
            let request = HealthCheckRequest { service: String::new() };
            let answer = health.check(request).await.expect("health is answered");
            if answer.into_inner().status() == wanted {
                return;
            }
            sleep(Duration::from_millis(100)).await;
        }
    };
    timeout(TIMEOUT, asked).await.unwrap_or_else(|_| panic!("never {wanted:?}"));
}
