//! What a wrong password, or a wrong code, counts against.

use std::{
    fmt,
    net::{IpAddr, Ipv6Addr},
};

use ipnet::IpNet;
use jiff::Timestamp;

use super::{Counts, Subject, ThrottleError, subject::Guesser};
use crate::{
    domain::{account_id::AccountId, machine::MachineId},
    network::levels,
};

/// Who tries a secret.
///
/// Each has counters that the others cannot use up. Strangers are counted by each of
/// their networks, so that one of them holds up nobody who is elsewhere. Their passwords are
/// also counted together, so that many networks have no more than a few times the tries of
/// one. Their codes are not: nobody guesses 55 bits, and a limit that strangers can use up
/// would keep out the customer whose password they have held up.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum AttemptBy {
    /// A linked machine.
    Linked(MachineId),
    /// A caller in a network from which one of the account's machines was seen lately.
    Seen(IpNet),
    /// Anybody else, by the address, if it is known.
    Stranger(Option<IpAddr>),
}

/// Shows no network: it is written to the log.
impl fmt::Debug for AttemptBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Linked(machine) => f.debug_tuple("Linked").field(machine).finish(),
            Self::Seen(_) => f.write_str("Seen"),
            Self::Stranger(_) => f.write_str("Stranger"),
        }
    }
}

/// The kind of a secret. Each is counted apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tried {
    /// A password.
    Password,
    /// A personal code, shown with the account's ID.
    Code,
}

/// A secret that somebody tries.
#[derive(Clone, Debug)]
pub struct TriedSecret {
    /// The account that was named, which need not exist.
    pub account_id: AccountId,
    /// Who tries.
    pub by: AttemptBy,
    subjects: Vec<Subject>,
}

impl TriedSecret {
    /// A secret of an account that `by` tries.
    #[must_use]
    pub fn new(account_id: AccountId, tried: Tried, by: AttemptBy) -> Self {
        let guessers = match by {
            AttemptBy::Linked(machine) => vec![Guesser::Linked(machine)],
            AttemptBy::Seen(network) => vec![Guesser::Seen(network)],
            AttemptBy::Stranger(ip) => {
                // All callers without an address are one network.
                let ip = ip.unwrap_or(IpAddr::V6(Ipv6Addr::UNSPECIFIED));
                let together = (tried == Tried::Password).then_some(Guesser::Strangers);
                levels(ip).map(Guesser::Network).chain(together).collect()
            }
        };
        let subject = |guesser| Subject::Secrets(account_id, tried, guesser);
        Self { account_id, by, subjects: guessers.into_iter().map(subject).collect() }
    }

    /// All that it counts against.
    #[must_use]
    pub fn subjects(&self) -> &[Subject] {
        &self.subjects
    }

    /// Whether one more may be tried just now.
    ///
    /// # Errors
    /// [`ThrottleError::Throttled`].
    pub fn check(&self, counts: &Counts<'_>, now: Timestamp) -> Result<(), ThrottleError> {
        self.subjects.iter().try_for_each(|subject| counts.check(subject, now))
    }

    /// Counts a wrong one.
    pub fn count(&self, counts: &mut Counts<'_>, now: Timestamp) {
        self.subjects.iter().for_each(|subject| counts.count(subject, now));
    }
}
