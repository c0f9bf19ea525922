//! What DNS says of the sender's domain: whether other mail servers have a reason to believe that
//! its mails are its own.
//!
//! Nothing is guessed. What cannot be asked, or is not looked at, is said to be so: whether the
//! relay's address may send for the domain is seen in a mail that arrived, and nowhere else.

mod dkim;
mod dmarc;
mod dns;
mod mx;
mod spf;

use std::net::{IpAddr, SocketAddr};

use anyhow::bail;

use self::dns::{Dns, Found};
use super::finding::Finding;
use crate::settings::mail::MailSettings;

const AREA: &str = "sender";

/// The port of a DNS server.
const DNS_PORT: u16 = 53;

/// Top-level domains that are never anybody's (RFC 2606), but for that of a first trial, which
/// the area of mail tells.
const RESERVED: [&str; 3] = ["example", "localhost", "test"];

/// What `doctor` is told of the sender's domain.
#[derive(clap::Args)]
pub(super) struct SenderFlags {
    /// Selector of a DKIM key by which the relay signs: the `s=` of `DKIM-Signature` in a mail that
    /// it sent. Several are separated by commas.
    #[arg(long, value_name = "SELECTORS", value_delimiter = ',')]
    dkim_selector: Vec<String>,

    /// DNS server to ask, instead of this machine's: an IP address, perhaps with a port. One that is
    /// outside says what other mail servers see.
    #[arg(long, value_name = "ADDRESS")]
    dns: Option<String>,
}

impl SenderFlags {
    /// Whom to ask.
    ///
    /// # Errors
    /// When that is no address.
    pub(super) fn server(&self) -> anyhow::Result<Option<SocketAddr>> {
        let Some(text) = self.dns.as_deref() else { return Ok(None) };
        let server = text.parse::<SocketAddr>();
        let server = server.or_else(|_| text.parse::<IpAddr>().map(|ip| (ip, DNS_PORT).into()));
        match server {
            Ok(server) => Ok(Some(server)),
            Err(_) => bail!("--dns is no IP address, nor one with a port: {text:?}"),
        }
    }
}

/// Looks at the sender's domain, if its mails go to a relay.
pub(super) async fn examine(
    settings: &MailSettings,
    flags: &SenderFlags,
    server: Option<SocketAddr>,
    findings: &mut Vec<Finding>,
) {
    // What is wrong with the sender is told as a setting.
    let Ok(domain) = settings.sender_domain() else { return };
    if settings.is_in_files() || settings.is_sender_invalid().unwrap_or_default() {
        return;
    }
    let top = domain.rsplit('.').next().unwrap_or_default().to_ascii_lowercase();
    if RESERVED.contains(&&*top) {
        findings.push(Finding::warning(
            AREA,
            format!("not looked at: {domain} is nobody's (RFC 2606)"),
            "set MAIL_FROM to an address of yours",
        ));
        return;
    }
    let dns = match Dns::new(server) {
        Ok(dns) => dns,
        Err(error) => {
            findings.push(not_checked("the sender's domain", &error));
            return;
        }
    };
    match mx::examine(&dns, &domain).await {
        Ok(Found::Some(finding)) => findings.push(finding),
        Ok(Found::None) => {
            findings.push(Finding::problem(
                AREA,
                format!("{domain} is no domain with an address or a mail server"),
                "set MAIL_FROM to an address whose domain takes mails: answers and refusals go \
                 there",
            ));
            return;
        }
        // Each further question would wait as long.
        Err(error) => {
            findings.push(not_checked(&domain, &error));
            return;
        }
    }
    findings.push(spf::examine(&dns, &domain).await);
    findings.extend(dkim::examine(&dns, &domain, &flags.dkim_selector).await);
    findings.push(dmarc::examine(&dns, &domain).await);
}

/// What could not be asked is neither in order nor wrong.
fn not_checked(what: &str, error: &str) -> Finding {
    Finding::warning(
        AREA,
        format!("not checked: {what}: {error}"),
        "run it again when DNS answers, or name a server that does by --dns",
    )
}

/// A record as it is shown: other people have written it, and a terminal reads it.
fn shown(text: &str) -> String {
    const LONGEST: usize = 120;
    let mut shown: String = text.chars().take(LONGEST).flat_map(char::escape_debug).collect();
    if text.chars().count() > LONGEST {
        shown.push('…');
    }
    shown
}
