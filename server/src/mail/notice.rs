//! What the owner of an account is told: that something happened to it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::{account_id::AccountId, machine::Machine};

/// The welcome, or a security notice: facts, no words and no secret.
///
/// The outbox keeps it as JSON ([`Letter`](super::letter::Letter)).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Notice {
    /// The first password was set: welcome, and the client ID.
    Welcome(Event),
    /// The password was changed.
    PasswordChanged {
        /// Where and when.
        event: Event,
        /// Whether the machine was linked by it.
        machine_linked: bool,
    },
    /// To the address in place: a change of address was asked for.
    EmailChangeRequested {
        /// Where and when.
        event: Event,
        /// The new address, masked.
        new_email_masked: String,
    },
    /// To the old address: it no longer is the account's.
    EmailChanged {
        /// Where and when.
        event: Event,
        /// The new address, masked.
        new_email_masked: String,
    },
    /// A machine was linked.
    MachineLinked(Event),
}

impl Notice {
    /// The kind of notice, as a word for logs and metrics.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Welcome(_) => "welcome",
            Self::PasswordChanged { .. } => "password_changed",
            Self::EmailChangeRequested { .. } => "email_change_requested",
            Self::EmailChanged { .. } => "email_changed",
            Self::MachineLinked(_) => "machine_linked",
        }
    }
}

/// What happened to an account: by which machine, and when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// The client ID.
    pub account_id: u32,
    /// The machine's name.
    pub machine: String,
    /// When, in milliseconds since 1970-01-01 UTC.
    pub time_millis: i64,
    /// The machines that made room for it; none in what a server of before enqueued.
    #[serde(default, skip_serializing_if = "Detached::is_none")]
    pub detached: Detached,
}

/// How many detached machines a mail names. A new machine takes the place of one; only
/// an account from the time of a higher limit has more to name.
const MAX_NAMED: usize = 10;

/// Machines that were detached to make room.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Detached {
    /// Their names, those that were seen last first.
    pub names: Vec<String>,
    /// How many there are that are not named.
    pub others: u32,
}

impl Detached {
    /// These machines, of which the first ones are named.
    #[must_use]
    pub fn new(machines: &[Machine]) -> Self {
        let names = machines.iter().take(MAX_NAMED).map(|machine| machine.name.as_str().to_owned());
        let others = u32::try_from(machines.len().saturating_sub(MAX_NAMED)).unwrap_or(u32::MAX);
        Self { names: names.collect(), others }
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_none(&self) -> bool {
        self.names.is_empty()
    }

    /// Whether there are several.
    #[must_use]
    pub fn are_several(&self) -> bool {
        self.names.len() > 1
    }
}

impl Event {
    /// An event.
    #[must_use]
    pub fn new(account_id: AccountId, machine: &str, time: Timestamp) -> Self {
        let machine = machine.to_owned();
        let (account_id, time_millis) = (account_id.number(), time.as_millisecond());
        Self { account_id, machine, time_millis, detached: Detached::default() }
    }

    /// The same, and these machines made room for it.
    #[must_use]
    pub fn detaching(self, machines: &[Machine]) -> Self {
        Self { detached: Detached::new(machines), ..self }
    }

    /// When it happened.
    #[must_use]
    pub fn time(&self) -> Timestamp {
        Timestamp::from_millisecond(self.time_millis).unwrap_or(Timestamp::UNIX_EPOCH)
    }
}
