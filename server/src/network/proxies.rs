//! The address that a call comes from when proxies stand before this server.

use std::{
    net::{IpAddr, SocketAddr},
    str::FromStr,
};

use super::list::Networks;

/// The proxies whose `X-Forwarded-For` is believed; none by default.
#[derive(Clone, Debug, Default)]
pub struct TrustedProxies(Networks);

impl TrustedProxies {
    /// The address of the caller: the peer's, or, behind trusted proxies, the last one
    /// in the lines of `forwarded_for` that no trusted proxy has. The caller may have made
    /// up everything that stands before it, be it text or not.
    #[must_use]
    pub fn caller<'a>(
        &self,
        peer: IpAddr,
        forwarded_for: impl DoubleEndedIterator<Item = &'a [u8]>,
    ) -> IpAddr {
        let mut caller = peer.to_canonical();
        for hop in forwarded_for.flat_map(|line| line.split(|byte| *byte == b',')).rev() {
            if !self.trust(caller) {
                break;
            }
            let Some(ip) = parse_hop(hop.trim_ascii()) else { break };
            caller = ip.to_canonical();
        }
        caller
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether this is the address of a trusted proxy.
    #[must_use]
    pub fn trust(&self, ip: IpAddr) -> bool {
        self.0.contain(ip)
    }
}

/// Reads `10.0.0.0/8, 2001:db8::1`.
impl FromStr for TrustedProxies {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        text.parse().map(Self)
    }
}

/// An address as proxies write it: alone, with a port, or in brackets.
fn parse_hop(hop: &[u8]) -> Option<IpAddr> {
    let hop = str::from_utf8(hop).ok()?;
    let bare = hop.trim_start_matches('[').trim_end_matches(']');
    let with_port = || hop.parse::<SocketAddr>().map(|address| address.ip());
    bare.parse::<IpAddr>().or_else(|_| with_port()).ok()
}
