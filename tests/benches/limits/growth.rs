//! Latency at a million accounts, beside that at a thousand.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use gestan_account_tests::postgres::Cluster;
use tonic::transport::Channel;

use crate::{
    Effort,
    figure::{Goal, Table, Values},
    load::{Service, connect},
    reads::get_once,
    world::{World, joining},
};

pub(crate) async fn measure(effort: Effort, table: &mut Table) {
    let large = World::start(effort.large, &[]).await;
    let small = World::start(effort.small, &[]).await;
    compare("SQLite", effort, table, large, small).await;
    let clusters = (Cluster::start(&[]), Cluster::start(&[]));
    let large = World::start_on(&clusters.0, effort.large, &[]).await;
    let small = World::start_on(&clusters.1, effort.small, &[]).await;
    compare("PostgreSQL", effort, table, large, small).await;
}

async fn compare(on: &str, effort: Effort, table: &mut Table, large: World, small: World) {
    let large = Side::of(large).await;
    let small = Side::of(small).await;
    let limit_name = format!("at {} accounts", effort.small);
    let name = format!("Get at {} accounts, {on}", effort.large);
    let figure = (name.as_str(), "ms", limit_name.as_str());
    let get = async |side: &Side| side.time(effort.turn, get_once).await;
    get(&large).await;
    table
        .compare(
            effort,
            figure,
            Goal::AtMost(1.2),
            async || get(&large).await,
            async || get(&small).await,
        )
        .await;
    let name = format!("RegisterExisting at {} accounts, {on}", effort.large);
    let figure = (name.as_str(), "ms", limit_name.as_str());
    let register = async |side: &Side| side.time(effort.turn, register_once).await;
    table
        .compare(
            effort,
            figure,
            Goal::AtMost(1.2),
            async || register(&large).await,
            async || register(&small).await,
        )
        .await;
}

struct Side {
    world: Arc<World>,
    channel: Channel,
}

impl Side {
    async fn of(world: World) -> Self {
        let channel = connect(&world.server.url(), 1).await.remove(0).client;
        Self { world: Arc::new(world), channel }
    }

    /// The median of calls one after the other, in milliseconds.
    async fn time<F: Future<Output = ()>>(
        &self,
        time: Duration,
        call: impl Fn(Channel, u32) -> F,
    ) -> f64 {
        let (start, mut latencies) = (Instant::now(), Values::default());
        let mut number = 0;
        while start.elapsed() < time {
            // Members far from each other, so that no page is shared.
            number += 7;
            let begun = Instant::now();
            call(self.channel.clone(), self.world.member(number)).await;
            latencies.push(begun.elapsed().as_secs_f64() * 1_000.0);
        }
        latencies.median()
    }
}

async fn register_once(channel: Channel, member: u32) {
    let outcome = Service::new(channel).register_existing(joining(member)).await;
    outcome.expect("it is answered");
}
