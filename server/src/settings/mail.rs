//! How mail is sent.

use std::time::Duration;

use anyhow::{anyhow, bail};
use jiff::tz::TimeZone;

use super::duration::Positive;
use crate::mail::{mailer::Mailer, outbox::OutboxConfig};

/// The usual lease of a mail.
pub const LEASE: Duration = Duration::from_secs(90);

/// The usual time zone of the times in mails.
pub const TIME_ZONE: &str = "Europe/Paris";

/// The mail relay and the outbox.
#[derive(clap::Args)]
#[command(next_help_heading = "Mail")]
pub struct MailSettings {
    /// Where mail goes: `file:FOLDER` (an `.eml` file each), `smtp://HOST`,
    /// `smtp+starttls://USER:PASSWORD@HOST`, `smtps://USER:PASSWORD@HOST`. With TLS, `?ca=FILE`
    /// trusts one more certificate.
    #[arg(
        long,
        env = "GESTAN_ACCOUNT_MAIL_URL",
        value_name = "URL",
        default_value = "file:data/mail",
        hide_env_values = true
    )]
    mail_url: String,

    /// Sender of the mails.
    #[arg(
        long,
        env = "GESTAN_ACCOUNT_MAIL_FROM",
        value_name = "ADDRESS",
        default_value = "Gestan <compte@gestan.invalid>"
    )]
    mail_from: String,

    /// Timeout of the mail server for one mail.
    #[arg(
        long,
        env = "GESTAN_ACCOUNT_MAIL_TIMEOUT",
        value_name = "DURATION",
        default_value = "20s"
    )]
    mail_timeout: Positive,

    /// How long a mail is reserved for the server that sends it. If that server crashes, another
    /// one sends the mail afterwards. At least four times the timeout, unless mail goes to files.
    #[arg(long, env = "GESTAN_ACCOUNT_MAIL_LEASE", value_name = "DURATION",
        default_value_t = LEASE.into())]
    mail_lease: Positive,

    /// Time zone of the times in mails.
    #[arg(long, env = "GESTAN_ACCOUNT_TIME_ZONE", value_name = "NAME",
        default_value = TIME_ZONE, value_parser = time_zone)]
    time_zone: TimeZone,
}

impl MailSettings {
    /// What hands mails over.
    ///
    /// # Errors
    /// When there is no such mailer, or its folder or certificate cannot be used.
    pub fn mailer(&self) -> anyhow::Result<Mailer> {
        let timeout = self.mail_timeout.unsigned();
        let is_file = self.mail_url.starts_with("file:");
        if !is_file && self.mail_lease.unsigned() < timeout * 4 {
            bail!("the mail lease must be at least four times the mail time-out");
        }
        Ok(Mailer::from_url(&self.mail_url, &self.mail_from, timeout)?)
    }

    /// How the outbox uses it.
    ///
    /// # Errors
    /// When the sender is no address.
    pub fn outbox_config(&self) -> anyhow::Result<OutboxConfig> {
        let domain = self.mail_from.rsplit_once('@').map(|(_, domain)| domain);
        let domain = domain.ok_or_else(|| anyhow!("the sender must be an address"))?;
        Ok(OutboxConfig {
            message_id_domain: domain.trim_end_matches('>').to_owned(),
            lease: self.mail_lease.unsigned(),
            time_zone: self.time_zone.clone(),
        })
    }
}

fn time_zone(name: &str) -> Result<TimeZone, String> {
    TimeZone::get(name).map_err(|error| error.to_string())
}
