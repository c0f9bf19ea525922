//! Get, beside a call that does nothing, and beside reads without gRPC.

use std::{sync::Arc, time::Duration};

use gestan_account_proto::v1;
use gestan_account_tests::postgres::Cluster;
use tonic::transport::Channel;
use tonic_health::pb::{HealthCheckRequest, health_client::HealthClient};

use crate::{
    Effort,
    figure::{Goal, Table},
    load::{Connection, Load, Service, connect, keep_calling, members_call},
    world::{World, as_member},
};

/// Connections, and calls at once on each.
const CONNECTIONS: usize = 4;
const IN_FLIGHT: usize = 16;

pub(crate) async fn on_sqlite(effort: Effort, table: &mut Table) {
    let world = Arc::new(World::start(effort.small, &[]).await);
    let connections = connect(&world.server.url(), CONNECTIONS).await;
    warm_up(&connections, &world, effort).await;
    let figure = ("Get on SQLite", "calls/s", "health Check");
    let ours = async || get(&connections, CONNECTIONS * IN_FLIGHT, &world, effort.turn).await.rate;
    let limit = async || check(&connections, CONNECTIONS * IN_FLIGHT, effort.turn).await.rate;
    table.compare(effort, figure, Goal::AtLeast(0.5), ours, limit).await;

    let figure = ("the server's processor time for a Get", "µs", "health Check");
    let ours = async || {
        let before = world.server.processor_time();
        let load = get(&connections, CONNECTIONS * IN_FLIGHT, &world, effort.turn).await;
        micros_each(world.server.processor_time().saturating_sub(before), &load)
    };
    let limit = async || {
        let before = world.server.processor_time();
        let load = check(&connections, CONNECTIONS * IN_FLIGHT, effort.turn).await;
        micros_each(world.server.processor_time().saturating_sub(before), &load)
    };
    table.compare(effort, figure, Goal::None, ours, limit).await;
}

fn micros_each(time: Duration, load: &Load) -> f64 {
    time.as_secs_f64() * 1_000_000.0 / load.calls() as f64
}

pub(crate) async fn on_postgres(effort: Effort, table: &mut Table) {
    let cluster = Cluster::start(&[]);
    let world = Arc::new(World::start_on(&cluster, effort.small, &[]).await);
    let connections = connect(&world.server.url(), CONNECTIONS).await;
    warm_up(&connections, &world, effort).await;
    let script =
        format!("\\set id random(1, {})\nSELECT * FROM account WHERE id = :id;\n", effort.small);
    let ours = async || get(&connections, CONNECTIONS * IN_FLIGHT, &world, effort.turn).await.rate;
    let figure = ("Get on PostgreSQL", "calls/s", "rows read by pgbench");
    let limit = async || cluster.pgbench("gestan", &script, 8, effort.turn);
    table.compare(effort, figure, Goal::AtLeast(0.6), ours, limit).await;
    let figure = ("Get on PostgreSQL, again", "calls/s", "health Check");
    let limit = async || check(&connections, CONNECTIONS * IN_FLIGHT, effort.turn).await.rate;
    table.compare(effort, figure, Goal::None, ours, limit).await;
}

/// Statements are prepared, and caches filled.
async fn warm_up(connections: &[Connection<Channel>], world: &Arc<World>, effort: Effort) {
    get(connections, CONNECTIONS * IN_FLIGHT, world, effort.turn).await;
    check(connections, CONNECTIONS * IN_FLIGHT, effort.turn).await;
}

/// Machines read their accounts, one after the other.
pub(crate) async fn get(
    connections: &[Connection<Channel>],
    callers: usize,
    world: &Arc<World>,
    time: Duration,
) -> Load {
    members_call(connections, callers, world, time, get_once).await
}

/// A machine reads its account.
pub(crate) async fn get_once(channel: Channel, member: u32) {
    let request = as_member(member, v1::GetRequest::default());
    let answer = Service::new(channel).get(request).await.expect("it is answered").into_inner();
    assert_eq!(answer.account.expect("an account").id, member);
}

/// A call that does nothing.
pub(crate) async fn check(
    connections: &[Connection<Channel>],
    callers: usize,
    time: Duration,
) -> Load {
    keep_calling(connections, callers, time, |channel, _| async move {
        let nothing = HealthCheckRequest::default();
        HealthClient::new(channel).check(nothing).await.expect("it is answered");
    })
    .await
}
