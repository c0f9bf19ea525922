//! What it costs to be seen: the line that each call leaves in the log, its counters, and whoever
//! reads the figures. Each with and without, on two servers side by side; the counters, which
//! cannot be switched off, alone.

use std::{fs, net::SocketAddr, sync::Arc, thread, time::Duration};

use gestan_account_server::metrics::CallMetrics;
use gestan_account_tests::http_get;
use tokio::{task::JoinHandle, time::interval};
use tonic::transport::Channel;

use crate::{
    Effort,
    figure::{Goal, Table, Values},
    load::{Connection, connect},
    reads::get,
    world::World,
};

const CONNECTIONS: usize = 4;
const CALLERS: usize = 64;

/// How often somebody reads the figures: 150 times as often as a Prometheus does.
const READ_EVERY: Duration = Duration::from_millis(100);

/// Where the figures are read.
const ADMIN: &str = "127.0.0.1:19464";

pub(crate) async fn measure(effort: Effort, table: &mut Table) {
    let silent = Side::start(effort, &[("LOG_ANSWERED_ONE_IN", "0")]).await;
    let told = Side::start(effort, &[("LOG_ANSWERED_ONE_IN", "1")]).await;
    let figure = ("Get, each call a line in the log", "calls/s", "no line");
    let (ours, limit) =
        (async || told.get(effort).await.rate, async || silent.get(effort).await.rate);
    table.compare(effort, figure, Goal::None, ours, limit).await;
    let figure = ("the server's processor time for it", "µs", "no line");
    let (ours, limit) =
        (async || told.get(effort).await.micros, async || silent.get(effort).await.micros);
    table.compare(effort, figure, Goal::None, ours, limit).await;
    drop(told);

    let settings = [("LOG_ANSWERED_ONE_IN", "0"), ("ADMIN_LISTEN", ADMIN)];
    let read = Side::start(effort, &settings).await;
    let figure = ("the same, the figures read ten times a second", "µs", "not read");
    let ours = async || {
        let reading = keep_reading();
        let micros = read.get(effort).await.micros;
        reading.abort();
        micros
    };
    table.compare(effort, figure, Goal::None, ours, async || silent.get(effort).await.micros).await;

    let counting = (0..effort.rounds).map(|_| counters()).collect::<Values>();
    table.tell("the counters of one call, by two threads", "µs", Goal::None, counting);
}

/// A server, and its callers.
struct Side {
    world: Arc<World>,
    connections: Vec<Connection<Channel>>,
}

/// What was measured of it.
struct Measured {
    rate: f64,
    micros: f64,
}

impl Side {
    async fn start(effort: Effort, settings: &[(&str, &str)]) -> Self {
        let world = Arc::new(World::start(effort.small, settings).await);
        let connections = connect(&world.server.url(), CONNECTIONS).await;
        let side = Self { world, connections };
        side.get(effort).await;
        side
    }

    async fn get(&self, effort: Effort) -> Measured {
        let before = self.world.server.processor_time();
        let load = get(&self.connections, CALLERS, &self.world, effort.turn).await;
        let spent = self.world.server.processor_time().saturating_sub(before);
        Measured {
            rate: load.rate,
            micros: spent.as_secs_f64() * 1_000_000.0 / load.calls() as f64,
        }
    }
}

fn keep_reading() -> JoinHandle<()> {
    tokio::spawn(async move {
        let address: SocketAddr = ADMIN.parse().expect("an address");
        let mut pace = interval(READ_EVERY);
        loop {
            pace.tick().await;
            assert_eq!(http_get(address, "/metrics").await.status, 200);
        }
    })
}

/// Processor time of a call's counters, when two threads count as fast as they can.
fn counters() -> f64 {
    const COUNTS: u32 = 5_000_000;
    let metrics = CallMetrics::default();
    let before = own_processor_time();
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let rpc: Arc<str> = Arc::from("AccountService/Get");
                for _ in 0..COUNTS {
                    metrics.count(&rpc, "OK", "", None, Duration::from_micros(300));
                }
            });
        }
    });
    let spent = own_processor_time().saturating_sub(before);
    spent.as_secs_f64() * 1_000_000.0 / f64::from(2 * COUNTS)
}

fn own_processor_time() -> Duration {
    let stat = fs::read_to_string("/proc/self/stat").expect("this process");
    // In user mode and in the kernel, in hundredths of a second: proc(5).
    let fields = stat.rsplit(") ").next().expect("fields").split(' ').skip(11).take(2);
    let ticks: u64 = fields.filter_map(|field| field.parse::<u64>().ok()).sum();
    Duration::from_millis(ticks * 10)
}
