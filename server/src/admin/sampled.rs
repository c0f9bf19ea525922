//! Figures that nothing counts as it happens: they are looked up when somebody asks.

use std::{
    sync::{Arc, atomic::AtomicU64},
    time::Duration,
};

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{family::Family, gauge::Gauge},
    registry::{Registry, Unit},
};
use tokio::{sync::Mutex, time::timeout};

use crate::{
    accounts::Accounts,
    listener::tls::Tls,
    storage::{event_outbox, outbox_mail},
};

/// How long the database may take to tell of the outbox.
const TIMEOUT: Duration = Duration::from_secs(2);

/// How long after one look at the outbox the next one may come: whoever asks again and again
/// must not make work for the database.
const INTERVAL: Duration = Duration::from_secs(1);

/// Seconds with a fraction.
type Exact = Gauge<f64, AtomicU64>;

/// What is looked up, and where.
pub(super) struct Sampled {
    accounts: Accounts,
    tls: Option<Arc<Tls>>,
    queue: Family<ClassLabel, Gauge>,
    pools: Family<PoolLabels, Gauge>,
    mails: Gauge,
    oldest: Exact,
    /// Events that wait, if another system is told of them, and since when the oldest does.
    events: Option<(Gauge, Exact)>,
    certificate: Gauge,
    free: Gauge,
    size: Gauge,
    /// When the outbox was looked at last.
    looked: Mutex<Option<Duration>>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ClassLabel {
    class: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct PoolLabels {
    pool: &'static str,
    state: &'static str,
}

impl Sampled {
    pub(super) fn new(
        accounts: Accounts,
        tls: Option<Arc<Tls>>,
        has_webhook: bool,
        registry: &mut Registry,
    ) -> Self {
        let sampled = Self {
            accounts,
            tls,
            queue: Family::default(),
            pools: Family::default(),
            mails: Gauge::default(),
            oldest: Exact::default(),
            events: has_webhook.then(Default::default),
            certificate: Gauge::default(),
            free: Gauge::default(),
            size: Gauge::default(),
            looked: Mutex::default(),
        };
        let queue = "Hashes that wait, by class of caller: known has mails, too";
        registry.register("hashing_queue_length", queue, sampled.queue.clone());
        let pools = "Connections to the database by pool and state";
        registry.register("database_connections", pools, sampled.pools.clone());
        registry.register("outbox_mails", "Mails that wait to be sent", sampled.mails.clone());
        let oldest = "For how long the oldest mail that is due has waited, tries included";
        let gauge = sampled.oldest.clone();
        registry.register_with_unit("outbox_oldest_due_age", oldest, Unit::Seconds, gauge);
        if let Some((events, oldest)) = &sampled.events {
            let help = "Events that wait to be delivered to the webhook";
            registry.register("webhook_events", help, events.clone());
            let help = "For how long the oldest event has waited, tries included";
            let name = "webhook_oldest_event_age";
            registry.register_with_unit(name, help, Unit::Seconds, oldest.clone());
        }
        if sampled.tls.is_some() {
            let until = "When the certificate in force ends, in seconds since 1970";
            let name = "certificate_expiry_timestamp";
            registry.register_with_unit(name, until, Unit::Seconds, sampled.certificate.clone());
        }
        if sampled.accounts.db.disk_space().is_some() {
            let free = "Room on the disk of the SQLite database";
            registry.register_with_unit("disk_free", free, Unit::Bytes, sampled.free.clone());
            let size = "Size of the disk of the SQLite database";
            registry.register_with_unit("disk_size", size, Unit::Bytes, sampled.size.clone());
        }
        sampled
    }

    /// Looks everything up.
    pub(super) async fn look(&self) {
        let (known, strangers) = self.accounts.hasher.queue().lengths();
        for (class, length) in [("known", known), ("stranger", strangers)] {
            self.queue.get_or_create(&ClassLabel { class }).set(as_gauge(length));
        }
        for (pool, used) in self.accounts.db.pools_in_use() {
            for (state, number) in [("idle", used.idle), ("used", used.open - used.idle)] {
                self.pools.get_or_create(&PoolLabels { pool, state }).set(i64::from(number));
            }
        }
        if let Some(until) = self.tls.as_ref().and_then(|tls| tls.expire_time()) {
            self.certificate.set(until.as_second());
        }
        if let Some(space) = self.accounts.db.disk_space() {
            self.free.set(as_gauge(space.free_bytes));
            self.size.set(as_gauge(space.size_bytes));
        }
        self.look_at_outbox().await;
    }

    /// What could not be looked up stays as it was: that the database is away is a figure of
    /// its own.
    async fn look_at_outbox(&self) {
        // One at a time; whoever asks meanwhile is told what was seen last.
        let Ok(mut looked) = self.looked.try_lock() else { return };
        let elapsed = self.accounts.clock.elapsed();
        if looked.is_some_and(|last| elapsed.saturating_sub(last) < INTERVAL) {
            return;
        }
        let now = self.accounts.clock.now();
        let read = self.accounts.db.read();
        if let Ok(Ok(backlog)) = timeout(TIMEOUT, outbox_mail::backlog(&read, now)).await {
            self.mails.set(as_gauge(backlog.mails));
            let age = backlog.oldest_due.map(|since| now.duration_since(since).as_secs_f64());
            self.oldest.set(age.unwrap_or_default().max(0.0));
            *looked = Some(elapsed);
        }
        let Some((events, oldest)) = &self.events else { return };
        if let Ok(Ok(backlog)) = timeout(TIMEOUT, event_outbox::backlog(&read)).await {
            events.set(as_gauge(backlog.events));
            let age = backlog.oldest.map(|since| now.duration_since(since).as_secs_f64());
            oldest.set(age.unwrap_or_default().max(0.0));
        }
    }
}

fn as_gauge(number: impl TryInto<i64>) -> i64 {
    number.try_into().unwrap_or(i64::MAX)
}
