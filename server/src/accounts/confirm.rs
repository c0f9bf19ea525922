//! Confirm: answers a challenge with a code that proves its mailbox. The only
//! place where an account comes into being.

mod by_account;
mod change_email;
mod give_ticket;

use jiff::Timestamp;
use uuid::Uuid;

use super::{Accounts, Origin, call_digest, error::Error, unit_of_work::Work};
use crate::{
    credentials::{
        derivation::CodeKey,
        hasher::{CodeHash, HashFor},
        token::Token,
    },
    domain::{account_id::AccountId, personal_code::PersonalCode},
    model::{
        account::Account,
        challenge::{Challenge, Purpose, Spent, State},
        mailed_code::{MailedCode, SpentCode},
    },
    storage::{account, challenge, error::StorageError, personal_code},
    telemetry::call,
};

/// Input of Confirm.
#[derive(Clone, Debug)]
pub struct Confirm {
    /// What it answers.
    pub what: ToConfirm,
    /// The code.
    pub code: PersonalCode,
}

/// What a code answers.
#[derive(Clone, Copy, Debug)]
pub enum ToConfirm {
    /// The challenge with this ID.
    Challenge(Uuid),
    /// The change of address of the account with this ID.
    AddressOf(AccountId),
}

/// What a confirmed challenge gives.
pub enum Confirmed {
    /// The right to set the password.
    Ticket {
        /// The account, which may be new.
        account_id: AccountId,
        /// Whether it was there before.
        account_existed: bool,
        /// The ticket.
        ticket: Token,
        /// Until when it is valid.
        ticket_expire_time: Timestamp,
    },
    /// The account with its new address.
    EmailChanged(Box<Account>),
}

impl Confirmed {
    fn account_id(&self) -> AccountId {
        match self {
            Self::Ticket { account_id, .. } => *account_id,
            Self::EmailChanged(account) => account.id,
        }
    }
}

/// A code, as the hashing threads gave it back.
struct HashedCode {
    hash: CodeHash,
    key: CodeKey,
}

/// The challenge that was named, and a code that proves its mailbox.
struct Answer<'a> {
    challenge: Challenge,
    mailed: MailedCode,
    key: &'a CodeKey,
    /// Whether the account was named, and no challenge that a machine knows.
    by_account: bool,
}

impl Accounts {
    /// Answers a challenge.
    ///
    /// # Errors
    /// [`Error::InvalidCredentials`] for a wrong code or an unknown challenge or account;
    /// [`Error::CodeSpent`], [`Error::CodeExpired`], [`Error::TooManyTries`],
    /// [`Error::EmailTaken`]; [`Error::Throttled`] by the account's ID.
    pub async fn confirm(&self, command: &Confirm, origin: &Origin) -> Result<Confirmed, Error> {
        match command.what {
            ToConfirm::Challenge(id) => self.confirm_challenge(id, &command.code, origin).await,
            ToConfirm::AddressOf(id) => self.confirm_by_account(id, &command.code, origin).await,
        }
    }

    async fn confirm_challenge(
        &self,
        id: Uuid,
        code: &PersonalCode,
        origin: &Origin,
    ) -> Result<Confirmed, Error> {
        let known = challenge::find(&self.db.read(), id).await?;
        let salt = known.as_ref().map(|challenge| challenge.salt.clone());
        let salt = salt.unwrap_or_else(|| self.hasher.code_salt());
        // A challenge proves nothing: everybody who asks for a mail has one.
        let who = HashFor::Stranger(origin.ip);
        let (hash, key) = self.hasher.hash_code(who, code.clone(), salt).await?;
        let code = HashedCode { hash, key };
        let known = known.ok_or(Error::InvalidCredentials)?;
        let confirmed = self.change(origin, |work| work.confirm(&known, &code)).await?;
        call::note_account(confirmed.account_id());
        Ok(confirmed)
    }
}

impl Work<'_> {
    async fn confirm(mut self, known: &Challenge, code: &HashedCode) -> Result<Confirmed, Error> {
        let account = self.account_of(known).await?;
        let named = challenge::find_for_update(&self.db, known.id).await?;
        let named = named.ok_or(Error::InvalidCredentials)?;
        if let Some(spent) = &named.spent {
            let before = self.confirmed_before(&named, spent, code).await;
            self.discard().await?;
            return before;
        }
        check_open(&named, self.now)?;
        let Some(mailed) = self.find_code_for(&named, code).await? else {
            challenge::add_wrong_try(&self.db, named.id).await?;
            return self.refuse().await;
        };
        if mailed.is_expired(self.now) {
            return Err(Error::CodeExpired);
        }
        // Before the account comes into being: whoever holds a code waits for an address,
        // and nobody who holds an address waits for a code.
        let spent = SpentCode { time: self.now, by_account: None };
        if !personal_code::claim(&self.db, mailed.id, &spent).await? {
            return Err(Error::CodeSpent);
        }
        let answer = Answer { challenge: named, mailed, key: &code.key, by_account: false };
        let confirmed = match answer.challenge.purpose {
            Purpose::Create | Purpose::ResendPassword => self.give_ticket(&answer, account).await?,
            Purpose::ChangeEmail(_) => {
                let account = account.ok_or(Error::InvalidCredentials)?;
                self.change_email(&answer, account).await?
            }
        };
        self.commit().await?;
        Ok(confirmed)
    }

    /// The account that a challenge leads to, if there is one yet, locked before the
    /// challenge is: whoever holds an account may go on to its challenges.
    async fn account_of(&self, challenge: &Challenge) -> Result<Option<Account>, StorageError> {
        match challenge.purpose {
            Purpose::Create | Purpose::ResendPassword => {
                account::find_by_email_for_update(&self.db, challenge.email.key()).await
            }
            Purpose::ChangeEmail(account_id) => {
                account::find_for_update(&self.db, account_id).await
            }
        }
    }

    /// The code that was typed, if it was mailed for this challenge or for another one of
    /// the same address and kind, whichever machine asked for it, and whatever became of
    /// that challenge: it proves the mailbox. The one that is named says which machine is
    /// linked.
    async fn find_code_for(
        &self,
        named: &Challenge,
        code: &HashedCode,
    ) -> Result<Option<MailedCode>, Error> {
        let (email, change_of) = (named.email.key(), named.purpose.account_to_change());
        let alike = challenge::find_with_codes(&self.db, email, change_of, self.now).await?;
        let ids = alike.iter().map(|challenge| challenge.id);
        let mailed = personal_code::find_matching(&self.db, ids, &code.hash).await?;
        let is_spent = |mailed: &MailedCode| {
            mailed.spent.is_some() || alike.iter().any(|other| other.is_spent_by(mailed.id))
        };
        if mailed.as_ref().is_some_and(is_spent) { Err(Error::CodeSpent) } else { Ok(mailed) }
    }

    /// What the same call was answered before, if its answer may have been lost.
    async fn confirmed_before(
        &self,
        challenge: &Challenge,
        spent: &Spent,
        code: &HashedCode,
    ) -> Result<Confirmed, Error> {
        let is_its_code = personal_code::is_hash_of(&self.db, spent.code_id, &code.hash).await?;
        if !is_its_code || !spent.is_repeated_by(&call(), self.now) {
            return Err(Error::CodeSpent);
        }
        // A repeat gives nothing that was ended since.
        let seed = challenge.seed.as_ref().ok_or(Error::CodeExpired)?;
        let Some(ticket) = &challenge.ticket else {
            let account = account::find(&self.db, spent.account_id).await?;
            let account = account.ok_or(Error::CodeSpent)?;
            return Ok(Confirmed::EmailChanged(Box::new(account)));
        };
        if ticket.spent_time.is_none() && ticket.is_expired(self.now) {
            return Err(Error::CodeExpired);
        }
        Ok(Confirmed::Ticket {
            account_id: spent.account_id,
            account_existed: spent.account_existed,
            ticket: code.key.ticket(seed),
            ticket_expire_time: ticket.expire_time,
        })
    }
}

impl Answer<'_> {
    /// How the challenge is spent by it.
    fn spent(&self, account_id: AccountId, account_existed: bool, now: Timestamp) -> Spent {
        Spent { time: now, code_id: self.mailed.id, call: call(), account_id, account_existed }
    }
}

/// Whether a challenge can still be answered here.
fn check_open(challenge: &Challenge, now: Timestamp) -> Result<(), Error> {
    match challenge.state(now) {
        State::Open => Ok(()),
        State::Spent(_) => Err(Error::CodeSpent),
        State::TooManyTries => Err(Error::TooManyTries),
        State::Expired => Err(Error::CodeExpired),
    }
}

/// A call is told by its code alone: a challenge has one machine, or one account.
fn call() -> [u8; 32] {
    call_digest("Confirm", &[])
}
