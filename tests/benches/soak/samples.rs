//! What the server that is never restarted takes, looked at every few seconds: whatever grows for
//! ever is larger at the end than it was when all was warm.

use std::{fmt, fs, path::Path, time::Duration};

use gestan_account_tests::http_get;
use tokio::{
    sync::oneshot,
    task::JoinHandle,
    time::{MissedTickBehavior, interval},
};

use crate::world::{World, bytes_of};

const EVERY: Duration = Duration::from_secs(2);

/// Looks at it until it is stopped.
pub(crate) struct Sampler {
    stop: oneshot::Sender<()>,
    looking: JoinHandle<Samples>,
}

/// What is looked at, and by how much it may grow: to so many times itself, and so much more.
const KINDS: [(&str, f64, f64); 6] = [
    ("resident memory, MiB", 1.25, 16.0),
    ("open files", 1.25, 32.0),
    ("database's log on disk, MiB", 1.5, 64.0),
    ("mails that wait", 2.0, 50.0),
    ("hashes that wait", 2.0, 10.0),
    ("connections", 1.5, 20.0),
];

/// The values of each kind, in their order.
#[derive(Default)]
pub(crate) struct Samples(Vec<[f64; KINDS.len()]>);

impl Sampler {
    pub(crate) fn start(world: &World) -> Self {
        let (stop, stopped) = oneshot::channel();
        let (admin, id) = (world.admin(), world.steady.id());
        let log = world.log_folder();
        let ending = if world.cluster.is_some() { "" } else { "-wal" };
        let looking = tokio::spawn(async move {
            let (mut samples, mut pace) = (Samples::default(), interval(EVERY));
            pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
            let mut stopped = stopped;
            loop {
                tokio::select! {
                    _ = &mut stopped => return samples,
                    _ = pace.tick() => {
                        let figures = http_get(admin, "/metrics").await.body;
                        samples.0.push(look(id, &figures, &log, ending));
                    }
                }
            }
        });
        Self { stop, looking }
    }

    pub(crate) async fn stop(self) -> Samples {
        let _ = self.stop.send(());
        self.looking.await.expect("it was looked at")
    }
}

fn look(id: u32, figures: &str, log: &Path, ending: &str) -> [f64; KINDS.len()] {
    let sum = |name: &str| -> f64 {
        let name = format!("gestan_account_{name}");
        let series = figures.lines().filter(|line| line.starts_with(&name));
        series.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok()).sum()
    };
    let status = fs::read_to_string(format!("/proc/{id}/status")).expect("it runs");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib: f64 =
        line.and_then(|line| line.trim().strip_suffix(" kB")?.trim().parse().ok()).expect("a size");
    let files = fs::read_dir(format!("/proc/{id}/fd")).expect("it runs").count();
    [
        kib / 1024.0,
        files as f64,
        bytes_of(log, ending) as f64 / f64::from(1 << 20),
        sum("outbox_mails "),
        sum("hashing_queue_length{"),
        sum("connections{"),
    ]
}

impl Samples {
    /// The median and the largest of a kind, in a part of the time.
    fn of(&self, kind: usize, quarter: usize) -> (f64, f64) {
        let quarter_of = self.0.len() / 4;
        let begin = quarter_of * quarter;
        let mut values: Vec<f64> =
            self.0[begin..begin + quarter_of].iter().map(|sample| sample[kind]).collect();
        values.sort_by(f64::total_cmp);
        (values[values.len() / 2], values[values.len() - 1])
    }

    /// That nothing has grown from the second quarter to the last.
    pub(crate) fn check(&self) {
        for (kind, (name, times, more)) in KINDS.into_iter().enumerate() {
            let ((before, _), (after, _)) = (self.of(kind, 1), self.of(kind, 3));
            assert!(after <= before * times + more, "{name} has grown: {before} → {after}");
        }
    }
}

impl fmt::Display for Samples {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} samples; median (largest) of each quarter of the time:", self.0.len())?;
        writeln!(f, "| what | first | second | third | last |")?;
        writeln!(f, "| --- | --- | --- | --- | --- |")?;
        for (kind, (name, ..)) in KINDS.into_iter().enumerate() {
            let quarters = [0, 1, 2, 3].map(|quarter| {
                let (median, most) = self.of(kind, quarter);
                format!("{median:.0} ({most:.0})")
            });
            writeln!(f, "| {name} | {} |", quarters.join(" | "))?;
        }
        Ok(())
    }
}
