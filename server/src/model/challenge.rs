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
pub(crate) const MAX_WRONG_TRIES: i32 = 10;

/// For how long a call whose answer was lost may be repeated.
const REPEAT_WINDOW: SignedDuration = SignedDuration::from_mins(10);

/// When what was ended has expired: so long ago that no server, whatever its clock says,
/// takes it for open. No column of its own says it: servers of the version before know
/// what has expired, too.
pub(crate) const ENDED: Timestamp = Timestamp::UNIX_EPOCH;

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
    /// Of a change of address: wrong codes that were tried with the account's ID. Of others it
    /// is what a release before has counted, and means nothing.
    pub account_wrong_tries: i32,
    /// When it was made.
    pub create_time: Timestamp,
    /// Until when it can be answered, and its codes serve; long ago once a new password has
    /// ended it.
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

/// What a challenge is worth in Confirm, which names it. Its codes are another matter:
/// they serve in other challenges, and beside the account's ID, whatever became of it.
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
    /// What it is worth.
    #[must_use]
    pub fn state(&self, now: Timestamp) -> State<'_> {
        match &self.spent {
            Some(spent) => State::Spent(spent),
            None if self.wrong_tries >= MAX_WRONG_TRIES => State::TooManyTries,
            None if self.expire_time <= now => State::Expired,
            None => State::Open,
        }
    }

    /// What it is worth in Confirm by the ID of the account whose address is to change. Wrong
    /// codes that strangers try there end it there, and not for the machine that knows its ID.
    #[must_use]
    pub fn state_by_account(&self, now: Timestamp) -> State<'_> {
        match self.state(now) {
            State::Open if self.account_wrong_tries >= MAX_WRONG_TRIES => State::TooManyTries,
            state => state,
        }
    }

    /// Whether it was ended before its time: by a new password, or because its account is to
    /// have another address.
    #[must_use]
    pub fn is_ended(&self) -> bool {
        self.expire_time <= ENDED
    }

    /// Whether a code is to be mailed for it: while that would serve. One that wrong codes
    /// have killed gets its mail, too: whoever asked for it must not keep it from the owner
    /// of the mailbox, who can use it.
    #[must_use]
    pub fn wants_mail(&self, now: Timestamp) -> bool {
        self.spent.is_none() && now < self.expire_time
    }

    /// Whether its codes are looked for: while they serve, and while a call that used one
    /// in the last moment may be repeated. Storage asks the same as a condition of SQL.
    ///
    /// It says nothing of wrong tries, nor of whether it was answered: a code proves the
    /// mailbox whatever became of the challenge that it was mailed for.
    #[must_use]
    pub fn has_codes(&self, now: Timestamp) -> bool {
        self.expire_time > repeatable_since(now)
    }

    /// Whether it was answered by this code. A release before notes that here alone.
    #[must_use]
    pub fn is_spent_by(&self, code_id: Uuid) -> bool {
        self.spent.as_ref().is_some_and(|spent| spent.code_id == code_id)
    }
}

impl Purpose {
    /// Its name, for the support desk and in the database.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::ResendPassword => "resend_password",
            Self::ChangeEmail(_) => "change_email",
        }
    }

    /// The account whose address is to change. Codes that were mailed for that serve for
    /// nothing else, and no others serve for it.
    #[must_use]
    pub fn account_to_change(self) -> Option<AccountId> {
        match self {
            Self::ChangeEmail(account_id) => Some(account_id),
            Self::Create | Self::ResendPassword => None,
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
    /// Whether `call`, with the same code, is this very call again, and in time.
    #[must_use]
    pub fn is_repeated_by(&self, call: &[u8; 32], now: Timestamp) -> bool {
        self.call == *call && may_repeat(self.time, now)
    }
}

impl IssuedTicket {
    /// Whether a new password has ended it.
    #[must_use]
    pub fn is_ended(&self) -> bool {
        self.expire_time <= ENDED
    }

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
pub(super) fn may_repeat(done: Timestamp, now: Timestamp) -> bool {
    done >= repeatable_since(now)
}

/// The oldest moment whose call may still be repeated.
#[must_use]
pub fn repeatable_since(now: Timestamp) -> Timestamp {
    now - REPEAT_WINDOW
}
