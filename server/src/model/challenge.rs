//! A challenge: the proof of a mailbox in progress, and the one place that tells
//! whether it still serves.

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use crate::{
    credentials::{derivation::Seed, hasher::CodeSalt},
    domain::{
        account_id::AccountId, email_address::EmailAddress, locale::Locale, machine::Machine,
        profile::Profile,
    },
};

/// How many wrong codes kill a challenge.
const MAX_WRONG_TRIES: i32 = 10;

/// For how long a call whose answer was lost may be repeated.
const REPEAT_WINDOW: SignedDuration = SignedDuration::from_mins(10);

/// What a challenge is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// To open an account, or to come into the one that the address has.
    Create,
    /// To come into the account that the address has.
    ResendPassword,
    /// To give an account a new address.
    ChangeEmail(AccountId),
}

/// Proof of a mailbox in progress.
#[derive(Clone)]
pub struct Challenge {
    /// Its ID.
    pub id: Uuid,
    /// What it is for.
    pub purpose: Purpose,
    /// Where its codes go; a placeholder when no account was found to mail to.
    pub email: EmailAddress,
    /// The machine that asked.
    pub machine: Machine,
    /// The language of its mails.
    pub locale: Locale,
    /// What a new account is to hold.
    pub profile: Profile,
    /// What its codes are hashed with.
    pub salt: CodeSalt,
    /// What makes its ticket and tokens; erased after the repeat window.
    pub seed: Option<Seed>,
    /// Wrong codes that were tried with its ID.
    pub wrong_tries: i32,
    /// Wrong codes that were tried with the account's ID instead.
    pub account_wrong_tries: i32,
    /// When it was made.
    pub create_time: Timestamp,
    /// Until when it can be answered; long ago once a new password has ended it.
    pub expire_time: Timestamp,
    /// By what it was answered.
    pub spent: Option<Spent>,
    /// What Confirm gave.
    pub ticket: Option<IssuedTicket>,
}

/// How a challenge was answered.
#[derive(Clone, Debug)]
pub struct Spent {
    /// When.
    pub time: Timestamp,
    /// By which code.
    pub code_id: Uuid,
    /// A digest of the call, by which a repeat is known.
    pub call: [u8; 32],
    /// The account that it led to.
    pub account_id: AccountId,
    /// Whether that account was there before.
    pub account_existed: bool,
}

/// A ticket, of which the digest is kept.
#[derive(Clone, Debug)]
pub struct IssuedTicket {
    /// SHA-256 of the ticket.
    pub digest: Vec<u8>,
    /// Until when it is valid; long ago once a new password has ended it.
    pub expire_time: Timestamp,
    /// When it set a password.
    pub spent_time: Option<Timestamp>,
}

/// The door at which a code is shown. Wrong codes given with the account's ID, which
/// is no secret, are counted apart from those given with the challenge's: a stranger
/// who guesses by ID cannot kill the code that the customer is about to give to
/// Confirm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Door {
    /// Confirm, which names the challenge.
    Confirm,
    /// RegisterExisting and Update, which name the account.
    Account,
}

/// What a challenge is worth.
#[derive(Clone, Copy, Debug)]
pub enum State<'a> {
    /// It can be answered.
    Open,
    /// It was answered.
    Spent(&'a Spent),
    /// Wrong codes have killed it.
    TooManyTries,
    /// It was not answered in time, or was ended by a new password.
    Expired,
}

impl Challenge {
    /// What it is worth at `door`.
    #[must_use]
    pub fn state(&self, door: Door, now: Timestamp) -> State<'_> {
        let too_many = |tries| tries >= MAX_WRONG_TRIES;
        let is_killed = match door {
            Door::Confirm => too_many(self.wrong_tries),
            Door::Account => too_many(self.wrong_tries) || too_many(self.account_wrong_tries),
        };
        match &self.spent {
            Some(spent) => State::Spent(spent),
            None if is_killed => State::TooManyTries,
            None if self.expire_time <= now => State::Expired,
            None => State::Open,
        }
    }

    /// Whether a code of it is looked for where its address' owner comes into an
    /// account: while it can be answered, and while the answer may be repeated.
    /// Storage asks the same as a condition of SQL.
    ///
    /// It says nothing of wrong tries: a code that they have killed must be found to
    /// be refused as such.
    #[must_use]
    pub fn is_candidate(&self, now: Timestamp) -> bool {
        if let Purpose::ChangeEmail(_) = self.purpose {
            return false;
        }
        match &self.spent {
            Some(spent) => may_repeat(spent.time, now),
            None => now < self.expire_time,
        }
    }
}

impl State<'_> {
    /// Whether the challenge can be answered.
    #[must_use]
    pub fn is_open(&self) -> bool {
        matches!(self, Self::Open)
    }
}

impl Spent {
    /// Whether `call` with the code `code_id` is this very call again, and in time.
    #[must_use]
    pub fn is_repeated_by(&self, code_id: Uuid, call: &[u8; 32], now: Timestamp) -> bool {
        self.code_id == code_id && self.call == *call && may_repeat(self.time, now)
    }
}

impl IssuedTicket {
    /// Whether its time is over, or was ended by a new password.
    #[must_use]
    pub fn is_expired(&self, now: Timestamp) -> bool {
        self.expire_time <= now
    }

    /// Whether the call that used it may still be repeated.
    #[must_use]
    pub fn may_repeat(&self, now: Timestamp) -> bool {
        self.spent_time.is_some_and(|time| may_repeat(time, now))
    }
}

/// Whether what was done at `done` may be repeated for its answer.
fn may_repeat(done: Timestamp, now: Timestamp) -> bool {
    done >= repeatable_since(now)
}

/// The oldest moment whose call may still be repeated.
#[must_use]
pub fn repeatable_since(now: Timestamp) -> Timestamp {
    now - REPEAT_WINDOW
}
