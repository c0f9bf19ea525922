//! Where mails go: to an SMTP relay, into a folder, or into memory, for our own tests and, on a
//! testing server, for those of others.
//!
//! A mailer hands over one mail once and says how that went; retries, back-off and counting are
//! the outbox's. Nothing in here may log a mail, nor put an address, a server's own words or the
//! SMTP password into an error: every error ends in a log.

mod file;
mod mailbox;
mod memory;
mod mime;
mod relay;
mod sender;
mod smtp;

use std::{fmt, path::PathBuf, time::SystemTime};

use tokio::sync::watch;

use self::relay::Relay;
pub use self::{
    file::File,
    mailbox::{Mailbox, Received},
    memory::{Memory, Sent},
    sender::Sender,
    smtp::{HelloName, Smtp, SmtpOptions, Timeouts},
};
use super::message::{CodeInMail, Message};
use crate::certificates::TrustError;

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
    /// The code in it, which only a [`Mailbox`] looks at.
    pub code: Option<CodeInMail>,
}

/// Shows neither the address nor the bodies.
impl fmt::Debug for Envelope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Envelope").field("message_id", &self.message_id).finish_non_exhaustive()
    }
}

/// How far the handing over of a mail has come, for whoever may have to give it up in between.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Progress {
    /// Nothing of the mail's text has been sent: the mail server cannot have taken it.
    #[default]
    Envelope,
    /// The text has begun: the mail server may take the mail without our knowing.
    Text,
    /// The text has ended, and the mail server lets its reply be waited for.
    Reply,
}

/// Where mails go. A clone shares everything with its original.
#[derive(Debug, Clone)]
pub enum Mailer {
    /// To an SMTP relay, or its fallback.
    Smtp(Smtp),
    /// Into a folder, a file each.
    File(File),
    /// Into memory, for tests.
    Memory(Memory),
    /// To nobody: a testing server keeps the codes.
    Testing(Mailbox),
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
    /// certificates of that file besides the system's: authorities, or the relay's own.
    ///
    /// # Errors
    ///
    /// [`MailerError`] says which part of the URL or the sender cannot be used. It never shows
    /// the URL, which may hold a password.
    pub fn from_url(url: &str, from: &str, smtp: &SmtpOptions) -> Result<Self, MailerError> {
        Self::from_urls(url, None, from, smtp)
    }

    /// As [`Mailer::from_url`], with the URL of another relay, for while the first one is away.
    ///
    /// # Errors
    ///
    /// [`MailerError`], which is [`MailerError::Fallback`] for the second URL.
    pub fn from_urls(
        url: &str,
        fallback: Option<&str>,
        from: &str,
        smtp: &SmtpOptions,
    ) -> Result<Self, MailerError> {
        let from: Sender = from.parse()?;
        if let Some(path) = url.strip_prefix("file:") {
            if fallback.is_some() {
                return Err(MailerError::FallbackOfFiles);
            }
            let folder = PathBuf::from(path.strip_prefix("//").unwrap_or(path));
            return Ok(Self::File(File::open(folder, from.into_mailbox())?));
        }
        let relay = Relay::parse(url)?;
        let fallback = fallback.map(Relay::parse).transpose().map_err(MailerError::of_fallback)?;
        Ok(Self::Smtp(Smtp::new(relay, fallback, from, smtp)?))
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
        self.send_and_tell(envelope, &watch::Sender::default()).await.map(drop)
    }

    /// As [`Mailer::send`], telling meanwhile how far it has come, and at the end which file it
    /// is in, if mails go into files. It may take as long as all the [`Timeouts`] together, and
    /// may be dropped at any moment.
    ///
    /// # Errors
    ///
    /// [`SendError`] says whether trying again can help.
    pub async fn send_and_tell(
        &self,
        envelope: &Envelope,
        progress: &watch::Sender<Progress>,
    ) -> Result<Option<PathBuf>, SendError> {
        match self {
            Self::Smtp(smtp) => smtp.send(envelope, progress).await.map(|()| None),
            Self::File(file) => file.send(envelope).await.map(Some),
            Self::Memory(memory) => memory.send(envelope).map(|()| None),
            Self::Testing(mailbox) => mailbox.send(envelope).map(|()| None),
        }
    }

    /// Where mails go, without user and password.
    #[must_use]
    pub fn place(&self) -> String {
        match self {
            Self::Smtp(smtp) => smtp.place(),
            Self::File(file) => format!("file:{}", file.folder().display()),
            Self::Memory(_) => "memory".to_owned(),
            Self::Testing(_) => "nobody".to_owned(),
        }
    }
}

/// Why a mail was not handed over. `detail` is fit for a log: a reply code or a class of failure.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// Trying again later can help.
    #[error("mail not sent for now: {detail}")]
    Temporary {
        /// The reply code and enhanced code (`451 4.3.0`), or a class (`connection`, `invalid address`).
        detail: String,
        /// Whether the server certainly did not take the mail. If it may have, a retry may bring
        /// the mail twice.
        definite: bool,
    },
    /// The mail server says that the recipient will never get this mail. Nothing else is permanent:
    /// whatever no reply has caused, the operator or the next version of this program can mend.
    #[error("mail refused: {detail}")]
    Permanent {
        /// The reply code and enhanced code (`550 5.1.1`).
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

    fn detail(&self) -> &str {
        let (Self::Temporary { detail, .. } | Self::Permanent { detail }) = self;
        detail
    }
}

/// Why a mailer cannot be made of what the operator configured.
#[derive(Debug, thiserror::Error)]
pub enum MailerError {
    /// The sender is no address.
    #[error("the sender must be an address, such as \"Gestan <compte@gestan.example>\"")]
    From,
    /// The sender's address has before its `@` what few mail servers take.
    #[error("the sender's address must be plain ASCII before its @, without quotation marks")]
    FromLocalPart,
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
    /// The file of `?ca=` is of no use, or there is no TLS.
    #[error(transparent)]
    Trust(#[from] TrustError),
    /// What is wrong with the fallback.
    #[error("of the fallback: {0}")]
    Fallback(Box<MailerError>),
    /// There is nothing to fall back from.
    #[error("a fallback is for a mail URL that names a mail server, not for files")]
    FallbackOfFiles,
    /// The mail folder cannot be made or used.
    #[error("the mail folder {} cannot be used", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

impl MailerError {
    fn of_fallback(self) -> Self {
        Self::Fallback(Box::new(self))
    }
}
