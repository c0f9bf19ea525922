//! Why the support desk is refused. Its callers have shown a key, and are told more than
//! strangers are.

use jiff::Timestamp;

use crate::{
    accounts::support::permissions::DeskRpc,
    domain::{
        account_id::AccountId, entry_id::EntryId, machine::MachineId, minutes::Minutes, role::Role,
    },
};

/// Why a call with a support key is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DeskRefusal {
    /// The key's time is over: whoever shows it had it.
    #[error("the support key has expired")]
    KeyExpired {
        /// Since when.
        expire_time: Timestamp,
    },
    /// Support keys are not taken from the caller's address.
    #[error("a support key from outside its networks")]
    OutsideNetworks,
    /// The call asks for a support key, and brings the token of a machine.
    #[error("a link token where a support key is asked for")]
    NotAKey,
    /// The key's role may not do this.
    #[error("the role {role} may not call {}", rpc.name())]
    RoleLacking {
        /// The role of the key.
        role: Role,
        /// What it is not for.
        rpc: DeskRpc,
    },
    /// There is no such account. To strangers that is never told.
    #[error("there is no such account")]
    AccountNotFound {
        /// The ID that was named.
        id: AccountId,
    },
    /// The account was erased.
    #[error("the account was erased")]
    AccountErased {
        /// The ID that was named.
        id: AccountId,
        /// When.
        erase_time: Timestamp,
    },
    /// The account that is to be erased has another balance than the one that is given up.
    #[error("the account has another balance of time")]
    TimeBalanceLeft {
        /// Its balance.
        balance: Minutes,
    },
    /// The ID is that of an account that was merged, where only an account's own ID serves.
    #[error("the account was merged into another one")]
    LeadsElsewhere {
        /// The ID that was named.
        id: AccountId,
        /// The account that it leads to.
        into: AccountId,
    },
    /// The address has no account, and none is being opened for it.
    #[error("nothing to send to the address")]
    NothingToSend,
    /// Two accounts that are to be merged have more machines than one may have.
    #[error("the accounts have too many machines together")]
    TooManyMachines {
        /// The account that would stay.
        into: AccountId,
        /// How many machines they have.
        count: u32,
    },
    /// One of two accounts that are to be merged was merged before, and is not to be where the
    /// call asks for.
    #[error("the account was merged before")]
    AlreadyMerged {
        /// The account that has ended.
        id: AccountId,
        /// The one that it has become a part of.
        into: AccountId,
    },
    /// The address is another account's.
    #[error("the address is another account's")]
    EmailTaken {
        /// Whose.
        owner: AccountId,
    },
    /// The account has no such machine.
    #[error("the account has no such machine")]
    MachineNotFound {
        /// The machine that was named.
        machine: MachineId,
    },
    /// The account has no such entry of the time ledger.
    #[error("the account has no such entry")]
    EntryNotFound {
        /// The entry that was named.
        entry: EntryId,
    },
    /// The time credit does not suffice.
    #[error("the time credit does not suffice")]
    TimeCreditExhausted {
        /// What there is.
        balance: Minutes,
        /// What there would have to be more.
        missing: Minutes,
    },
    /// An entry that no correction puts right, or none any more.
    #[error("the entry cannot be corrected")]
    EntryNotCorrectable {
        /// The entry that was named.
        entry: EntryId,
        /// How many of its minutes could be taken back.
        left: u32,
    },
    /// The same was written a moment ago, and nothing tells a repeat from a second one.
    #[error("the same was just written")]
    PossibleDuplicate {
        /// The entry that was written.
        entry: EntryId,
        /// How many minutes it has.
        minutes: u32,
        /// How many seconds ago.
        age_seconds: i64,
    },
}

impl DeskRefusal {
    /// Whether the call has to be counted as a stranger's: no living key vouches for it.
    #[must_use]
    pub fn is_of_stranger(&self) -> bool {
        matches!(self, Self::KeyExpired { .. } | Self::OutsideNetworks)
    }

    /// What varies in the words of the refusal, by name.
    #[must_use]
    pub fn variables(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::KeyExpired { expire_time } => vec![("expireTime", format!("{expire_time:.0}"))],
            Self::OutsideNetworks | Self::NotAKey | Self::NothingToSend => Vec::new(),
            Self::RoleLacking { role, rpc } => {
                let required: Vec<&str> = rpc.roles().iter().map(|role| role.name()).collect();
                vec![("role", role.name().to_owned()), ("requiredRole", required.join(","))]
            }
            Self::EmailTaken { owner } => vec![("accountId", owner.to_string())],
            Self::AccountNotFound { id } => vec![("accountId", id.to_string())],
            Self::AccountErased { id, erase_time } => {
                vec![("accountId", id.to_string()), ("eraseTime", format!("{erase_time:.0}"))]
            }
            Self::TimeBalanceLeft { balance } => {
                vec![("balanceMinutes", balance.number().to_string())]
            }
            Self::LeadsElsewhere { id, into } => {
                vec![("accountId", id.to_string()), ("mergedInto", into.to_string())]
            }
            Self::TooManyMachines { into, count } => {
                vec![("accountId", into.to_string()), ("machineCount", count.to_string())]
            }
            Self::AlreadyMerged { id, into } => {
                vec![("mergedAccountId", id.to_string()), ("accountId", into.to_string())]
            }
            Self::MachineNotFound { machine } => vec![("machineId", machine.uuid().to_string())],
            Self::EntryNotFound { entry } => vec![("entryId", entry.to_string())],
            Self::TimeCreditExhausted { balance, missing } => vec![
                ("balanceMinutes", balance.number().to_string()),
                ("missingMinutes", missing.number().to_string()),
            ],
            Self::EntryNotCorrectable { entry, left } => {
                vec![("entryId", entry.to_string()), ("leftMinutes", left.to_string())]
            }
            Self::PossibleDuplicate { entry, minutes, age_seconds } => vec![
                ("entryId", entry.to_string()),
                ("minutes", minutes.to_string()),
                ("ageSeconds", age_seconds.to_string()),
            ],
        }
    }
}
