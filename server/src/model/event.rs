//! An event that other systems are told of.

use std::{fmt, str::FromStr};

use jiff::Timestamp;
use uuid::Uuid;

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventKind {
    /// An account was opened.
    AccountOpened,
    /// Fields of an account changed.
    AccountChanged,
    /// An account was merged into another one.
    AccountMerged,
    /// Support time that was bought was granted to an account.
    TimeGranted,
    /// Support time that was used was charged to an account.
    TimeCharged,
    /// A grant or a charge was put right.
    TimeCorrected,
    /// An account was erased.
    AccountErased,
}

impl EventKind {
    /// What receivers call it: the `type` of the body. A name never changes its meaning.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::AccountOpened => "account.opened",
            Self::AccountChanged => "account.changed",
            Self::AccountMerged => "account.merged",
            Self::TimeGranted => "time.granted",
            Self::TimeCharged => "time.charged",
            Self::TimeCorrected => "time.corrected",
            Self::AccountErased => "account.erased",
        }
    }
}

/// What became of an event, or is about to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventState {
    /// It waits for its first turn.
    Waiting,
    /// It was tried in vain, and will be again.
    Deferred,
    /// A server sends it just now.
    Sending,
    /// The receiver took it.
    Delivered,
    /// Nobody took it within its time.
    Expired,
    /// Too many waited behind it.
    Dropped,
}

impl EventState {
    /// All of them, those that want an operator's eye first.
    pub const ALL: [Self; 6] = [
        Self::Expired,
        Self::Dropped,
        Self::Deferred,
        Self::Waiting,
        Self::Sending,
        Self::Delivered,
    ];

    /// Its name on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Deferred => "deferred",
            Self::Sending => "sending",
            Self::Delivered => "delivered",
            Self::Expired => "expired",
            Self::Dropped => "dropped",
        }
    }
}

impl FromStr for EventState {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let named = Self::ALL.into_iter().find(|state| state.name() == text);
        named.ok_or_else(|| {
            let all: Vec<&str> = Self::ALL.iter().map(|state| state.name()).collect();
            format!("“{text}” is no state of an event: {}", all.join(", "))
        })
    }
}

impl fmt::Display for EventState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// An event of the outbox, as its operator sees it.
#[derive(Clone, Debug)]
pub struct QueuedEvent {
    /// Its ID, by which a receiver knows a repeat.
    pub id: Uuid,
    /// What happened, by name: a later release may have others.
    pub kind: String,
    /// What is sent, as JSON.
    pub body: String,
    /// What became of it.
    pub state: EventState,
    /// How often it was tried.
    pub attempts: u32,
    /// When it is tried next.
    pub next_attempt_time: Timestamp,
    /// When it happened.
    pub create_time: Timestamp,
    /// When it ended.
    pub end_time: Option<Timestamp>,
    /// Why the last try failed.
    pub last_error: Option<String>,
}
