//! Where mails go: to an SMTP relay, into a folder, or into memory for tests.
//!
//! A mailer hands over one mail once and says how that went; retries, back-off and counting are
//! the outbox's. Nothing in here may log, nor put an address, a server's own words or the SMTP
//! password into an error: every error ends in a log.

mod file;
mod memory;
mod mime;
mod relay;
mod smtp;

use std::{fmt, path::PathBuf, time::Duration, time::SystemTime};

use lettre::message::Mailbox;

pub use self::{
    file::File,
    memory::{Memory, Sent},
    smtp::Smtp,
};
use super::message::Message;

/// A composed mail with what the transport needs to know.
#[derive(Clone)]
pub struct Envelope {
    /// The `Message-ID` without its angle brackets; the same in every retry of a mail.
    pub message_id: String,
    /// The address, with its domain in ASCII.
    pub to: String,
    /// When this mail is handed over: what its `Date` says.
    pub date: SystemTime,
    /// The mail.
    pub message: Message,
}

/// Shows neither the address nor the bodies.
impl fmt::Debug for Envelope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Envelope").field("message_id", &self.message_id).finish_non_exhaustive()
    }
}

/// Where mails go. A clone shares everything with its original.
#[derive(Debug, Clone)]
pub enum Mailer {
    /// To an SMTP relay.
    Smtp(Smtp),
    /// Into a folder, a file each.
    File(File),
    /// Into memory, for tests.
    Memory(Memory),
}

impl Mailer {
    /// Makes a mailer from the operator's URL and sender (`Gestan <compte@gestan.example>`).
    ///
    /// - `file:PATH`: files in that folder, which is made if it is not there.
    /// - `smtp://host[:port]`: in the clear, port 25.
    /// - `smtp+starttls://[user:password@]host[:port]`: STARTTLS required, port 587.
    /// - `smtps://[user:password@]host[:port]`: TLS from the start, port 465.
    ///
    /// User and password are percent-decoded. With TLS, `?ca=/path/to/ca.pem` trusts the
    /// certificates of that file besides the system's. `timeout` holds for the dialogue before the
    /// mail's text, and once more for the text, so [`Mailer::send`] takes at most twice as long.
    ///
    /// # Errors
    ///
    /// [`MailerError`] says which part of the URL or the sender cannot be used. It never shows
    /// the URL, which may hold a password.
    pub fn from_url(url: &str, from: &str, timeout: Duration) -> Result<Self, MailerError> {
        let from: Mailbox = from.parse().map_err(|_| MailerError::From)?;
        match url.strip_prefix("file:") {
            Some(path) => {
                let folder = PathBuf::from(path.strip_prefix("//").unwrap_or(path));
                Ok(Self::File(File::open(folder, from)?))
            }
            None => Ok(Self::Smtp(Smtp::new(relay::Relay::parse(url)?, from, timeout)?)),
        }
    }

    /// Makes a mailer that keeps mails in memory, for tests.
    #[must_use]
    pub fn memory() -> Self {
        Self::Memory(Memory::default())
    }

    /// Hands a mail over. It is safe to repeat after a [`SendError::Temporary`]: a mail that comes
    /// twice has one `Message-ID`, by which mail programs tell that it is the same.
    ///
    /// # Errors
    ///
    /// [`SendError`] says whether trying again can help.
    pub async fn send(&self, envelope: &Envelope) -> Result<(), SendError> {
        match self {
            Self::Smtp(smtp) => smtp.send(envelope).await,
            Self::File(file) => file.send(envelope).await,
            Self::Memory(memory) => memory.send(envelope),
        }
    }
}

/// Why a mail was not handed over. `detail` is fit for a log: a reply code or a class of failure.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// Trying again later can help.
    #[error("mail not sent for now: {detail}")]
    Temporary {
        /// The reply code and enhanced code (`451 4.3.0`), or a class (`connection`).
        detail: String,
        /// Whether the server certainly did not take the mail. If it may have, a retry may bring
        /// the mail twice.
        definite: bool,
    },
    /// This mail will never be taken.
    #[error("mail refused: {detail}")]
    Permanent {
        /// The reply code and enhanced code (`550 5.1.1`), or a class (`invalid address`).
        detail: String,
    },
}

impl SendError {
    fn temporary(detail: impl Into<String>, definite: bool) -> Self {
        Self::Temporary { detail: detail.into(), definite }
    }

    fn permanent(detail: impl Into<String>) -> Self {
        Self::Permanent { detail: detail.into() }
    }
}

/// Why a mailer cannot be made of what the operator configured.
#[derive(Debug, thiserror::Error)]
pub enum MailerError {
    /// The sender is no address.
    #[error("the sender must be an address, such as \"Gestan <compte@gestan.example>\"")]
    From,
    /// The URL begins with none of the known schemes.
    #[error("the mail URL must begin with file:, smtp://, smtp+starttls:// or smtps://")]
    Scheme,
    /// The URL has no usable host.
    #[error("the mail URL has no usable host name")]
    Host,
    /// The URL's port is no port.
    #[error("the port in the mail URL must be a number from 1 to 65535")]
    Port,
    /// The user or the password is not given whole, or not percent-encoded.
    #[error("the mail URL must give user:password, with special characters percent-encoded")]
    Credentials,
    /// A password would cross the network readable.
    #[error("smtp:// sends in the clear: use smtp+starttls:// or smtps:// with a password")]
    CleartextCredentials,
    /// The URL asks for something unknown after its host.
    #[error("after the host, the mail URL may hold ?ca=FILE only, and that only with TLS")]
    Query,
    /// The file of `?ca=` cannot be read.
    #[error("the certificate file {} cannot be read", path.display())]
    CertificateFile {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file of `?ca=` holds no certificate that can be trusted.
    #[error("the certificate file {} holds no usable PEM certificate", path.display())]
    Certificate {
        /// The file.
        path: PathBuf,
    },
    /// TLS could not be set up.
    #[error("TLS could not be set up for the mail server")]
    Tls,
    /// The mail folder cannot be made or used.
    #[error("the mail folder {} cannot be used", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}
