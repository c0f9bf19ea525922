//! The link of a machine to an account, and the machines of an account.

use jiff::{SignedDuration, Timestamp};

use crate::{
    credentials::token::TokenDigest,
    domain::{account_id::AccountId, machine::Machine},
};

/// How many machines an account has at most: whatever reads or detaches all of them
/// must have an end.
pub const MAX_MACHINES: u32 = 100;

/// For how long the network in which a machine was seen is one of its account's: long
/// enough for holidays, and no longer than limits need it.
const SEEN_LATELY: SignedDuration = SignedDuration::from_hours(30 * 24);

/// Since when a machine was seen lately.
#[must_use]
pub fn seen_lately_since(now: Timestamp) -> Timestamp {
    now - SEEN_LATELY
}

/// The bond of one machine to one account.
#[derive(Clone, Debug)]
pub struct Link {
    /// Its row.
    pub id: i64,
    /// The account.
    pub account_id: AccountId,
    /// The machine.
    pub machine: Machine,
    /// When it was made, or made anew.
    pub link_time: Timestamp,
    /// When its token was last used, to within a minute.
    pub last_seen_time: Timestamp,
    /// Since when it is dead.
    pub unlink_time: Option<Timestamp>,
    /// SHA-256 of its token.
    pub(crate) token_digest: Vec<u8>,
}

impl Link {
    /// Whether its token serves.
    #[must_use]
    pub fn is_live(&self) -> bool {
        self.unlink_time.is_none()
    }

    /// Whether its token serves, and is the one that it had `before`.
    #[must_use]
    pub fn is_still(&self, before: &Self) -> bool {
        self.is_live() && self.is_same_as(before)
    }

    /// Whether its token, dead or alive, is the one that it had `before`.
    #[must_use]
    pub fn is_same_as(&self, before: &Self) -> bool {
        self.token_digest == before.token_digest
    }

    /// Whether `digest` is that of its token, compared in constant time.
    #[must_use]
    pub fn has_token(&self, digest: &TokenDigest) -> bool {
        digest.matches(&self.token_digest)
    }

    /// Whether the token of this digest serves: it does not when the link was cut, or
    /// given a new token, since.
    #[must_use]
    pub fn is_opened_by(&self, digest: &TokenDigest) -> bool {
        self.is_live() && self.has_token(digest)
    }
}

/// The machines of an account.
#[derive(Clone, Debug, Default)]
pub struct Machines {
    /// Its living links, the oldest first; where there are more than
    /// [`MAX_MACHINES`], those that were seen last.
    pub links: Vec<Link>,
    /// How many there are in all.
    pub count: u32,
}
