//! Token buckets in memory: one for each network that strangers call from, and one
//! for each token that machines and support agents call with. Time is that which has
//! passed ([`Clock::elapsed`](crate::clock::Clock::elapsed)): a clock that is set neither
//! fills nor empties them.

use std::{
    collections::HashMap,
    hash::Hash,
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use ipnet::IpNet;

use crate::network::levels;

/// How many buckets are remembered. Beyond, the fuller half is forgotten, so that a
/// caller who comes from many networks does not have its own empty bucket forgotten.
const MAX_BUCKETS: usize = 100_000;

/// What a bucket holds, and how fast it fills.
#[derive(Clone, Copy, Debug)]
pub struct CallRate {
    /// Calls that may come in one burst.
    pub burst: u32,
    /// Calls that may come in the long run, per second.
    pub per_second: u32,
}

/// A bucket for each network that strangers call from.
pub type NetworkCalls = CallBuckets<IpNet>;

/// A bucket for each token, by its digest.
pub type TokenCalls = CallBuckets<[u8; 32]>;

/// The buckets. Clones share them.
#[derive(Clone, Debug)]
pub struct CallBuckets<K> {
    burst: u32,
    per_second: f64,
    buckets: Arc<Mutex<HashMap<K, Bucket>>>,
}

#[derive(Clone, Copy, Debug)]
struct Bucket {
    tokens: f64,
    filled: Duration,
    /// How many times as large it is as a single caller's, and how many times as fast
    /// it fills.
    shares: u32,
}

impl<K: Copy + Eq + Hash> CallBuckets<K> {
    /// Full buckets.
    #[must_use]
    pub fn new(rate: CallRate) -> Self {
        let CallRate { burst, per_second } = rate;
        Self { burst, per_second: f64::from(per_second), buckets: Arc::default() }
    }

    /// Full buckets of `calls` a minute, as a burst or in the long run.
    #[must_use]
    pub fn per_minute(calls: u32) -> Self {
        Self { burst: calls, per_second: f64::from(calls) / 60.0, buckets: Arc::default() }
    }

    /// Whether the bucket of `key` has a token, without taking it. No bucket is
    /// remembered for it: `key` may be anybody's invention.
    ///
    /// # Errors
    /// How long to wait for one.
    pub fn check(&self, key: K, now: Duration) -> Result<(), Duration> {
        let buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        buckets.get(&key).map_or(Ok(()), |bucket| self.check_bucket(bucket, now))
    }

    /// Takes a token.
    ///
    /// # Errors
    /// How long to wait for one.
    pub fn take(&self, key: K, now: Duration) -> Result<(), Duration> {
        self.take_of_all([(key, 1)].into_iter(), now)
    }

    /// Takes a token out of each bucket, if none is empty. The number beside a key
    /// says how many shares its bucket has.
    ///
    /// # Errors
    /// How long to wait for all of them.
    fn take_of_all(
        &self,
        keys: impl Iterator<Item = (K, u32)> + Clone,
        now: Duration,
    ) -> Result<(), Duration> {
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let new = keys.clone().filter(|(key, _)| !buckets.contains_key(key)).count();
        if new > 0 && buckets.len() + new > MAX_BUCKETS {
            self.forget_the_fuller_half(&mut buckets, now);
        }
        let full = |shares| {
            let tokens = f64::from(self.burst) * f64::from(shares);
            Bucket { tokens, filled: now, shares }
        };
        let of = |(key, shares)| buckets.get(&key).copied().unwrap_or_else(|| full(shares));
        let waits = keys.clone().map(of).filter_map(|bucket| self.check_bucket(&bucket, now).err());
        if let Some(wait) = waits.max() {
            return Err(wait);
        }
        for (key, shares) in keys {
            let bucket = buckets.entry(key).or_insert_with(|| full(shares));
            *bucket = Bucket { tokens: self.level(bucket, now) - 1.0, filled: now, shares };
        }
        Ok(())
    }

    fn check_bucket(&self, bucket: &Bucket, now: Duration) -> Result<(), Duration> {
        let lacking = 1.0 - self.level(bucket, now);
        if lacking <= 0.0 {
            return Ok(());
        }
        Err(Duration::from_secs_f64(lacking / self.per_second(bucket)))
    }

    /// Keeps the buckets that are emptier than the one in the middle, and so at most
    /// half of them: the next calls need not do it again.
    fn forget_the_fuller_half(&self, buckets: &mut HashMap<K, Bucket>, now: Duration) {
        let fullness = |bucket: &Bucket| self.level(bucket, now) / f64::from(bucket.shares);
        let mut levels: Vec<f64> = buckets.values().map(fullness).collect();
        let middle = levels.len() / 2;
        let (_, &mut middle, _) = levels.select_nth_unstable_by(middle, f64::total_cmp);
        buckets.retain(|_, bucket| fullness(bucket) < middle);
    }

    fn level(&self, bucket: &Bucket, now: Duration) -> f64 {
        let elapsed = now.saturating_sub(bucket.filled).as_secs_f64();
        let most = f64::from(self.burst) * f64::from(bucket.shares);
        (bucket.tokens + elapsed * self.per_second(bucket)).min(most)
    }

    fn per_second(&self, bucket: &Bucket) -> f64 {
        self.per_second * f64::from(bucket.shares)
    }
}

impl NetworkCalls {
    /// Takes a token for a call from `ip`: out of the buckets of all its networks, so
    /// that many neighbours together have no more than the network's shares.
    ///
    /// # Errors
    /// How long to wait.
    pub fn take_from(&self, ip: IpAddr, now: Duration) -> Result<(), Duration> {
        self.take_of_all(levels(ip).map(|level| (level.network, level.shares)), now)
    }
}
