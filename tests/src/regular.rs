//! A well-behaved client that goes on working while something else goes wrong.

use std::time::Duration;

use gestan_account_client::{Client, Error, v1};
use tokio::{task::JoinHandle, time::timeout};
use tokio_util::sync::CancellationToken;

/// What a call may take on a busy machine.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Reads its account again and again, and must each time be given it. A call that a busy machine
/// had no time for, where a test has shortened the time of each, is made again.
#[derive(Debug)]
pub struct Regular {
    stop: CancellationToken,
    calls: JoinHandle<()>,
}

impl Regular {
    /// Begins.
    #[must_use]
    pub fn start(client: &Client) -> Self {
        let (stop, client) = (CancellationToken::new(), client.clone());
        let stopped = stop.clone();
        let calls = tokio::spawn(async move {
            loop {
                timeout(TIMEOUT, read(&client)).await.expect("Get is answered in time");
                if stopped.is_cancelled() {
                    return;
                }
            }
        });
        Self { stop, calls }
    }

    /// Ends, after at least one call.
    ///
    /// # Panics
    /// When a call failed.
    pub async fn stop(self) {
        self.stop.cancel();
        self.calls.await.expect("the regular customer was served");
    }
}

async fn read(client: &Client) {
    loop {
        match client.get(v1::GetRequest::default()).await {
            Err(Error::Rejected(why)) if why.reason() == v1::ErrorReason::CallTooLong => {}
            answer => {
                answer.expect("Get is answered");
                return;
            }
        }
    }
}
