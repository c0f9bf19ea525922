//! The address that a call comes from when proxies stand before this server.

use std::{
    net::{IpAddr, SocketAddr},
    str::FromStr,
};

use ipnet::IpNet;

/// The proxies whose `X-Forwarded-For` is believed; none by default.
#[derive(Clone, Debug, Default)]
pub struct TrustedProxies(Vec<IpNet>);

impl TrustedProxies {
    /// The address of the caller: the peer's, or, behind trusted proxies, the last one
    /// in `forwarded_for` that no trusted proxy has. The caller may have made up
    /// everything that stands before it in the header.
    #[must_use]
    pub fn caller<'a>(
        &self,
        peer: IpAddr,
        forwarded_for: impl DoubleEndedIterator<Item = &'a str>,
    ) -> IpAddr {
        let mut caller = peer.to_canonical();
        for hop in forwarded_for.flat_map(|header| header.split(',')).rev() {
            if !self.trust(caller) {
                break;
            }
            let Some(ip) = parse_hop(hop.trim()) else { break };
            caller = ip.to_canonical();
        }
        caller
    }

    /// Whether this is the address of a trusted proxy.
    #[must_use]
    pub fn trust(&self, ip: IpAddr) -> bool {
        let ip = ip.to_canonical();
        self.0.iter().any(|network| network.contains(&ip))
    }
}

/// Reads `10.0.0.0/8, 2001:db8::1`.
impl FromStr for TrustedProxies {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let networks = text.split(',').map(str::trim).filter(|part| !part.is_empty());
        let networks = networks.map(|part| {
            let parsed = part.parse().or_else(|_| part.parse::<IpAddr>().map(IpNet::from));
            parsed.map_err(|_| format!("“{part}” is no IP address or network"))
        });
        networks.collect::<Result<_, _>>().map(Self)
    }
}

/// An address as proxies write it: alone, with a port, or in brackets.
fn parse_hop(hop: &str) -> Option<IpAddr> {
    let bare = hop.trim_start_matches('[').trim_end_matches(']');
    let with_port = || hop.parse::<SocketAddr>().map(|address| address.ip());
    bare.parse::<IpAddr>().or_else(|_| with_port()).ok()
}
