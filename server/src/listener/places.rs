//! How many connections there may be, in all and of one network, and which one makes
//! room when there are too many: a connection that is used keeps its place, and one
//! that waits for its peer loses it to a newcomer.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, VecDeque},
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
};

use ipnet::IpNet;
use tokio::time::Instant;

use super::activity::Activity;
use crate::network;

/// Networks, the most crowded first, in which a connection is looked for that can make
/// room. If all connections there are used, the newcomer is turned away.
const CROWDS: usize = 8;

/// Connections that may take their time to say goodbye after their place was given away.
/// Beyond these, a newcomer has the one that was asked first cut off: a flood of newcomers
/// would hold as many as come in that time.
const GOODBYES: usize = 64;

/// Since when a connection waits for its peer, if it may make room. The connection with
/// the least such value makes room first.
pub(super) type Waiting = fn(&Activity) -> Option<(bool, Instant)>;

/// The places. Clones share them.
#[derive(Clone, Debug)]
pub(super) struct Places(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    max: usize,
    max_per_share: usize,
    waiting: Waiting,
    taken: Mutex<Taken>,
}

/// A connection is in each of its networks; none is kept that is empty.
#[derive(Debug, Default)]
struct Taken {
    last: u64,
    holders: HashMap<u64, Vec<IpNet>>,
    networks: HashMap<IpNet, BTreeMap<u64, Arc<Activity>>>,
    /// The widest networks by how many are connected.
    crowds: BTreeSet<(usize, IpNet)>,
    /// Those that have no place any more, the one that was asked first before the others.
    leaving: VecDeque<Weak<Activity>>,
}

/// The right to be connected, until it is dropped.
#[derive(Debug)]
pub(super) struct Place {
    shared: Arc<Shared>,
    number: u64,
}

impl Places {
    pub(super) fn new(max: usize, max_per_share: usize, waiting: Waiting) -> Self {
        Self(Arc::new(Shared { max, max_per_share, waiting, taken: Mutex::default() }))
    }

    /// A place for one more connection from `ip`; without an address it counts for no
    /// network. If no place is free, the connection that has waited longest for its peer
    /// is asked to leave; `None` if all that could leave are used.
    pub(super) fn take(&self, ip: Option<IpAddr>, activity: &Arc<Activity>) -> Option<Place> {
        let mut taken = self.0.taken();
        let mut networks = Vec::new();
        for level in ip.into_iter().flat_map(network::levels) {
            let shares = usize::try_from(level.shares).unwrap_or(usize::MAX);
            let max = self.0.max_per_share.saturating_mul(shares);
            if taken.count(&level.network) >= max {
                self.0.make_room(&mut taken, &level.network)?;
            }
            networks.push(level.network);
        }
        if taken.holders.len() >= self.0.max {
            let crowds: Vec<_> = taken.crowds.iter().rev().take(CROWDS).copied().collect();
            crowds.iter().find_map(|(_, network)| self.0.make_room(&mut taken, network))?;
        }
        let number = taken.insert(networks, activity);
        Some(Place { shared: Arc::clone(&self.0), number })
    }
}

impl Shared {
    fn make_room(&self, taken: &mut Taken, network: &IpNet) -> Option<()> {
        let connected = taken.networks.get(network)?.iter();
        let waiting = connected.filter_map(|(number, activity)| {
            (self.waiting)(activity).map(|since| (since, *number, activity))
        });
        let (_, number, activity) = waiting.min_by_key(|(since, number, _)| (*since, *number))?;
        let activity = Arc::clone(activity);
        taken.remove(number);
        taken.send_away(&activity);
        Some(())
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Taken {
    fn count(&self, network: &IpNet) -> usize {
        self.networks.get(network).map_or(0, BTreeMap::len)
    }

    fn insert(&mut self, networks: Vec<IpNet>, activity: &Arc<Activity>) -> u64 {
        self.last += 1;
        for network in &networks {
            let connected = self.networks.entry(*network).or_default();
            connected.insert(self.last, Arc::clone(activity));
        }
        if let Some(widest) = networks.last() {
            let count = self.count(widest);
            self.crowds.remove(&(count - 1, *widest));
            self.crowds.insert((count, *widest));
        }
        self.holders.insert(self.last, networks);
        self.last
    }

    fn send_away(&mut self, activity: &Arc<Activity>) {
        activity.make_room();
        self.leaving.retain(|leaving| leaving.strong_count() > 0);
        self.leaving.push_back(Arc::downgrade(activity));
        if self.leaving.len() > GOODBYES
            && let Some(first) = self.leaving.pop_front().and_then(|first| first.upgrade())
        {
            first.cut("others need its room");
        }
    }

    /// Does nothing when the place was given to another connection meanwhile.
    fn remove(&mut self, number: u64) {
        let Some(networks) = self.holders.remove(&number) else { return };
        if let Some(widest) = networks.last() {
            let count = self.count(widest);
            self.crowds.remove(&(count, *widest));
            if count > 1 {
                self.crowds.insert((count - 1, *widest));
            }
        }
        for network in networks {
            let Some(connected) = self.networks.get_mut(&network) else { continue };
            connected.remove(&number);
            if connected.is_empty() {
                self.networks.remove(&network);
            }
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.shared.taken().remove(self.number);
    }
}
