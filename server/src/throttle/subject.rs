//! What is limited, and whose.

use std::ops::Range;

use sha2::{Digest as _, Sha256};

use super::Throttled;
use crate::{
    domain::{account_id::AccountId, base32, email_address::EmailAddress, machine::MachineId},
    network::Level,
};

/// Who tries passwords.
///
/// Strangers share one counter, so that many of them have no more tries than one. Each
/// linked machine has its own, so that neither strangers nor another machine can shut
/// it out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AttemptBy {
    /// Anybody who is not linked.
    Strangers,
    /// A linked machine.
    Linked(MachineId),
}

/// What is limited, and whose.
#[derive(Clone, Debug)]
pub enum Subject {
    /// Passwords for an account, which need not exist.
    Passwords(AccountId, AttemptBy),
    /// Mails that were asked for by this address.
    MailsTo(EmailAddress),
    /// Mails into a mailbox, however they were asked for.
    MailsInto(EmailAddress),
    /// Mails asked for under an account's ID, which need not exist.
    MailsFor(AccountId),
    /// Mails asked for from a network of an IP address.
    MailsFrom(Level),
}

impl Subject {
    /// The row's key. An address is digested: the table must not be a list of them.
    pub(super) fn key(&self) -> String {
        match self {
            Self::Passwords(account, AttemptBy::Strangers) => {
                format!("passwords:{account}:strangers")
            }
            Self::Passwords(account, AttemptBy::Linked(machine)) => {
                format!("passwords:{account}:{}", machine.uuid())
            }
            Self::MailsTo(address) => format!("mails-to:{}", mailbox(address)),
            Self::MailsInto(address) => format!("mails-into:{}", mailbox(address)),
            Self::MailsFor(account) => format!("mails-for:{account}"),
            // The narrowest network is written without its prefix, as it was before
            // there were levels: servers of two versions count together.
            Self::MailsFrom(Level { network, shares: 1 }) => {
                format!("mails-from:{}", network.addr())
            }
            Self::MailsFrom(Level { network, .. }) => format!("mails-from:{network}"),
        }
    }

    /// The keys of all who try passwords for an account.
    pub(super) fn keys_of_passwords(account: AccountId) -> Range<String> {
        // What follows the colon in ASCII ends them.
        format!("passwords:{account}:")..format!("passwords:{account};")
    }

    /// By how much its limits are multiplied: many callers share a wide network.
    pub(super) fn shares(&self) -> u32 {
        match self {
            Self::MailsFrom(level) => level.shares,
            _ => 1,
        }
    }

    pub(super) fn throttled(&self) -> Throttled {
        match self {
            Self::Passwords(..) => Throttled::Passwords,
            Self::MailsTo(_) | Self::MailsInto(_) | Self::MailsFor(_) => Throttled::MailsPerAddress,
            Self::MailsFrom(_) => Throttled::MailsPerIp,
        }
    }
}

/// The digest of an address without what stands after a `+`: mail servers put
/// `jeanne+1@…` and `jeanne+2@…` into one mailbox (RFC 5233).
fn mailbox(address: &EmailAddress) -> String {
    let (local, domain) = address.key().rsplit_once('@').unwrap_or((address.key(), ""));
    let user = local.split_once('+').map_or(local, |(user, _)| user);
    base32::encode(&Sha256::digest(format!("{user}@{domain}")))
}
