//! From the start of the program to its first SERVING, and what it holds then.

use std::time::{Duration, Instant};

use tokio::time::sleep;
use tonic::transport::Endpoint;
use tonic_health::pb::{
    HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient,
};

use crate::{
    Effort,
    figure::{Goal, Table, Values},
    world::World,
};

pub(crate) async fn measure(effort: Effort, table: &mut Table) {
    let mut world = World::start(effort.small, &[]).await;
    let (mut starts, mut memory) = (Values::default(), Values::default());
    for _ in 0..effort.rounds {
        world.server.terminate().await;
        world.server.wait().await;
        let start = Instant::now();
        world.server = crate::world::spawn(&world.home, &[]).await;
        wait_until_serving(&world.server.url()).await;
        starts.push(start.elapsed().as_secs_f64() * 1_000.0);
        // Whatever it does in its first moments is done.
        sleep(Duration::from_secs(1)).await;
        memory.push(world.server.memory("VmRSS"));
    }
    table.tell("start to SERVING", "ms", Goal::AtMost(150.0), starts);
    table.tell("resident memory, idle", "MiB", Goal::AtMost(20.0), memory);
}

async fn wait_until_serving(url: &str) {
    let endpoint = Endpoint::from_shared(url.to_owned()).expect("a URL");
    let channel = endpoint.connect().await.expect("the server listens");
    let mut health = HealthClient::new(channel);
    while let Ok(answer) = health.check(HealthCheckRequest::default()).await {
        if answer.into_inner().status() == ServingStatus::Serving {
            return;
        }
        sleep(Duration::from_millis(1)).await;
    }
    panic!("the server does not answer");
}
