//! How often callers may ask for mails, and how often they may call.

use anyhow::bail;
use clap::builder::BoolValueParser;

use super::one_line::{Trimmed, parsed};
use crate::{
    grpc::Gate,
    network::TrustedProxies,
    throttle::{
        Limits, Throttles,
        calls::{CallBuckets, CallRate, TokenCalls},
        mails_in_all::MailsInAll,
    },
};

/// The rate limits, and by which address a caller is counted.
#[derive(clap::Args)]
#[command(next_help_heading = "Rate limits")]
pub struct RateLimits {
    /// Most mails into one mailbox for each way to ask (by its address, by the account's ID, from a
    /// network that the account knows, from a linked machine, as a new address), as COUNT/DURATION.
    /// Several limits are separated by commas, and all of them hold.
    #[arg(long, env = "GESTAN_ACCOUNT_MAILS_PER_ADDRESS", value_name = "LIMITS",
        default_value_t = Throttles::default().mails_per_address,
        value_parser = Trimmed(parsed::<Limits>))]
    mails_per_address: Limits,

    /// Most mails that strangers ask for from one IP address (IPv6: from one /64). The networks around it may have
    /// more: a /56 twice as many, a /48 or an IPv4 /24 eight times.
    #[arg(long, env = "GESTAN_ACCOUNT_MAILS_PER_IP", value_name = "LIMITS",
        default_value_t = Throttles::default().mails_per_ip,
        value_parser = Trimmed(parsed::<Limits>))]
    mails_per_ip: Limits,

    /// Most mails that all callers without a link token together may ask this server for.
    #[arg(
        long,
        env = "GESTAN_ACCOUNT_MAILS_IN_ALL",
        value_name = "LIMITS",
        default_value = "10000/1h",
        value_parser = Trimmed(parsed::<Limits>)
    )]
    mails_in_all: Limits,

    /// Burst of unauthenticated calls allowed per IP address (IPv6: per /64). The networks around it
    /// may have more, as with mails. Calls for reference lists and the privacy notice are counted
    /// apart, by the same limits.
    #[arg(long, env = "GESTAN_ACCOUNT_CALL_BURST", value_name = "COUNT", default_value_t = 60,
        value_parser = Trimmed(clap::value_parser!(u32).range(1..)))]
    call_burst: u32,

    /// Sustained rate of these calls, per second.
    #[arg(long, env = "GESTAN_ACCOUNT_CALLS_PER_SECOND", value_name = "COUNT", default_value_t = 2,
        value_parser = Trimmed(clap::value_parser!(u32).range(1..)))]
    calls_per_second: u32,

    /// Burst of calls allowed per link token.
    #[arg(long, env = "GESTAN_ACCOUNT_LINK_CALL_BURST", value_name = "COUNT", default_value_t = 300,
        value_parser = Trimmed(clap::value_parser!(u32).range(1..)))]
    link_call_burst: u32,

    /// Sustained rate of these calls, per second.
    #[arg(long, env = "GESTAN_ACCOUNT_LINK_CALLS_PER_SECOND", value_name = "COUNT",
        default_value_t = 20, value_parser = Trimmed(clap::value_parser!(u32).range(1..)))]
    link_calls_per_second: u32,

    /// Proxies whose `X-Forwarded-For` is trusted: IP addresses and networks, separated by commas.
    #[arg(
        long,
        env = "GESTAN_ACCOUNT_TRUSTED_PROXIES",
        value_name = "NETWORKS",
        default_value = "",
        value_parser = Trimmed(parsed::<TrustedProxies>)
    )]
    trusted_proxies: TrustedProxies,

    /// Have each connection from a trusted proxy begin with a header of the PROXY protocol, version
    /// 1 or 2, which tells whose it is: for balancers that pass bytes on, and can add no
    /// `X-Forwarded-For`. A trusted proxy that sends none is then refused.
    #[arg(long, env = "GESTAN_ACCOUNT_PROXY_PROTOCOL", value_parser = Trimmed(BoolValueParser::new()))]
    proxy_protocol: bool,
}

impl RateLimits {
    /// The limits that are counted in the database. Those of wrong passwords are not
    /// for the operator to set: the contract promises them.
    #[must_use]
    pub fn throttles(&self) -> Throttles {
        Throttles {
            mails_per_address: self.mails_per_address.clone(),
            mails_per_ip: self.mails_per_ip.clone(),
            ..Throttles::default()
        }
    }

    /// The limit of mails that strangers ask for.
    #[must_use]
    pub fn mails_in_all(&self) -> MailsInAll {
        MailsInAll::new(self.mails_in_all.clone())
    }

    /// The limits of calls without a token, and how their network is known.
    #[must_use]
    pub fn gate(&self) -> Gate {
        let rate = CallRate { burst: self.call_burst, per_second: self.calls_per_second };
        Gate {
            proxies: self.trusted_proxies.clone(),
            buckets: CallBuckets::new(rate),
            reference_buckets: CallBuckets::new(rate),
        }
    }

    /// Whether trusted proxies begin their connections with a PROXY header.
    ///
    /// # Errors
    /// When no proxy is trusted: nobody could then say whose a connection is.
    pub fn proxy_protocol(&self) -> anyhow::Result<bool> {
        if self.proxy_protocol && self.trusted_proxies.is_empty() {
            bail!(
                "--proxy-protocol is believed from trusted proxies only, and there are none: \
                 give the balancer's addresses by --trusted-proxies"
            );
        }
        Ok(self.proxy_protocol)
    }

    /// The limits of calls with a token.
    #[must_use]
    pub fn token_calls(&self) -> TokenCalls {
        CallBuckets::new(CallRate {
            burst: self.link_call_burst,
            per_second: self.link_calls_per_second,
        })
    }
}
