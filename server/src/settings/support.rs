//! The support desk: from where its keys are taken, and how often.

use super::{
    duration::Delay,
    one_line::{Trimmed, parsed},
};
use crate::{
    accounts::{Lifetimes, SupportKeys},
    network::SupportNetworks,
    throttle::calls::CallBuckets,
};

/// The support desk.
#[derive(clap::Args)]
#[command(next_help_heading = "Support desk")]
#[expect(clippy::struct_field_names, reason = "the settings are named after them")]
pub struct SupportSettings {
    /// Networks that support keys are taken from: IP addresses and networks, separated by commas;
    /// from anywhere by default. Elsewhere a key is refused, and the log warns.
    #[arg(
        long,
        env = "GESTAN_ACCOUNT_SUPPORT_NETWORKS",
        value_name = "NETWORKS",
        default_value = "",
        value_parser = Trimmed(parsed::<SupportNetworks>)
    )]
    support_networks: SupportNetworks,

    /// Calls that each support key may make in a minute, as a burst or one after the other. Beyond,
    /// a call is refused until there is room again.
    #[arg(long, env = "GESTAN_ACCOUNT_SUPPORT_CALLS_PER_MINUTE", value_name = "COUNT",
        default_value_t = 120, value_parser = Trimmed(clap::value_parser!(u32).range(1..)))]
    support_calls_per_minute: u32,

    /// From a change of address by the support desk to the mail that brings its code to the new
    /// address; meanwhile the owner of the old one, who is told at once, can object. At most 72h; 0s
    /// mails it at once.
    #[arg(long, env = "GESTAN_ACCOUNT_SUPPORT_EMAIL_DELAY", value_name = "DURATION",
        default_value_t = Lifetimes::default().email_delay.into(),
        value_parser = Trimmed(parsed::<Delay>))]
    support_email_delay: Delay,
}

impl SupportSettings {
    /// How long things last, the desk's among them.
    #[must_use]
    pub fn lifetimes(&self, others: Lifetimes) -> Lifetimes {
        Lifetimes { email_delay: self.support_email_delay.signed(), ..others }
    }

    /// From where support keys are taken, and how often.
    #[must_use]
    pub fn keys(&self) -> SupportKeys {
        SupportKeys {
            networks: self.support_networks.clone(),
            calls: CallBuckets::per_minute(self.support_calls_per_minute),
        }
    }
}
