//! What a mail is to tell, as the outbox keeps it: facts, no words and no
//! secret. A code is minted, and the words are found, when the mail is sent.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::domain::account_id::AccountId;

/// What a mail is to tell. Times are milliseconds since 1970-01-01 UTC.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Letter {
    /// A personal code for a challenge; what it says depends on what the
    /// challenge is for and on whether the address has an account by then.
    Code {
        /// The challenge.
        challenge_id: Uuid,
    },
    /// The first password was set.
    Welcome(Event),
    /// The password was changed.
    PasswordChanged {
        /// Where and when.
        event: Event,
        /// Whether the machine was linked by it.
        machine_linked: bool,
    },
    /// A new address was asked for.
    EmailChangeRequested {
        /// Where and when.
        event: Event,
        /// The new address, masked.
        new_email_masked: String,
    },
    /// The address was changed.
    EmailChanged {
        /// Where and when.
        event: Event,
        /// The new address, masked.
        new_email_masked: String,
    },
    /// A machine was linked.
    MachineLinked(Event),
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
}

impl Event {
    /// An event.
    #[must_use]
    pub fn new(account_id: AccountId, machine: &str, time: Timestamp) -> Self {
        let machine = machine.to_owned();
        Self { account_id: account_id.number(), machine, time_millis: time.as_millisecond() }
    }

    /// When it happened.
    #[must_use]
    pub fn time(&self) -> Timestamp {
        Timestamp::from_millisecond(self.time_millis).unwrap_or(Timestamp::UNIX_EPOCH)
    }
}
