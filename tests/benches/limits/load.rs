//! Callers: as many at once as are told, each with its next call when the last
//! has been answered; or so many a second, whatever the answers take.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use gestan_account_proto::v1::account_service_client::AccountServiceClient;
use tokio::task::JoinSet;
use tonic::transport::{Channel, Endpoint};

pub(crate) type Service = AccountServiceClient<Channel>;

/// What a load has measured.
#[derive(Debug)]
pub(crate) struct Load {
    /// Calls a second.
    pub(crate) rate: f64,
    /// What they took, the shortest first.
    latencies: Vec<Duration>,
}

impl Load {
    /// How many calls there were.
    pub(crate) fn calls(&self) -> u64 {
        self.latencies.len() as u64
    }

    /// What this share of the calls took at most, in milliseconds.
    pub(crate) fn percentile(&self, share: f64) -> f64 {
        let last = self.latencies.len() - 1;
        let at = (self.latencies.len() as f64 * share) as usize;
        self.latencies[at.min(last)].as_secs_f64() * 1_000.0
    }
}

/// Connections to one server, a TCP stream each.
pub(crate) async fn connect(url: &str, connections: usize) -> Vec<Channel> {
    let mut channels = Vec::new();
    for _ in 0..connections {
        let endpoint = Endpoint::from_shared(url.to_owned()).expect("a URL").tcp_nodelay(true);
        channels.push(endpoint.connect().await.expect("the server answers"));
    }
    channels
}

/// Has `callers` callers spread over the connections call for `time`. `call` is
/// given the connection and a number that no other call has.
pub(crate) async fn keep_calling<C, F>(
    channels: &[C],
    callers: usize,
    time: Duration,
    call: impl Fn(C, u64) -> F + Send + Sync + 'static,
) -> Load
where
    C: Clone + Send + 'static,
    F: Future<Output = ()> + Send + 'static,
{
    let call = Arc::new(call);
    let start = Instant::now();
    let mut tasks = JoinSet::new();
    for caller in 0..callers {
        let (call, channel) = (Arc::clone(&call), channels[caller % channels.len()].clone());
        tasks.spawn(async move {
            let mut latencies = Vec::new();
            let mut number = caller as u64;
            while start.elapsed() < time {
                let begun = Instant::now();
                call(channel.clone(), number).await;
                latencies.push(begun.elapsed());
                number += callers as u64;
            }
            latencies
        });
    }
    let latencies = tasks.join_all().await.concat();
    summed_up(latencies, start.elapsed())
}

/// Calls `per_second` times a second for `time`; a call that begins late has
/// waited since it was due.
pub(crate) async fn call_at_rate<F: Future<Output = ()> + Send + 'static>(
    channels: &[Channel],
    per_second: f64,
    time: Duration,
    call: impl Fn(Channel, u64) -> F + Send + Sync + 'static,
) -> Load {
    let start = Instant::now();
    let mut tasks = JoinSet::new();
    let calls = (per_second * time.as_secs_f64()) as u64;
    for number in 0..calls.max(1) {
        let due = start + Duration::from_secs_f64(number as f64 / per_second);
        tokio::time::sleep_until(due.into()).await;
        let answered = call(channels[number as usize % channels.len()].clone(), number);
        tasks.spawn(async move {
            answered.await;
            due.elapsed()
        });
    }
    let latencies = tasks.join_all().await;
    summed_up(latencies, start.elapsed())
}

fn summed_up(mut latencies: Vec<Duration>, time: Duration) -> Load {
    latencies.sort_unstable();
    Load { rate: latencies.len() as f64 / time.as_secs_f64(), latencies }
}
