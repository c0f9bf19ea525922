//! What is limited, and whose.

use std::ops::Range;

use ipnet::IpNet;
use sha2::{Digest as _, Sha256};

use super::{Throttled, asked_mail::Asker, tried_secret::Tried};
use crate::{
    domain::{account_id::AccountId, base32, email_address::EmailAddress, machine::MachineId},
    network::Level,
};

/// Whose wrong secrets are counted together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guesser {
    /// A linked machine's.
    Linked(MachineId),
    /// Those of a network from which one of the account's machines was seen lately.
    Seen(IpNet),
    /// Those of strangers in a network.
    Network(Level),
    /// Those of all strangers.
    Strangers,
}

/// Whom the support desk helps.
#[derive(Clone, Debug)]
pub enum Helped {
    /// The owner of this account, however the agent has named it.
    Account(AccountId),
    /// Somebody who is opening one at this address.
    Address(EmailAddress),
    /// The owner of this account, who is to have another address.
    NewAddress(AccountId),
}

/// What is limited, and whose.
#[derive(Clone, Debug)]
pub enum Subject {
    /// Wrong passwords or codes for an account, which need not exist.
    Secrets(AccountId, Tried, Guesser),
    /// Mails that were asked for by this address.
    MailsTo(EmailAddress, Asker),
    /// Mails into a mailbox, by how they were asked for.
    MailsInto(EmailAddress, Asker),
    /// Mails asked for under an account's ID, which need not exist.
    MailsFor(AccountId, Asker),
    /// Codes that the support desk has mailed.
    SupportMails(Helped),
    /// Mails asked for from a network of an IP address.
    MailsFrom(Level),
}

impl Subject {
    /// The row's key. An address is digested: the table must not be a list of them.
    ///
    /// What was there before its kind was divided has the key that it always had: servers
    /// of two versions count together.
    pub(super) fn key(&self) -> String {
        match self {
            Self::Secrets(account, tried, guesser) => {
                let guesser = match guesser {
                    Guesser::Linked(machine) => machine.uuid().to_string(),
                    Guesser::Seen(network) => format!("seen:{network}"),
                    Guesser::Network(Level { network, .. }) => format!("from:{network}"),
                    Guesser::Strangers => "strangers".to_owned(),
                };
                // Codes stand among the passwords, where one range has whatever was tried.
                let tried = match tried {
                    Tried::Password => "",
                    Tried::Code => "codes:",
                };
                format!("passwords:{account}:{tried}{guesser}")
            }
            Self::MailsTo(address, asker) => {
                format!("mails-to:{}{}", mailbox(address), suffix(*asker))
            }
            Self::MailsInto(address, Asker::StrangerById) => {
                format!("mails-into:{}:by-id", mailbox(address))
            }
            Self::MailsInto(address, asker) => {
                format!("mails-into:{}{}", mailbox(address), suffix(*asker))
            }
            Self::MailsFor(account, asker) => format!("mails-for:{account}{}", suffix(*asker)),
            Self::SupportMails(Helped::Account(id)) => format!("support-mails:{id}"),
            Self::SupportMails(Helped::NewAddress(id)) => format!("support-mails:{id}:new-address"),
            Self::SupportMails(Helped::Address(address)) => {
                format!("support-mails:{}", mailbox(address))
            }
            // The narrowest network is written without its prefix.
            Self::MailsFrom(Level { network, shares: 1 }) => {
                format!("mails-from:{}", network.addr())
            }
            Self::MailsFrom(Level { network, .. }) => format!("mails-from:{network}"),
        }
    }

    /// What a key counts of the wrong passwords and codes of an account; none of a kind that
    /// only a later release knows.
    pub(super) fn of_secrets(account: AccountId, key: &str) -> Option<Self> {
        let rest = key.strip_prefix("passwords:")?.strip_prefix(&account.to_string())?;
        let rest = rest.strip_prefix(':')?;
        let (tried, guesser) = match rest.strip_prefix("codes:") {
            Some(guesser) => (Tried::Code, guesser),
            None => (Tried::Password, rest),
        };
        let guesser = if guesser == "strangers" {
            Guesser::Strangers
        } else if let Some(network) = guesser.strip_prefix("seen:") {
            Guesser::Seen(network.parse().ok()?)
        } else if let Some(network) = guesser.strip_prefix("from:") {
            Guesser::Network(Level::of(network.parse().ok()?)?)
        } else {
            Guesser::Linked(MachineId::parse(guesser).ok()?)
        };
        Some(Self::Secrets(account, tried, guesser))
    }

    /// The keys of whatever was tried for an account, whoever tried it.
    pub(super) fn keys_of_secrets(account: AccountId) -> Range<String> {
        // What follows the colon in ASCII ends them.
        format!("passwords:{account}:")..format!("passwords:{account};")
    }

    /// By how much its limits are multiplied: many callers share a wide network.
    pub(super) fn shares(&self) -> u32 {
        match self {
            Self::MailsFrom(level) | Self::Secrets(_, _, Guesser::Network(level)) => level.shares,
            _ => 1,
        }
    }

    pub(super) fn throttled(&self) -> Throttled {
        match self {
            Self::Secrets(_, Tried::Password, _) => Throttled::Passwords,
            Self::Secrets(_, Tried::Code, _) => Throttled::Codes,
            Self::MailsTo(..)
            | Self::MailsInto(..)
            | Self::MailsFor(..)
            | Self::SupportMails(_) => Throttled::MailsPerAddress,
            Self::MailsFrom(_) => Throttled::MailsPerIp,
        }
    }
}

fn suffix(asker: Asker) -> &'static str {
    match asker {
        Asker::StrangerByAddress | Asker::StrangerById => "",
        Asker::Seen => ":seen",
        Asker::Linked => ":linked",
        Asker::NewAddress => ":new-address",
        Asker::Support => ":support",
    }
}

/// The digest of an address without what stands after a `+`: mail servers put
/// `jeanne+1@…` and `jeanne+2@…` into one mailbox (RFC 5233).
fn mailbox(address: &EmailAddress) -> String {
    let (local, domain) = address.key().rsplit_once('@').unwrap_or((address.key(), ""));
    let user = local.split_once('+').map_or(local, |(user, _)| user);
    base32::encode(&Sha256::digest(format!("{user}@{domain}")))
}
