//! A mail of the outbox as its operator sees it: what became of it, and never what it says.

use std::{fmt, str::FromStr};

use jiff::Timestamp;
use uuid::Uuid;

use crate::domain::locale::Locale;

/// What became of a mail, or is about to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MailState {
    /// It waits for its first turn.
    Waiting,
    /// It was tried in vain, and will be again.
    Deferred,
    /// A server sends it just now.
    Sending,
    /// A mail server took it.
    Sent,
    /// A mail server refused it for good, or never said whether it took it.
    Failed,
    /// It could not be sent while it was of use.
    Expired,
    /// There was nothing to send any more, or nobody to send it to.
    Dropped,
}

/// A mail of the outbox.
#[derive(Clone)]
pub struct QueuedMail {
    /// Its ID, which makes its Message-ID.
    pub id: Uuid,
    /// What it tells, as JSON.
    pub letter: String,
    /// To whom, with the domain in ASCII; none when the address is nobody's.
    pub recipient: Option<String>,
    /// In which language.
    pub locale: Locale,
    /// What became of it.
    pub state: MailState,
    /// How often it was tried.
    pub attempts: u32,
    /// After how many of these tries the mail server may have taken it.
    pub uncertain_attempts: u32,
    /// When it is tried next.
    pub next_attempt_time: Timestamp,
    /// When it was enqueued.
    pub create_time: Timestamp,
    /// Until when it is of use.
    pub expire_time: Timestamp,
    /// When it ended.
    pub end_time: Option<Timestamp>,
    /// Why the last try failed.
    pub last_error: Option<String>,
}

impl MailState {
    /// All of them, those that want an operator's eye first.
    pub const ALL: [Self; 7] = [
        Self::Failed,
        Self::Expired,
        Self::Deferred,
        Self::Waiting,
        Self::Sending,
        Self::Sent,
        Self::Dropped,
    ];

    /// Its name on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Deferred => "deferred",
            Self::Sending => "sending",
            Self::Sent => "sent",
            Self::Failed => "failed",
            Self::Expired => "expired",
            Self::Dropped => "dropped",
        }
    }

    /// Whether its mails can be sent once more.
    #[must_use]
    pub fn may_be_retried(self) -> bool {
        matches!(self, Self::Failed | Self::Expired | Self::Deferred)
    }

    /// Whether its mails have not ended, and no server sends them.
    #[must_use]
    pub fn may_be_dropped(self) -> bool {
        matches!(self, Self::Waiting | Self::Deferred)
    }
}

impl QueuedMail {
    /// Until when it is of use if it is sent anew at `now`: as long as it was at first.
    #[must_use]
    pub fn renewed_expire_time(&self, now: Timestamp) -> Timestamp {
        let life = self.expire_time.duration_since(self.create_time);
        now.saturating_add(life).unwrap_or(Timestamp::MAX)
    }
}

/// Shows neither the recipient nor what the mail tells.
impl fmt::Debug for QueuedMail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("QueuedMail");
        shown.field("id", &self.id).field("state", &self.state).finish_non_exhaustive()
    }
}

impl FromStr for MailState {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let named = Self::ALL.into_iter().find(|state| state.name() == text);
        named.ok_or_else(|| {
            let all: Vec<&str> = Self::ALL.iter().map(|state| state.name()).collect();
            format!("“{text}” is no state of a mail: {}", all.join(", "))
        })
    }
}

impl fmt::Display for MailState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
