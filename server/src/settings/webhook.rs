//! The webhook: which other system is told what happened to accounts. Off by default.

use std::{path::PathBuf, time::Duration};

use anyhow::{Context as _, anyhow, bail};

use super::{
    duration::Positive,
    one_line::{Trimmed, one_line, parsed},
};
use crate::{
    storage::purge::LONGEST_KEPT,
    webhook::{Bounds, endpoint::Endpoint, secrets::Secrets},
};

/// The longest timeout: a receiver takes an event, and does its work afterwards.
const LONGEST_TIMEOUT: Duration = Duration::from_mins(2);

/// Where events go, and for how long they wait.
#[derive(clap::Args)]
#[command(next_help_heading = "Webhook")]
#[expect(clippy::struct_field_names, reason = "the settings are named after them")]
pub struct WebhookSettings {
    /// Where events go by POST: `https://HOST/PATH`, or `http://` on this machine's loopback. None
    /// are kept without it.
    #[arg(long, env = "GESTAN_ACCOUNT_WEBHOOK_URL", value_name = "URL", hide_env_values = true)]
    webhook_url: Option<String>,

    /// What events are signed with: `whsec_` and 24 to 64 random bytes in Base64; of several,
    /// with blanks between, by each.
    #[arg(
        long,
        env = "GESTAN_ACCOUNT_WEBHOOK_SECRET",
        value_name = "SECRETS",
        hide_env_values = true
    )]
    webhook_secret: Option<String>,

    /// File of certificates in PEM that are trusted beside the system's: the receiver's own, or
    /// that of its authority.
    #[arg(long, env = "GESTAN_ACCOUNT_WEBHOOK_CA_FILE", value_name = "FILE")]
    webhook_ca_file: Option<PathBuf>,

    /// Timeout of a delivery, from the connection to the head of the answer. At most 2m.
    #[arg(long, env = "GESTAN_ACCOUNT_WEBHOOK_TIMEOUT", value_name = "DURATION",
        default_value_t = Duration::from_secs(10).into(),
        value_parser = Trimmed(parsed::<Positive>))]
    webhook_timeout: Positive,

    /// How long an event is tried that the receiver does not take. At most 720h.
    #[arg(long, env = "GESTAN_ACCOUNT_WEBHOOK_KEEP", value_name = "DURATION",
        default_value_t = Duration::from_hours(72).into(),
        value_parser = Trimmed(parsed::<Positive>))]
    webhook_keep: Positive,

    /// Events that may wait. Beyond, the oldest are dropped.
    #[arg(long, env = "GESTAN_ACCOUNT_WEBHOOK_MAX_WAITING", value_name = "COUNT",
        default_value_t = 100_000, value_parser = Trimmed(clap::value_parser!(u32).range(1..)))]
    webhook_max_waiting: u32,
}

impl WebhookSettings {
    /// Where events go; nowhere by default.
    ///
    /// # Errors
    /// When the settings do not fit together, or one of them is of no use. No text shows the URL
    /// or a secret.
    pub fn endpoint(&self) -> anyhow::Result<Option<Endpoint>> {
        let timeout = self.webhook_timeout.unsigned();
        if timeout > LONGEST_TIMEOUT {
            bail!("WEBHOOK_TIMEOUT must not be longer than 2m");
        }
        if self.webhook_keep.signed() > LONGEST_KEPT {
            bail!("WEBHOOK_KEEP must not be longer than 720h");
        }
        let (url, secret) = match (&self.webhook_url, &self.webhook_secret) {
            (None, None) => return Ok(None),
            (Some(url), Some(secret)) => (url, secret),
            (Some(_), None) => bail!(
                "WEBHOOK_URL needs a WEBHOOK_SECRET, without which nobody knows whose events they are"
            ),
            (None, Some(_)) => bail!("WEBHOOK_SECRET is of no use without a WEBHOOK_URL"),
        };
        let secrets: Secrets = secret.parse().map_err(|why| anyhow!("WEBHOOK_SECRET: {why}"))?;
        let url = one_line("WEBHOOK_URL", url)?;
        let endpoint = Endpoint::new(url, secrets, self.webhook_ca_file.as_deref(), timeout);
        Ok(Some(endpoint.context("WEBHOOK_URL")?))
    }

    /// What may wait, and for how long.
    #[must_use]
    pub fn bounds(&self) -> Bounds {
        Bounds { keep: self.webhook_keep.signed(), most: self.webhook_max_waiting.into() }
    }
}
