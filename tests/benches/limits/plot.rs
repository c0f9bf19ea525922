//! Draws throughput and latency of Get, against the calls that there are at once
//! and against the accounts.

use std::{fs, iter::successors, path::Path, sync::Arc, thread};

use gestan_account_tests::postgres::Cluster;
use tonic::transport::Channel;

use crate::{
    Effort,
    figure::{Values, rounded},
    load::{Connection, connect},
    reads::get,
    svg::{Line, Panel, chart, short},
    world::World,
};

/// Calls at once.
const CALLERS: [usize; 10] = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512];
/// The same where the accounts become more, and throughput is asked for.
const MANY: usize = 64;
/// A server answers 100 calls at once on each, at most.
const CONNECTIONS: usize = 8;

/// What it runs on, in the order of their colours.
const DATABASES: [&str; 2] = ["SQLite", "PostgreSQL"];

/// A server on one of the databases.
struct Side {
    database: usize,
    accounts: u32,
    world: Arc<World>,
    connections: Vec<Connection<Channel>>,
    _cluster: Option<Cluster>,
}

/// What is measured of a side, one value a turn.
struct Point<'a> {
    side: &'a Side,
    callers: usize,
    rates: Values,
    medians: Values,
    p99s: Values,
}

/// Measures, and writes the drawings into `folder`.
pub(crate) async fn draw(effort: Effort, folder: &Path) {
    let mut sides = Vec::new();
    for accounts in successors(Some(effort.small), |accounts| accounts.checked_mul(10)) {
        if accounts > effort.large {
            break;
        }
        let world = World::start(accounts, &[]).await;
        sides.push(Side::of(0, accounts, world, None).await);
        let cluster = Cluster::start(&[]);
        let world = World::start_on(&cluster, accounts, &[]).await;
        sides.push(Side::of(1, accounts, world, Some(cluster)).await);
    }
    let smallest = &sides[..DATABASES.len()];
    let concurrently = CALLERS.into_iter().flat_map(|callers| points(smallest, callers)).collect();
    let concurrently = measured(effort, concurrently).await;
    let many = measured(effort, points(&sides, MANY).collect()).await;
    let alone = measured(effort, points(&sides, 1).collect()).await;

    let callers = |point: &Point<'_>| point.callers as f64;
    let accounts = |point: &Point<'_>| f64::from(point.side.accounts);
    let processors = thread::available_parallelism().map_or(1, usize::from);
    let on = format!("server and callers on the same {processors} processors");
    let across = format!("calls at once ({} accounts)", short(f64::from(effort.small)));
    let panels = [
        Panel { across: across.clone(), lines: rates(&concurrently, callers) },
        Panel { across: format!("accounts ({MANY} calls at once)"), lines: rates(&many, accounts) },
    ];
    let svg = chart(&format!("Throughput of Get, {on}"), "calls/s", &panels);
    fs::write(folder.join("throughput.svg"), svg).expect("a file");
    let one = "accounts (one call at a time)".to_owned();
    let panels = [
        Panel { across, lines: latencies(&concurrently, callers) },
        Panel { across: one, lines: latencies(&alone, accounts) },
    ];
    let svg = chart(&format!("Latency of Get, {on}"), "ms", &panels);
    fs::write(folder.join("latency.svg"), svg).expect("a file");
    println!("throughput.svg and latency.svg are in {}", folder.display());
}

impl Side {
    async fn of(database: usize, accounts: u32, world: World, cluster: Option<Cluster>) -> Self {
        let connections = connect(&world.server.url(), CONNECTIONS).await;
        Self { database, accounts, world: Arc::new(world), connections, _cluster: cluster }
    }
}

fn points(sides: &[Side], callers: usize) -> impl Iterator<Item = Point<'_>> {
    sides.iter().map(move |side| {
        let (rates, medians, p99s) = Default::default();
        Point { side, callers, rates, medians, p99s }
    })
}

/// Every point has a turn in every round, so that the machine's moods are shared.
async fn measured(effort: Effort, mut points: Vec<Point<'_>>) -> Vec<Point<'_>> {
    // Much is measured, and thousands of calls a second make a third of a turn enough.
    let time = effort.turn / 3;
    for round in 0..=effort.rounds {
        for Point { side, callers, rates, medians, p99s } in &mut points {
            let load = get(&side.connections, *callers, &side.world, time).await;
            // The first round fills caches.
            if round > 0 {
                rates.push(load.rate);
                medians.push(load.percentile(0.5));
                p99s.push(load.percentile(0.99));
            }
        }
    }
    for Point { side, callers, rates, medians, p99s } in &points {
        let (database, accounts) = (DATABASES[side.database], side.accounts);
        let [rate, median, p99] = [rates, medians, p99s].map(|values| rounded(values.median()));
        eprintln!(
            "{database}, {accounts} accounts, {callers} at once: {rate} calls/s, \
             p50 {median} ms, p99 {p99} ms"
        );
    }
    points
}

fn rates(points: &[Point<'_>], across: impl Fn(&Point<'_>) -> f64) -> Vec<Line> {
    let line = |database: usize| Line {
        name: DATABASES[database].to_owned(),
        colour: database,
        dashed: false,
        points: along(points, database, &across, |point| point.rates.median()),
    };
    (0..DATABASES.len()).map(line).collect()
}

fn latencies(points: &[Point<'_>], across: impl Fn(&Point<'_>) -> f64) -> Vec<Line> {
    let lines = |database: usize| {
        let name = DATABASES[database];
        let median = Line {
            name: format!("{name}, p50"),
            colour: database,
            dashed: false,
            points: along(points, database, &across, |point| point.medians.median()),
        };
        let p99 = Line {
            name: format!("{name}, p99"),
            colour: database,
            dashed: true,
            points: along(points, database, &across, |point| point.p99s.median()),
        };
        [median, p99]
    };
    (0..DATABASES.len()).flat_map(lines).collect()
}

fn along(
    points: &[Point<'_>],
    database: usize,
    across: impl Fn(&Point<'_>) -> f64,
    value: impl Fn(&Point<'_>) -> f64,
) -> Vec<(f64, f64)> {
    let points = points.iter().filter(|point| point.side.database == database);
    points.map(|point| (across(point), value(point))).collect()
}
