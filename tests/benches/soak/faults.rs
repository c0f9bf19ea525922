//! What befalls the servers, one thing after the other, and how long it takes until everything is
//! as it was.

use std::{
    collections::BTreeMap,
    fmt,
    time::{Duration, Instant},
};

use gestan_account_tests::{becomes, ledger::Ledger};
use rand::{RngExt as _, rngs::StdRng};
use tokio::time::sleep;
use tonic_health::pb::health_check_response::ServingStatus;

use crate::{
    unread::Unread,
    world::{End, World},
};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Fault {
    /// SIGKILL of the first server.
    ServerKilled,
    /// SIGTERM of the first server, as for an upgrade.
    ServerRestarted,
    /// The mail server is away for some seconds.
    MailServerAway,
    /// The disk is full for some seconds.
    DiskFull,
    /// Peers take no answers for some seconds.
    AnswersUnread,
    /// PostgreSQL is stopped as by a power cut, and started again. With SQLite, nothing.
    DatabaseStopped,
}

/// All of them, in turn.
const ALL: [Fault; 6] = [
    Fault::ServerKilled,
    Fault::MailServerAway,
    Fault::DiskFull,
    Fault::AnswersUnread,
    Fault::DatabaseStopped,
    Fault::ServerRestarted,
];

/// The faults so far.
pub(crate) struct Faults {
    chance: StdRng,
    turn: usize,
    recovered: BTreeMap<Fault, Vec<Duration>>,
}

impl Faults {
    pub(crate) fn new(chance: StdRng) -> Self {
        Self { chance, turn: 0, recovered: BTreeMap::new() }
    }

    /// Waits for a moment, has the next fault happen, and waits until all is well again.
    pub(crate) async fn next(&mut self, world: &mut World, ledger: &mut Ledger) {
        ledger.wait_for_a_moment(40..=120, &mut self.chance).await;
        let fault = ALL[self.turn % ALL.len()];
        self.turn += 1;
        let seconds = Duration::from_millis(self.chance.random_range(1_000..5_000));
        match fault {
            Fault::ServerKilled => world.restart(End::Killed).await,
            Fault::ServerRestarted => world.restart(End::Asked).await,
            Fault::MailServerAway => {
                world.relay.leave();
                sleep(seconds).await;
                world.relay.come_back();
            }
            Fault::DiskFull => {
                world.disk.fill();
                sleep(seconds).await;
                world.disk.make_room();
                // PostgreSQL gives up when it cannot write its log.
                if let Some(cluster) = &world.cluster {
                    cluster.start_if_down();
                }
            }
            Fault::AnswersUnread => {
                let unread = Unread::open(world.steady.address).await;
                sleep(seconds).await;
                drop(unread);
            }
            Fault::DatabaseStopped => {
                let Some(cluster) = &world.cluster else { return };
                cluster.stop_hard();
                sleep(seconds / 2).await;
                cluster.start_again();
            }
        }
        let over = Instant::now();
        for url in world.urls() {
            becomes(&url, ServingStatus::Serving).await;
        }
        ledger.get_on(20).await;
        self.recovered.entry(fault).or_default().push(over.elapsed());
    }
}

/// A line a fault: how often, and how long until both servers said that they serve and twenty more
/// calls were answered.
impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "| fault | times | all well again after (median, longest) |")?;
        writeln!(f, "| --- | --- | --- |")?;
        for (fault, times) in &self.recovered {
            let mut times = times.clone();
            times.sort_unstable();
            let (median, longest) = (times[times.len() / 2], times[times.len() - 1]);
            let (median, longest) = (median.as_secs_f64(), longest.as_secs_f64());
            writeln!(f, "| {fault:?} | {} | {median:.1} s, {longest:.1} s |", times.len())?;
        }
        Ok(())
    }
}
