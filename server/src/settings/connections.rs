//! How many connections and calls there may be, and how long they may take.

use std::{num::NonZeroUsize, sync::Arc};

use super::{
    duration::Positive,
    one_line::{Trimmed, parsed},
};
use crate::listener::{Allowance, Allowances, Transport, open_files, tls::Tls};

/// The limits of connections and calls.
#[derive(clap::Args)]
#[command(next_help_heading = "Connections and calls")]
pub struct ConnectionLimits {
    /// Most open connections. For one more, an idle connection is closed, of the network that has
    /// the most.
    #[arg(long, env = "GESTAN_ACCOUNT_MAX_CONNECTIONS", value_name = "COUNT",
        default_value_t = count(Transport::default().max_connections),
        value_parser = Trimmed(parsed::<NonZeroUsize>))]
    max_connections: NonZeroUsize,

    /// Most open connections of one IPv4 address, or of one IPv6 /64. A /56 may have twice as many,
    /// a /48 and an IPv4 /24 eight times. For one more, the one that is idle the longest is closed.
    #[arg(long, env = "GESTAN_ACCOUNT_MAX_CONNECTIONS_PER_IP", value_name = "COUNT",
        default_value_t = count(Transport::default().max_connections_per_ip),
        value_parser = Trimmed(parsed::<NonZeroUsize>))]
    max_connections_per_ip: NonZeroUsize,

    /// Most calls in progress. A call counts until its caller has taken the answer. Further calls
    /// get `RESOURCE_EXHAUSTED`.
    #[arg(long, env = "GESTAN_ACCOUNT_MAX_UNFINISHED_CALLS", value_name = "COUNT",
        default_value_t = count(Transport::default().allowances.calls.max),
        value_parser = Trimmed(parsed::<NonZeroUsize>))]
    max_unfinished_calls: NonZeroUsize,

    /// Most calls in progress from one IPv4 address, or from one IPv6 /64; wider networks as for
    /// connections.
    #[arg(long, env = "GESTAN_ACCOUNT_MAX_UNFINISHED_CALLS_PER_IP", value_name = "COUNT",
        default_value_t = count(Transport::default().allowances.calls.per_share),
        value_parser = Trimmed(parsed::<NonZeroUsize>))]
    max_unfinished_calls_per_ip: NonZeroUsize,

    /// Timeout of the TLS handshake, and then of the preface of HTTP/2. The first byte must come
    /// within 3 seconds.
    #[arg(long, env = "GESTAN_ACCOUNT_HANDSHAKE_TIMEOUT", value_name = "DURATION",
        default_value_t = Transport::default().handshake_timeout.into(),
        value_parser = Trimmed(parsed::<Positive>))]
    handshake_timeout: Positive,

    /// Close a connection on which no call has run for so long. Clients reconnect when they need to.
    #[arg(long, env = "GESTAN_ACCOUNT_IDLE_TIMEOUT", value_name = "DURATION",
        default_value_t = Transport::default().idle_timeout.into(),
        value_parser = Trimmed(parsed::<Positive>))]
    idle_timeout: Positive,

    /// Longest deadline of a call, whatever its caller asks for. A connection whose peer has not
    /// taken the answer a second later is closed.
    #[arg(long, env = "GESTAN_ACCOUNT_CALL_DEADLINE", value_name = "DURATION",
        default_value_t = Transport::default().call_deadline.into(),
        value_parser = Trimmed(parsed::<Positive>))]
    call_deadline: Positive,
}

impl ConnectionLimits {
    /// How many files may be open, raised as far as the system allows, where it says so; and how
    /// many connections are to be.
    #[must_use]
    pub fn open_files(&self) -> (Option<usize>, usize) {
        let files = open_files::raise_limit().and_then(|limit| usize::try_from(limit).ok());
        (files, self.max_connections.get())
    }

    /// What connections are taken by. Warns when the system allows fewer open files
    /// than connections.
    #[must_use]
    pub fn transport(&self, tls: Option<Arc<Tls>>) -> Transport {
        let (files, max_connections) = self.open_files();
        if files.is_some_and(|files| files < max_connections) {
            tracing::warn!(files, max_connections, "fewer files may be open than connections");
        }
        let usual = Transport::default();
        let calls = Allowance {
            max: self.max_unfinished_calls.get(),
            per_share: self.max_unfinished_calls_per_ip.get(),
        };
        Transport {
            tls,
            max_connections,
            max_connections_per_ip: self.max_connections_per_ip.get(),
            handshake_timeout: self.handshake_timeout.unsigned(),
            idle_timeout: self.idle_timeout.unsigned(),
            call_deadline: self.call_deadline.unsigned(),
            allowances: Allowances { calls, ..usual.allowances },
            ..usual
        }
    }
}

/// A default, which is never zero.
fn count(number: usize) -> NonZeroUsize {
    NonZeroUsize::new(number).unwrap_or(NonZeroUsize::MIN)
}
