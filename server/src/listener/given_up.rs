//! Calls that callers behind a trusted proxy give up, by their networks. Their
//! connection is shared by all callers of the proxy: it is never ended for what one of
//! them does. That caller is refused instead.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use ipnet::IpNet;
use tokio::time::Instant;

use crate::network;

/// Calls that a share of a network may give up beyond those it lets be answered.
/// One more is forgiven every second.
const MAX_PER_SHARE: f64 = 100.0;

/// Calls that are counted beyond that. A caller that stops is therefore refused for ten
/// seconds at most.
const MARGIN: f64 = 10.0;

/// Networks that are remembered before those that have been forgiven are dropped.
const NETWORKS: usize = 10_000;

/// The counts. Clones share them.
#[derive(Clone, Debug, Default)]
pub(super) struct GivenUp(Arc<Mutex<HashMap<IpNet, Count>>>);

#[derive(Clone, Copy, Debug)]
struct Count {
    calls: f64,
    counted: Instant,
}

impl Count {
    fn at(self, now: Instant) -> f64 {
        let forgiven = now.saturating_duration_since(self.counted).as_secs_f64();
        (self.calls - forgiven).max(0.0)
    }
}

impl GivenUp {
    /// Notes how a call ended.
    pub(super) fn note(&self, ip: IpAddr, answered: bool) {
        let (mut counts, now) = (self.counts(), Instant::now());
        if counts.len() > NETWORKS {
            counts.retain(|_, count| count.at(now) > 0.0);
        }
        for level in network::levels(ip) {
            let max = MAX_PER_SHARE * f64::from(level.shares) + MARGIN;
            if answered {
                // Most have nothing to make up for.
                if let Some(count) = counts.get_mut(&level.network) {
                    *count = Count { calls: (count.at(now) - 1.0).max(0.0), counted: now };
                }
            } else {
                let none = Count { calls: 0.0, counted: now };
                let count = counts.entry(level.network).or_insert(none);
                *count = Count { calls: (count.at(now) + 1.0).min(max), counted: now };
            }
        }
    }

    /// How long a caller is refused, if it is.
    pub(super) fn refused_for(&self, ip: IpAddr) -> Option<Duration> {
        let (counts, now) = (self.counts(), Instant::now());
        network::levels(ip)
            .filter_map(|level| {
                let count = counts.get(&level.network)?.at(now);
                let over = count - MAX_PER_SHARE * f64::from(level.shares);
                (over > 0.0).then(|| Duration::from_secs_f64(over))
            })
            .max()
    }

    fn counts(&self) -> MutexGuard<'_, HashMap<IpNet, Count>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
