//! What the owner of an account is told: that something happened to it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::{account_id::AccountId, email_address::EmailAddress, machine::Machine};

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
    /// The support desk detached machines.
    MachineUnlinked(BySupport),
    /// To the address of an account that the support desk has merged into another one.
    AccountMerged {
        /// Which into which.
        merge: Merge,
        /// The address of the account that stays, masked.
        into_email_masked: String,
    },
    /// To the address of the account that another one was merged into.
    AccountExtended(Merge),
    /// To the address in place: the support desk has started a change of address.
    EmailChangeStarted(AddressBySupport),
    /// The last one, to the address of an account that was erased.
    AccountErased(Erasure),
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
            Self::MachineUnlinked(_) => "machine_unlinked",
            Self::AccountMerged { .. } => "account_merged",
            Self::AccountExtended(_) => "account_extended",
            Self::EmailChangeStarted(_) => "email_change_started",
            Self::AccountErased(_) => "account_erased",
        }
    }

    /// The account that it tells of, and whose owner reads it.
    #[must_use]
    pub fn account_id(&self) -> u32 {
        match self {
            Self::Welcome(event)
            | Self::PasswordChanged { event, .. }
            | Self::EmailChangeRequested { event, .. }
            | Self::EmailChanged { event, .. }
            | Self::MachineLinked(event) => event.account_id,
            Self::MachineUnlinked(done) => done.account_id,
            Self::EmailChangeStarted(started) => started.account_id,
            Self::AccountErased(erasure) => erasure.account_id,
            Self::AccountMerged { merge, .. } => merge.from_account_id,
            Self::AccountExtended(merge) => merge.into_account_id,
        }
    }
}

/// That an account was erased, and when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Erasure {
    /// The client ID that it had.
    pub account_id: u32,
    /// When, in milliseconds since 1970-01-01 UTC.
    pub time_millis: i64,
    /// Whether there are entries of the time ledger, which are kept.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub keeps_entries: bool,
    /// Whether the mail is forgotten when it has ended: always. Whoever ends a mail reads this
    /// word, and need not know the kind.
    pub forget: bool,
}

impl Erasure {
    /// This account was erased then.
    #[must_use]
    pub fn new(account_id: AccountId, time: Timestamp, keeps_entries: bool) -> Self {
        let (account_id, time_millis) = (account_id.number(), time.as_millisecond());
        Self { account_id, time_millis, keeps_entries, forget: true }
    }

    /// When it was.
    #[must_use]
    pub fn time(&self) -> Timestamp {
        Timestamp::from_millisecond(self.time_millis).unwrap_or(Timestamp::UNIX_EPOCH)
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

/// What the support desk did to an account's machines, and when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BySupport {
    /// The client ID.
    pub account_id: u32,
    /// When, in milliseconds since 1970-01-01 UTC.
    pub time_millis: i64,
    /// The machines.
    pub detached: Detached,
}

impl BySupport {
    /// These machines were detached.
    #[must_use]
    pub fn new(account_id: AccountId, time: Timestamp, detached: Detached) -> Self {
        let (account_id, time_millis) = (account_id.number(), time.as_millisecond());
        Self { account_id, time_millis, detached }
    }

    /// When it happened.
    #[must_use]
    pub fn time(&self) -> Timestamp {
        Timestamp::from_millisecond(self.time_millis).unwrap_or(Timestamp::UNIX_EPOCH)
    }
}

/// Two accounts that the support desk has made one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Merge {
    /// The client ID that has become another name.
    pub from_account_id: u32,
    /// The client ID of the account that stays.
    pub into_account_id: u32,
    /// When, in milliseconds since 1970-01-01 UTC.
    pub time_millis: i64,
    /// How many machines the former had.
    pub machines: u32,
}

impl Merge {
    /// When it happened.
    #[must_use]
    pub fn time(&self) -> Timestamp {
        Timestamp::from_millisecond(self.time_millis).unwrap_or(Timestamp::UNIX_EPOCH)
    }
}

/// Which address the support desk has an account get, and when its code is mailed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddressBySupport {
    /// The client ID.
    pub account_id: u32,
    /// When it was asked for, in milliseconds since 1970-01-01 UTC.
    pub time_millis: i64,
    /// The new address, masked.
    pub new_email_masked: String,
    /// When the code goes to it, in milliseconds since 1970-01-01 UTC.
    pub code_time_millis: i64,
}

impl AddressBySupport {
    /// The account is to have this address, whose code is mailed at `code_time`.
    #[must_use]
    pub fn new(
        account_id: AccountId,
        time: Timestamp,
        email: &EmailAddress,
        code_time: Timestamp,
    ) -> Self {
        Self {
            account_id: account_id.number(),
            time_millis: time.as_millisecond(),
            new_email_masked: email.masked(),
            code_time_millis: code_time.as_millisecond(),
        }
    }

    /// When it was asked for.
    #[must_use]
    pub fn time(&self) -> Timestamp {
        Timestamp::from_millisecond(self.time_millis).unwrap_or(Timestamp::UNIX_EPOCH)
    }

    /// When the code is mailed; none when it did not have to wait.
    #[must_use]
    pub fn code_time(&self) -> Option<Timestamp> {
        let waits = self.code_time_millis > self.time_millis;
        waits.then(|| Timestamp::from_millisecond(self.code_time_millis).ok()).flatten()
    }
}

/// How many detached machines a mail names. A new machine takes the place of one; only
/// the support desk, and an account from the time of a higher limit, has more to name.
const MAX_NAMED: usize = 10;

/// Machines that were detached: to make room, or by the support desk.
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
