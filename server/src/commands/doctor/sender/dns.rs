//! Questions to DNS, each with an end.

use std::{net::SocketAddr, time::Duration};

use hickory_resolver::{
    TokioResolver,
    config::{ConnectionConfig, NameServerConfig, ResolveHosts, ResolverConfig},
    net::{DnsError, NetError, runtime::TokioRuntimeProvider},
    proto::rr::{Name, RData, RecordType},
};
use tokio::time::timeout;

/// Timeout of a try, and how many there are.
const TRY: Duration = Duration::from_secs(3);
const TRIES: usize = 2;

/// Timeout of a question, with all tries, servers and aliases.
const QUESTION: Duration = Duration::from_secs(10);

/// The longest text that is looked at: none that means something is nearly as long.
const LONGEST_TEXT: usize = 8 * 1024;

/// What was found.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found<T> {
    /// It is there.
    Some(T),
    /// DNS says that it is not.
    None,
}

/// What was found, or why nobody knows.
pub(super) type Answer<T> = Result<Found<T>, String>;

/// Asks DNS.
pub(super) struct Dns(TokioResolver);

impl Dns {
    /// Asks this server, or those that the system names.
    pub(super) fn new(server: Option<SocketAddr>) -> Result<Self, String> {
        let mut builder = match server {
            Some(server) => {
                let mut connections = [ConnectionConfig::udp(), ConnectionConfig::tcp()];
                for connection in &mut connections {
                    connection.port = server.port();
                }
                let server = NameServerConfig::new(server.ip(), true, connections.into());
                let config = ResolverConfig::from_parts(None, Vec::new(), vec![server]);
                let provider = TokioRuntimeProvider::default();
                TokioResolver::builder_with_config(config, provider)
            }
            None => TokioResolver::builder_tokio().map_err(|error| said(&error))?,
        };
        let options = builder.options_mut();
        options.timeout = TRY;
        options.attempts = TRIES;
        options.use_hosts_file = ResolveHosts::Never;
        Ok(Self(builder.build().map_err(|error| said(&error))?))
    }

    /// The texts at a name, each joined of its strings.
    pub(super) async fn texts(&self, name: &str) -> Answer<Vec<String>> {
        let text = |data: &RData| match data {
            RData::TXT(text) => {
                let bytes = text.txt_data.concat();
                let bytes = bytes.get(..LONGEST_TEXT).unwrap_or(&bytes);
                Some(String::from_utf8_lossy(bytes).into_owned())
            }
            _ => None,
        };
        self.ask(name, RecordType::TXT, text).await
    }

    /// The mail servers of a domain, by their preferences.
    pub(super) async fn mail_servers(&self, domain: &str) -> Answer<Vec<(u16, String)>> {
        let server = |data: &RData| match data {
            RData::MX(mx) => Some((mx.preference, mx.exchange.to_ascii())),
            _ => None,
        };
        self.ask(domain, RecordType::MX, server).await
    }

    /// Whether a domain has an address.
    pub(super) async fn has_address(&self, domain: &str) -> Result<bool, String> {
        let any = |data: &RData| matches!(data, RData::A(_) | RData::AAAA(_)).then_some(());
        for kind in [RecordType::A, RecordType::AAAA] {
            if let Found::Some(_) = self.ask(domain, kind, any).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    async fn ask<T>(
        &self,
        name: &str,
        kind: RecordType,
        read: impl Fn(&RData) -> Option<T>,
    ) -> Answer<Vec<T>> {
        // Without the domains that the system would try behind it.
        let name = Name::from_ascii(format!("{}.", name.trim_end_matches('.')));
        let name = name.map_err(|_| "it is no name that DNS knows".to_owned())?;
        let asked = timeout(QUESTION, self.0.lookup(name, kind)).await;
        let found = match asked {
            Err(_) => return Err("DNS does not answer".to_owned()),
            Ok(Err(NetError::Dns(DnsError::NoRecordsFound(_)))) => return Ok(Found::None),
            Ok(Err(error)) => return Err(said(&error)),
            Ok(Ok(found)) => found,
        };
        let records: Vec<T> =
            found.answers().iter().filter_map(|record| read(&record.data)).collect();
        Ok(if records.is_empty() { Found::None } else { Found::Some(records) })
    }
}

/// An error in words of an operator's.
fn said(error: &NetError) -> String {
    match error {
        NetError::Timeout | NetError::NoConnections | NetError::Io(_) => {
            "DNS does not answer".to_owned()
        }
        NetError::Dns(DnsError::ResponseCode(code)) => format!("DNS answers {code}"),
        error => error.to_string().chars().take(200).flat_map(char::escape_debug).collect(),
    }
}
