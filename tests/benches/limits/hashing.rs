//! Password checks, beside Argon2 alone; what they leave to other calls, and
//! the memory that they take.

use std::{
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use argon2::{Algorithm, Argon2, Block, Params, Version};
use tonic::{Code, transport::Channel};

use crate::{
    Effort,
    figure::{Goal, Table, Values},
    load::{Connection, Load, Service, call_at_rate, connect, members_call},
    reads::get_once,
    sink::Sink,
    world::{World, changing_nothing, joining},
};

/// Password checks at once, where they are counted.
const CALLERS: usize = 16;
/// The same where memory is looked at.
const MANY_CALLERS: usize = 64;
/// Gets a second, beside the checks.
const GETS: f64 = 200.0;

pub(crate) async fn measure(effort: Effort, table: &mut Table) {
    // Every machine that joins is told of by mail, which is measured elsewhere.
    let sink = Sink::shut().await;
    let world = World::start(effort.small, &[("MAIL_URL", &sink.url())]).await;
    let world = Arc::new(world);
    let connections = connect(&world.server.url(), 4).await;
    let limit = async || tokio::task::block_in_place(|| argon2_alone(effort.turn));

    check(&connections, CALLERS, &world, effort.turn).await;
    let figure = ("password checks", "checks/s", "Argon2 alone");
    let ours = async || check(&connections, CALLERS, &world, effort.turn).await.rate;
    table.compare(effort, figure, Goal::AtLeast(0.95), ours, limit).await;

    join(&connections, CALLERS, &world, effort.turn).await;
    let figure = ("machines that join by password, mails aside", "calls/s", "Argon2 alone");
    let ours = async || join(&connections, CALLERS, &world, effort.turn).await.rate;
    table.compare(effort, figure, Goal::None, ours, limit).await;

    let asked = 2.0 * tokio::task::block_in_place(|| argon2_alone(effort.turn));
    let figure = ("p99 of Get while twice the hashes are asked for", "ms", "alone");
    let time = effort.turn * 3;
    let ours = async || {
        let (busy, gets) = tokio::join!(
            ask_for_more(&connections[2..], asked, &world, time),
            get_at_rate(&connections[..2], &world, time)
        );
        drop(busy);
        gets.percentile(0.99)
    };
    let limit = async || get_at_rate(&connections[..2], &world, time).await.percentile(0.99);
    table.compare(effort, figure, Goal::AtMost(2.0), ours, limit).await;

    let world = Arc::into_inner(world).expect("nobody calls").restart(&[]).await;
    let world = Arc::new(world);
    let connections = connect(&world.server.url(), 4).await;
    let mut done = 0;
    while done < effort.checks {
        let load = join(&connections, MANY_CALLERS, &world, effort.turn).await;
        done += load.calls();
    }
    let peak = world.server.memory("VmHWM");
    let name = format!("peak memory after {done} checks, {MANY_CALLERS} at once");
    table.tell(&name, "MiB", Goal::AtMost(64.0), Values::from_iter([peak]));
}

/// Machines give the password of their account with a change that changes nothing.
async fn check(
    connections: &[Connection<Channel>],
    callers: usize,
    world: &Arc<World>,
    time: Duration,
) -> Load {
    members_call(connections, callers, world, time, |channel, member| async move {
        let request = changing_nothing(member);
        Service::new(channel).update(request).await.expect("it is answered");
    })
    .await
}

/// Machines join their accounts again, by password.
pub(crate) async fn join(
    connections: &[Connection<Channel>],
    callers: usize,
    world: &Arc<World>,
    time: Duration,
) -> Load {
    members_call(connections, callers, world, time, |channel, member| async move {
        let request = joining(member);
        Service::new(channel).register_existing(request).await.expect("it is answered");
    })
    .await
}

/// More of them than there can be.
async fn ask_for_more(
    connections: &[Connection<Channel>],
    per_second: f64,
    world: &Arc<World>,
    time: Duration,
) -> Load {
    let world = Arc::clone(world);
    call_at_rate(connections, per_second, time, move |channel, number| {
        let request = joining(world.member(number));
        async move {
            let outcome = Service::new(channel).register_existing(request).await;
            // The queue is full.
            let code = outcome.err().map(|status| status.code());
            assert!(matches!(code, None | Some(Code::ResourceExhausted)), "{code:?}");
        }
    })
    .await
}

async fn get_at_rate(
    connections: &[Connection<Channel>],
    world: &Arc<World>,
    time: Duration,
) -> Load {
    let world = Arc::clone(world);
    call_at_rate(connections, GETS, time, move |channel, number| {
        get_once(channel, world.member(number))
    })
    .await
}

/// Hashes a second on a thread for each processor, in memory that is kept.
fn argon2_alone(time: Duration) -> f64 {
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let start = Instant::now();
    let hashes: usize = thread::scope(|scope| {
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(|| hash_for(time))).collect();
        threads.into_iter().map(|thread| thread.join().expect("it hashes")).sum()
    });
    hashes as f64 / start.elapsed().as_secs_f64()
}

fn hash_for(time: Duration) -> usize {
    let params = Params::new(19_456, 2, 1, None).expect("the usual parameters");
    let mut memory = vec![Block::new(); params.block_count()];
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let (start, mut hashes, mut out) = (Instant::now(), 0, [0; 32]);
    while start.elapsed() < time {
        let password = gestan_account_tests::PASSWORD.as_bytes();
        argon2
            .hash_password_into_with_memory(password, &[7; 16], &mut out, &mut memory)
            .expect("it hashes");
        hashes += 1;
    }
    hashes
}
