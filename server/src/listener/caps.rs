//! How many connections there may be, in all and of one caller. A permit lives
//! as long as its connection.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
};

use ipnet::IpNet;

use crate::network::narrowest;

/// Counts connections. Clones share the count.
#[derive(Clone, Debug)]
pub(super) struct Caps(Arc<Counts>);

#[derive(Debug)]
struct Counts {
    max: usize,
    max_per_network: usize,
    open: Mutex<Open>,
}

/// The networks sum up to the total; none is kept at zero.
#[derive(Debug, Default)]
struct Open {
    total: usize,
    by_network: HashMap<IpNet, usize>,
}

/// The right to be connected.
#[derive(Debug)]
pub(super) struct Permit {
    counts: Arc<Counts>,
    network: IpNet,
}

impl Caps {
    pub(super) fn new(max: usize, max_per_network: usize) -> Self {
        Self(Arc::new(Counts { max, max_per_network, open: Mutex::default() }))
    }

    /// A permit for one more connection from `ip`, unless there are too many.
    pub(super) fn admit(&self, ip: IpAddr) -> Option<Permit> {
        let network = narrowest(ip);
        let mut open = self.0.open.lock().unwrap_or_else(PoisonError::into_inner);
        let of_network = open.by_network.get(&network).copied().unwrap_or_default();
        if open.total >= self.0.max || of_network >= self.0.max_per_network {
            return None;
        }
        open.total += 1;
        open.by_network.insert(network, of_network + 1);
        Some(Permit { counts: Arc::clone(&self.0), network })
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut open = self.counts.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.total = open.total.saturating_sub(1);
        if let Some(of_network) = open.by_network.get_mut(&self.network) {
            *of_network = of_network.saturating_sub(1);
            if *of_network == 0 {
                open.by_network.remove(&self.network);
            }
        }
    }
}
