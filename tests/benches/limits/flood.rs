//! Wrong passwords from the 256 networks of one home line, and what they leave to
//! others: to a machine that is linked, and to a newcomer from elsewhere.

use std::{sync::Arc, time::Duration};

use gestan_account_proto::v1;
use gestan_account_tests::uuid;
use tonic::{Code, Request, transport::Channel};

use crate::{
    Effort,
    figure::{Goal, Table},
    load::{Connection, Load, Service, call_at_rate, connect, keep_calling},
    sink::Sink,
    world::{World, changing_nothing, joining},
};

/// Calls a second of the flood: about 1 Mbit/s.
const FLOOD: f64 = 500.0;

pub(crate) async fn measure(effort: Effort, table: &mut Table) {
    let lifted = [("TRUSTED_PROXIES", "127.0.0.1")];
    beside(effort, table, "limits of calls lifted", &lifted).await;
    let usual = [("TRUSTED_PROXIES", "127.0.0.1"), ("CALL_BURST", "60"), ("CALLS_PER_SECOND", "2")];
    beside(effort, table, "usual limits", &usual).await;
}

async fn beside(effort: Effort, table: &mut Table, limits: &str, settings: &[(&str, &str)]) {
    let sink = Sink::shut().await;
    let url = sink.url();
    let mut settings = settings.to_vec();
    settings.push(("MAIL_URL", &url));
    let world = Arc::new(World::start(effort.small, &settings).await);
    let connections = connect(&world.server.url(), 4).await;
    let (flooding, calling) = connections.split_at(2);

    let name = format!("Update of a linked machine in a flood, {limits}");
    let update = async || median(&updates(calling, &world, effort.turn).await);
    let flooded = async || {
        let (load, _) =
            tokio::join!(updates(calling, &world, effort.turn), flood(flooding, effort.turn));
        median(&load)
    };
    update().await;
    table.compare(effort, (&name, "ms", "quiet"), Goal::AtMost(2.0), flooded, update).await;

    let name = format!("RegisterExisting of a newcomer in a flood, {limits}");
    let join = async || median(&joins(calling, &world, effort.turn).await);
    let flooded = async || {
        let (load, _) =
            tokio::join!(joins(calling, &world, effort.turn), flood(flooding, effort.turn));
        median(&load)
    };
    table.compare(effort, (&name, "ms", "quiet"), Goal::AtMost(2.0), flooded, join).await;
}

fn median(load: &Load) -> f64 {
    load.percentile(0.5)
}

/// One caller after the other, each a linked machine that changes its account.
async fn updates(connections: &[Connection<Channel>], world: &Arc<World>, time: Duration) -> Load {
    let world = Arc::clone(world);
    keep_calling(connections, 1, time, move |channel, number| {
        let request = from(&elsewhere(number), changing_nothing(world.member(number)));
        async move {
            Service::new(channel).update(request).await.expect("it is answered");
        }
    })
    .await
}

/// One caller after the other, each from a network of its own.
async fn joins(connections: &[Connection<Channel>], world: &Arc<World>, time: Duration) -> Load {
    let world = Arc::clone(world);
    keep_calling(connections, 1, time, move |channel, number| {
        let request = from(&elsewhere(number), Request::new(joining(world.member(number))));
        async move {
            Service::new(channel).register_existing(request).await.expect("it is answered");
        }
    })
    .await
}

/// Passwords for accounts that do not exist, each from the next network of a /56.
async fn flood(connections: &[Connection<Channel>], time: Duration) -> Load {
    call_at_rate(connections, FLOOD, time, |channel, number| {
        let request = v1::RegisterExistingRequest {
            account_id: 4_000_000_000 + (number % 100_000_000) as u32,
            secret: "pas le bon mot de passe".to_owned(),
            machine: Some(v1::Machine { id: uuid(3), name: "Caisse 3".to_owned() }),
        };
        let home = format!("2001:db8:1:23{:02x}::1", number % 256);
        let request = from(&home, Request::new(request));
        async move {
            let outcome = Service::new(channel).register_existing(request).await;
            let code = outcome.err().map(|status| status.code());
            let expected = [Some(Code::Unauthenticated), Some(Code::ResourceExhausted)];
            assert!(expected.contains(&code), "{code:?}");
        }
    })
    .await
}

/// A site of its own for each number.
fn elsewhere(number: u64) -> String {
    format!("2001:db9:{:x}::1", number % 65_536)
}

fn from<T>(address: &str, mut request: Request<T>) -> Request<T> {
    let address = address.parse().expect("an address is ASCII");
    request.metadata_mut().insert("x-forwarded-for", address);
    request
}
