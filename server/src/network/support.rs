//! Where support keys are taken from.

use std::{net::IpAddr, str::FromStr};

use super::list::Networks;

/// The networks that support keys are taken from; from anywhere by default.
#[derive(Clone, Debug, Default)]
pub struct SupportNetworks(Networks);

impl SupportNetworks {
    /// Whether a key is taken from this address. One that is not known is in no network.
    #[must_use]
    pub fn admit(&self, ip: Option<IpAddr>) -> bool {
        self.0.is_empty() || ip.is_some_and(|ip| self.0.contain(ip))
    }
}

/// Reads `10.0.0.0/8, 2001:db8::1`.
impl FromStr for SupportNetworks {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        text.parse().map(Self)
    }
}
