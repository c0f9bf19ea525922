//! A code that was mailed: a fact of its own, apart from the challenge that it was mailed
//! for. It proves a mailbox, and serves once, in whichever challenge of that mailbox its
//! owner names, or beside the account's ID.

use jiff::Timestamp;
use uuid::Uuid;

use super::challenge::may_repeat;
use crate::credentials::derivation::Seed;

/// A code that was mailed.
#[derive(Clone)]
pub struct MailedCode {
    /// Its ID.
    pub id: Uuid,
    /// The challenge that it was mailed for.
    pub challenge_id: Uuid,
    /// Until when it is valid.
    pub expire_time: Timestamp,
    /// By what it was used.
    pub spent: Option<SpentCode>,
}

/// How a code was used.
#[derive(Clone)]
pub struct SpentCode {
    /// When.
    pub time: Timestamp,
    /// By a call with the account's ID. One that names a challenge is noted there.
    pub by_account: Option<CallByAccount>,
}

/// A call with the account's ID that spent a code.
#[derive(Clone)]
pub struct CallByAccount {
    /// A digest of the call, by which a repeat is known.
    pub call: [u8; 32],
    /// What makes the link token that it gave; erased after the repeat window.
    pub seed: Option<Seed>,
}

impl MailedCode {
    /// Whether its time is over.
    #[must_use]
    pub fn is_expired(&self, now: Timestamp) -> bool {
        self.expire_time <= now
    }
}

impl SpentCode {
    /// What made the token of `call`, if this is that very call again, and in time.
    #[must_use]
    pub fn seed_of(&self, call: &[u8; 32], now: Timestamp) -> Option<Seed> {
        let by_account = self.by_account.as_ref()?;
        let is_repeat = by_account.call == *call && may_repeat(self.time, now);
        by_account.seed.filter(|_| is_repeat)
    }
}
