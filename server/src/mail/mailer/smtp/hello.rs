//! The name by which this server greets a mail server.

use std::str::FromStr;

use lettre::transport::smtp::extension::ClientId;

/// The longest domain, in bytes (RFC 5321, section 4.5.3.1.2).
const MAX_BYTES: usize = 255;

/// What EHLO says: a host's name, or its IP address in brackets. By default the name that the
/// system gives this host.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HelloName(Option<ClientId>);

impl HelloName {
    pub(super) fn to_client_id(&self) -> ClientId {
        self.0.clone().unwrap_or_default()
    }
}

/// Reads `mail.gestan.example`, `[192.0.2.1]` or `[IPv6:2001:db8::1]`; an international name is
/// brought to ASCII.
impl FromStr for HelloName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || "must be a host's name, or an IP address in brackets".to_owned();
        let text = text.trim();
        if let Some(literal) = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            let address = match literal.strip_prefix("IPv6:") {
                Some(address) => address.parse().map(ClientId::Ipv6),
                None => literal.parse().map(ClientId::Ipv4),
            };
            return address.map(|address| Self(Some(address))).map_err(|_| wrong());
        }
        let name = idna::domain_to_ascii_strict(text).map_err(|_| wrong())?;
        if name.is_empty() || name.len() > MAX_BYTES {
            return Err(wrong());
        }
        Ok(Self(Some(ClientId::Domain(name))))
    }
}
