//! Create, beside the same two rows written by plain SQL.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use gestan_account_proto::v1;
use gestan_account_tests::{postgres::Cluster, process::Home, uuid};
use sea_orm::sqlx::{
    Connection as _, SqliteConnection, query,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous},
};
use tonic::{Request, transport::Channel};

use crate::{
    Effort,
    figure::{Goal, Table},
    load::{Connection, Load, Service, connect, keep_calling},
    sink::Sink,
    world::World,
};

const CALLERS: usize = 64;

/// What a challenge and a mail take up, about.
const CHALLENGE: usize = 300;
const MAIL: usize = 200;

pub(crate) async fn on_sqlite(effort: Effort, table: &mut Table) {
    let sink = Sink::shut().await;
    let world = World::start(effort.small, &settings(&sink.url())).await;
    let connections = connect(&world.server.url(), 4).await;
    let creations = Creations::default();
    let ours = async || creations.call(&connections, effort.turn).await.rate;
    let limit = async || two_rows_and_a_sync(&world.home, effort.turn).await;
    ours().await;
    let figure = ("Create on SQLite", "calls/s", "two rows by one connection");
    table.compare(effort, figure, Goal::AtLeast(0.7), ours, limit).await;
}

pub(crate) async fn on_postgres(effort: Effort, table: &mut Table) {
    let sink = Sink::shut().await;
    let cluster = Cluster::start(&[]);
    let world = World::start_on(&cluster, effort.small, &settings(&sink.url())).await;
    cluster.execute("gestan", "CREATE TABLE plain (id uuid PRIMARY KEY, text text NOT NULL)");
    let connections = connect(&world.server.url(), 4).await;
    let creations = Creations::default();
    let ours = async || creations.call(&connections, effort.turn).await.rate;
    let row =
        |length| format!("INSERT INTO plain VALUES (gen_random_uuid(), repeat('x', {length}));\n");
    let script = format!("BEGIN;\n{}{}COMMIT;\n", row(CHALLENGE), row(MAIL));
    let limit = async || cluster.pgbench("gestan", &script, 8, effort.turn);
    ours().await;
    // Plans that were made for empty tables read them whole.
    cluster.execute("gestan", "VACUUM ANALYZE");
    let figure = ("Create on PostgreSQL", "calls/s", "two rows by pgbench, 8 connections");
    table.compare(effort, figure, Goal::AtLeast(0.7), ours, limit).await;
}

/// The mail server is shut: what a mail costs is measured elsewhere. Calls come
/// from many addresses, as those of many customers do.
fn settings(mail_url: &str) -> [(&str, &str); 2] {
    [("MAIL_URL", mail_url), ("TRUSTED_PROXIES", "127.0.0.1")]
}

/// Calls of Create, each for an address of its own.
#[derive(Default)]
pub(crate) struct Creations(Arc<AtomicU64>);

impl Creations {
    async fn call(&self, connections: &[Connection<Channel>], time: Duration) -> Load {
        let made = Arc::clone(&self.0);
        keep_calling(connections, CALLERS, time, move |channel, _| {
            create(channel, made.fetch_add(1, Ordering::Relaxed))
        })
        .await
    }
}

/// Somebody new asks for an account.
pub(crate) async fn create(channel: Channel, number: u64) {
    let request = v1::CreateRequest {
        request_id: uuid(u128::from(number) + 1),
        email: format!("nouveau{number}@exemple.fr"),
        machine: Some(v1::Machine { id: uuid(7), name: "Caisse 1".to_owned() }),
        ..Default::default()
    };
    let mut request = Request::new(request);
    let [.., a, b, c] = number.to_be_bytes();
    let from = format!("10.{a}.{b}.{c}").parse().expect("an address");
    request.metadata_mut().insert("x-forwarded-for", from);
    Service::new(channel).create(request).await.expect("it is answered");
}

/// Transactions of two rows a second, on the same disk and as durable.
async fn two_rows_and_a_sync(home: &Home, time: Duration) -> f64 {
    let path = home.path().join("data/plain.sqlite");
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full);
    let mut connection = SqliteConnection::connect_with(&options).await.expect("a file");
    let table = "CREATE TABLE IF NOT EXISTS plain (id blob PRIMARY KEY, text text NOT NULL)";
    query(table).execute(&mut connection).await.expect("a table");
    let insert = "INSERT INTO plain VALUES (randomblob(16), ?)";
    let (start, mut transactions) = (Instant::now(), 0);
    while start.elapsed() < time {
        let mut transaction = connection.begin().await.expect("it begins");
        for length in [CHALLENGE, MAIL] {
            let row = query(insert).bind("x".repeat(length));
            row.execute(&mut *transaction).await.expect("a row goes in");
        }
        transaction.commit().await.expect("it is on disk");
        transactions += 1;
    }
    f64::from(transactions) / start.elapsed().as_secs_f64()
}
