//! How mail is sent.

use std::time::Duration;

use anyhow::Context as _;
use jiff::tz::TimeZone;

use super::{
    duration::Positive,
    one_line::{Trimmed, one_line, parsed},
    time_zone::TimeZoneSetting,
};
use crate::mail::{
    mailer::{HelloName, Mailer, MailerError, Sender, SmtpOptions, Timeouts},
    message::Letterhead,
    outbox::OutboxConfig,
};

/// The usual lease of a mail.
pub const LEASE: Duration = Duration::from_secs(90);

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

    /// Another mail server (`smtps://USER:PASSWORD@HOST`, as in `MAIL_URL`), for while that one is
    /// away: cannot be reached, shows a wrong certificate, refuses the password or the sender.
    #[arg(
        long,
        env = "GESTAN_ACCOUNT_MAIL_FALLBACK_URL",
        value_name = "URL",
        hide_env_values = true
    )]
    mail_fallback_url: Option<String>,

    /// Sender of the mails. An international domain is written in ASCII; before the `@` stands
    /// ASCII only.
    #[arg(
        long,
        env = "GESTAN_ACCOUNT_MAIL_FROM",
        value_name = "ADDRESS",
        default_value = "Gestan <compte@gestan.invalid>"
    )]
    mail_from: String,

    /// The name by which this server greets the mail server (EHLO), or its IP address in brackets.
    /// By default the host's name.
    #[arg(long, env = "GESTAN_ACCOUNT_MAIL_EHLO_NAME", value_name = "NAME",
        value_parser = Trimmed(parsed::<HelloName>))]
    mail_ehlo_name: Option<HelloName>,

    /// Timeout of connecting to the mail server, and of each TLS handshake with it. The phases
    /// of a mail behind it have the timeouts of RFC 5321, up to 10 minutes.
    #[arg(long, env = "GESTAN_ACCOUNT_MAIL_TIMEOUT", value_name = "DURATION",
        default_value_t = Timeouts::default().connect.into(),
        value_parser = Trimmed(parsed::<Positive>))]
    mail_timeout: Positive,

    /// How long a mail is reserved for the server that sends it, which renews that while it does.
    /// If that server crashes, another one sends the mail afterwards.
    #[arg(long, env = "GESTAN_ACCOUNT_MAIL_LEASE", value_name = "DURATION",
        default_value_t = LEASE.into(), value_parser = Trimmed(parsed::<Positive>))]
    mail_lease: Positive,

    #[command(flatten)]
    time_zone: TimeZoneSetting,
}

impl MailSettings {
    /// The time zone of those who read what is told.
    #[must_use]
    pub fn time_zone(&self) -> &TimeZone {
        self.time_zone.get()
    }

    /// What hands mails over.
    ///
    /// # Errors
    /// When there is no such mailer, or its folder or certificate cannot be used.
    pub fn mailer(&self) -> anyhow::Result<Mailer> {
        let connect = self.mail_timeout.unsigned();
        let options = SmtpOptions {
            hello: self.mail_ehlo_name.clone().unwrap_or_default(),
            timeouts: Timeouts { connect, ..Timeouts::default() },
        };
        let url = one_line("MAIL_URL", &self.mail_url)?;
        let fallback = self.mail_fallback_url.as_deref();
        let fallback = fallback.map(|url| one_line("MAIL_FALLBACK_URL", url)).transpose()?;
        let mailer =
            Mailer::from_urls(url, fallback, self.mail_from()?, &options).map_err(|error| {
                let setting = setting_of(&error);
                anyhow::Error::new(error).context(setting)
            })?;
        tell_what_is_trusted(&mailer);
        Ok(mailer)
    }

    /// Makes the same and lets it go, unless it would make a folder.
    ///
    /// # Errors
    /// Those of [`mailer`](Self::mailer).
    pub fn check(&self) -> anyhow::Result<()> {
        if self.is_in_files() {
            return Ok(());
        }
        self.mailer().map(drop)
    }

    /// How the outbox uses it.
    ///
    /// # Errors
    /// When the sender is no address.
    pub fn outbox_config(&self, letterhead: Letterhead) -> anyhow::Result<OutboxConfig> {
        let sender = self.parsed_sender()?;
        Ok(OutboxConfig {
            message_id_domain: sender.domain().to_owned(),
            lease: self.mail_lease.unsigned(),
            time_zone: self.time_zone.get().clone(),
            letterhead,
        })
    }

    /// Whether mails are put into files.
    #[must_use]
    pub fn is_in_files(&self) -> bool {
        self.mail_url.trim().starts_with("file:")
    }

    /// Whether the sender has a domain that is never anybody's (RFC 2606).
    ///
    /// # Errors
    /// When the sender is no address.
    pub fn is_sender_invalid(&self) -> anyhow::Result<bool> {
        let sender = self.parsed_sender()?;
        let top = sender.domain().rsplit('.').next();
        Ok(top.is_some_and(|top| top.eq_ignore_ascii_case("invalid")))
    }

    /// The sender's domain, in ASCII.
    ///
    /// # Errors
    /// When the sender is no address.
    pub fn sender_domain(&self) -> anyhow::Result<String> {
        let sender = self.parsed_sender()?;
        Ok(sender.domain().to_owned())
    }

    /// Whose name the mails bear.
    ///
    /// # Errors
    /// When there is a line break in it.
    pub fn sender(&self) -> anyhow::Result<&str> {
        self.mail_from()
    }

    fn parsed_sender(&self) -> anyhow::Result<Sender> {
        self.mail_from()?.parse::<Sender>().context("MAIL_FROM")
    }

    fn mail_from(&self) -> anyhow::Result<&str> {
        one_line("MAIL_FROM", &self.mail_from)
    }
}

/// Which setting is wrong.
fn setting_of(error: &MailerError) -> &'static str {
    match error {
        MailerError::From | MailerError::FromLocalPart => "MAIL_FROM",
        MailerError::Fallback(_) | MailerError::FallbackOfFiles => "MAIL_FALLBACK_URL",
        _ => "MAIL_URL",
    }
}

fn tell_what_is_trusted(mailer: &Mailer) {
    let Mailer::Smtp(smtp) = mailer else { return };
    for certificate in smtp.named_certificates() {
        tracing::info!(
            subject = certificate.subject(),
            issuer = certificate.issuer(),
            until = %certificate.not_after(),
            "the mail server may show this certificate, or one that it signed"
        );
    }
    if smtp.lacks_roots() {
        tracing::warn!(
            "this machine has no root certificates, so that no mail server can be trusted: \
             install them (the package ca-certificates), or name the mail server's by ?ca=FILE"
        );
    }
}
