//! Networks as an operator lists them.

use std::{net::IpAddr, str::FromStr};

use ipnet::IpNet;

/// Networks, perhaps none.
#[derive(Clone, Debug, Default)]
pub(super) struct Networks(Vec<IpNet>);

impl Networks {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn contain(&self, ip: IpAddr) -> bool {
        let ip = ip.to_canonical();
        self.0.iter().any(|network| network.contains(&ip))
    }
}

/// Reads `10.0.0.0/8, 2001:db8::1`.
impl FromStr for Networks {
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
