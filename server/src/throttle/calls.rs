//! A token bucket an IP address, in memory, for calls that nobody vouches for.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use ipnet::IpNet;
use jiff::Timestamp;

use crate::network::narrowest;

/// How many networks are remembered. Beyond, the fuller half is forgotten: who
/// comes with many networks to make room cannot wash an empty bucket clean.
const MAX_NETWORKS: usize = 100_000;

/// What a bucket holds, and how fast it fills.
#[derive(Clone, Copy, Debug)]
pub struct CallRate {
    /// Calls at once.
    pub burst: u32,
    /// Calls a second in the long run.
    pub per_second: u32,
}

/// The buckets. Clones share them.
#[derive(Clone, Debug)]
pub struct CallBuckets {
    rate: CallRate,
    buckets: Arc<Mutex<HashMap<IpNet, Bucket>>>,
}

#[derive(Clone, Copy, Debug)]
struct Bucket {
    tokens: f64,
    filled: Timestamp,
}

impl CallBuckets {
    /// Full buckets.
    #[must_use]
    pub fn new(rate: CallRate) -> Self {
        Self { rate, buckets: Arc::default() }
    }

    /// Takes a token.
    ///
    /// # Errors
    /// How long to wait for one.
    pub fn take(&self, ip: IpAddr, now: Timestamp) -> Result<(), Duration> {
        let network = narrowest(ip);
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() >= MAX_NETWORKS && !buckets.contains_key(&network) {
            self.forget_the_fuller_half(&mut buckets, now);
        }
        let full = Bucket { tokens: f64::from(self.rate.burst), filled: now };
        let bucket = buckets.entry(network).or_insert(full);
        let tokens = self.level(bucket, now);
        if tokens < 1.0 {
            return Err(Duration::from_secs_f64((1.0 - tokens) / f64::from(self.rate.per_second)));
        }
        *bucket = Bucket { tokens: tokens - 1.0, filled: now };
        Ok(())
    }

    /// Keeps the buckets that are emptier than the one in the middle, and so at
    /// most half of them: this is not done anew at the next call.
    fn forget_the_fuller_half(&self, buckets: &mut HashMap<IpNet, Bucket>, now: Timestamp) {
        let mut levels: Vec<f64> = buckets.values().map(|bucket| self.level(bucket, now)).collect();
        let middle = levels.len() / 2;
        let (_, &mut middle, _) = levels.select_nth_unstable_by(middle, f64::total_cmp);
        buckets.retain(|_, bucket| self.level(bucket, now) < middle);
    }

    fn level(&self, bucket: &Bucket, now: Timestamp) -> f64 {
        let elapsed = now.duration_since(bucket.filled).as_secs_f64().max(0.0);
        (bucket.tokens + elapsed * f64::from(self.rate.per_second)).min(f64::from(self.rate.burst))
    }
}
