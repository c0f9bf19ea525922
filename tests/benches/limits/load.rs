//! Callers: as many at once as are told, each with its next call when the last
//! has been answered; or so many a second, whatever the answers take.

use std::{
    future::pending,
    sync::{Arc, LazyLock},
    thread,
    time::{Duration, Instant},
};

use gestan_account_proto::v1::account_service_client::AccountServiceClient;
use tokio::runtime::{Builder, Handle};
use tonic::transport::{Channel, Endpoint};

use crate::world::World;

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

/// A connection, and the thread on which everything happens that has to do with it.
#[derive(Clone)]
pub(crate) struct Connection<C> {
    pub(crate) client: C,
    thread: Handle,
}

/// A thread for each processor, until the end. Callers whose tasks wander between
/// threads would take more processor time than the server that they measure.
static THREADS: LazyLock<Vec<Handle>> = LazyLock::new(|| {
    let start = || {
        let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
        let handle = runtime.handle().clone();
        thread::spawn(move || runtime.block_on(pending::<()>()));
        handle
    };
    let threads = thread::available_parallelism().map_or(1, usize::from);
    std::iter::repeat_with(start).take(threads).collect()
});

/// Makes connections by `connect`, spread over the threads.
pub(crate) async fn spread<C, F>(connections: usize, connect: impl Fn() -> F) -> Vec<Connection<C>>
where
    C: Send + 'static,
    F: Future<Output = C> + Send + 'static,
{
    let mut made = Vec::new();
    for thread in THREADS.iter().cycle().take(connections) {
        let client = thread.spawn(connect()).await.expect("it connects");
        made.push(Connection { client, thread: thread.clone() });
    }
    made
}

/// Connections to one server, a TCP stream each.
pub(crate) async fn connect(url: &str, connections: usize) -> Vec<Connection<Channel>> {
    let endpoint = Endpoint::from_shared(url.to_owned()).expect("a URL").tcp_nodelay(true);
    spread(connections, || {
        let endpoint = endpoint.clone();
        async move { endpoint.connect().await.expect("the server answers") }
    })
    .await
}

/// Has `callers` callers spread over the connections call for `time`. `call` is
/// given the connection and a number that no other call has.
pub(crate) async fn keep_calling<C, F>(
    connections: &[Connection<C>],
    callers: usize,
    time: Duration,
    call: impl Fn(C, u64) -> F + Send + Sync + 'static,
) -> Load
where
    C: Clone + Send + Sync + 'static,
    F: Future<Output = ()> + Send + 'static,
{
    let call = Arc::new(call);
    let start = Instant::now();
    let mut tasks = Vec::new();
    for caller in 0..callers {
        let Connection { client, thread } = connections[caller % connections.len()].clone();
        let call = Arc::clone(&call);
        tasks.push(thread.spawn(async move {
            let mut latencies = Vec::new();
            let mut number = caller as u64;
            while start.elapsed() < time {
                let begun = Instant::now();
                call(client.clone(), number).await;
                latencies.push(begun.elapsed());
                number += callers as u64;
            }
            latencies
        }));
    }
    let mut latencies = Vec::new();
    for task in tasks {
        latencies.extend(task.await.expect("it is answered"));
    }
    summed_up(latencies, start.elapsed())
}

/// The same by the machines of `world`, one after the other: `call` is given the
/// connection and the account.
pub(crate) async fn members_call<F>(
    connections: &[Connection<Channel>],
    callers: usize,
    world: &Arc<World>,
    time: Duration,
    call: impl Fn(Channel, u32) -> F + Send + Sync + 'static,
) -> Load
where
    F: Future<Output = ()> + Send + 'static,
{
    let world = Arc::clone(world);
    keep_calling(connections, callers, time, move |channel, number| {
        call(channel, world.member(number))
    })
    .await
}

/// Calls `per_second` times a second for `time`; a call that begins late has
/// waited since it was due.
pub(crate) async fn call_at_rate<C, F>(
    connections: &[Connection<C>],
    per_second: f64,
    time: Duration,
    call: impl Fn(C, u64) -> F + Send + Sync + 'static,
) -> Load
where
    C: Clone + Send + Sync + 'static,
    F: Future<Output = ()> + Send + 'static,
{
    let start = Instant::now();
    let mut tasks = Vec::new();
    let calls = (per_second * time.as_secs_f64()) as u64;
    for number in 0..calls.max(1) {
        let due = start + Duration::from_secs_f64(number as f64 / per_second);
        tokio::time::sleep_until(due.into()).await;
        let Connection { client, thread } = &connections[number as usize % connections.len()];
        let answered = call(client.clone(), number);
        tasks.push(thread.spawn(async move {
            answered.await;
            due.elapsed()
        }));
    }
    let mut latencies = Vec::new();
    for task in tasks {
        latencies.push(task.await.expect("it is answered"));
    }
    summed_up(latencies, start.elapsed())
}

fn summed_up(mut latencies: Vec<Duration>, time: Duration) -> Load {
    latencies.sort_unstable();
    Load { rate: latencies.len() as f64 / time.as_secs_f64(), latencies }
}
