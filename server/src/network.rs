//! The networks that a caller's address belongs to. Every limit on callers holds
//! for each of them, because an address alone says little: a home line has as many
//! IPv6 addresses as it likes.

mod list;
mod proxies;
mod support;

use std::net::IpAddr;

use ipnet::IpNet;

pub use proxies::TrustedProxies;
pub use support::SupportNetworks;

/// The levels of IPv6, the narrowest first, each with how many times a single
/// caller's share it may use: a subnet, the /56 that a home line usually gets, and
/// the /48 that a site gets (RFC 6177).
const V6: [(u8, u32); 3] = [(64, 1), (56, 2), (48, 8)];

/// The levels of IPv4: an address, and its neighbours. Those are often other
/// customers of the same provider, so that together they may use more.
const V4: [(u8, u32); 2] = [(32, 1), (24, 8)];

/// A network, and what all its callers together may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Level {
    /// The network.
    pub network: IpNet,
    /// How many times the share of a single caller.
    pub shares: u32,
}

impl Level {
    /// The level that a network is, if it is one.
    #[must_use]
    pub fn of(network: IpNet) -> Option<Self> {
        let is_same = |level: &Self| level.network == network;
        levels(network.addr()).find(is_same)
    }
}

/// The networks of an address, the narrowest first, each wider than the one before.
/// IPv4 addresses that are written as IPv6 are IPv4 addresses.
#[must_use]
pub fn levels(ip: IpAddr) -> impl DoubleEndedIterator<Item = Level> + Clone {
    let ip = ip.to_canonical();
    let levels = match ip {
        IpAddr::V4(_) => V4.as_slice(),
        IpAddr::V6(_) => V6.as_slice(),
    };
    levels.iter().map(move |&(prefix, shares)| {
        // Every prefix above is one of its family.
        let network = IpNet::new_assert(ip, prefix).trunc();
        Level { network, shares }
    })
}

/// The network that counts as one caller: an IPv4 address, or the /64 that an
/// IPv6 customer has to itself (RFC 6177).
#[must_use]
pub fn narrowest(ip: IpAddr) -> IpNet {
    let ip = ip.to_canonical();
    let prefix = match ip {
        IpAddr::V4(_) => V4[0].0,
        IpAddr::V6(_) => V6[0].0,
    };
    IpNet::new_assert(ip, prefix).trunc()
}
