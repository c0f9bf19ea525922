//! Confirm: answers a challenge with the code that its mail brought. The only
//! place where an account comes into being.

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
        challenge::{Challenge, Door, Purpose, Spent, State},
    },
    storage::{
        account, challenge,
        error::StorageError,
        personal_code::{self, MailedCode},
    },
};

/// Input of Confirm.
#[derive(Clone, Debug)]
pub struct Confirm {
    /// The challenge.
    pub challenge_id: Uuid,
    /// The code.
    pub code: PersonalCode,
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

/// A code, as the hashing threads gave it back.
struct HashedCode {
    hash: CodeHash,
    key: CodeKey,
}

/// A challenge, and the code of it that was typed.
struct Answer<'a> {
    challenge: Challenge,
    mailed: MailedCode,
    key: &'a CodeKey,
}

impl Accounts {
    /// Answers a challenge.
    ///
    /// # Errors
    /// [`Error::InvalidCredentials`] for a wrong code or an unknown challenge;
    /// [`Error::CodeSpent`], [`Error::CodeExpired`], [`Error::TooManyTries`],
    /// [`Error::EmailTaken`].
    pub async fn confirm(&self, command: &Confirm, origin: &Origin) -> Result<Confirmed, Error> {
        let known = challenge::find(&self.db.read(), command.challenge_id).await?;
        let salt = known.as_ref().map(|challenge| challenge.salt.clone());
        let salt = salt.unwrap_or_else(|| self.hasher.code_salt());
        // A challenge proves nothing: everybody who asks for a mail has one.
        let who = HashFor::Stranger(origin.ip);
        let (hash, key) = self.hasher.hash_code(who, command.code.clone(), salt).await?;
        let code = HashedCode { hash, key };
        let known = known.ok_or(Error::InvalidCredentials)?;
        self.change(origin, |work| work.confirm(&known, &code)).await
    }
}

impl Work<'_> {
    async fn confirm(mut self, known: &Challenge, code: &HashedCode) -> Result<Confirmed, Error> {
        let account = self.account_of(known).await?;
        let named = challenge::find_for_update(&self.db, known.id).await?;
        let named = named.ok_or(Error::InvalidCredentials)?;
        let candidates = self.candidates(&named).await?;
        let mailed = personal_code::find_matching(&self.db, candidates, &code.hash).await?;
        let Some(mailed) = mailed else {
            check_open(&named, self.now)?;
            challenge::add_wrong_try(&self.db, named.id).await?;
            return self.refuse().await;
        };
        // The code may be that of an earlier mail to the same machine: it is as good.
        let challenge = if mailed.challenge_id == named.id {
            named
        } else {
            check_open(&named, self.now)?;
            let earlier = challenge::find_for_update(&self.db, mailed.challenge_id).await?;
            earlier.ok_or(Error::InvalidCredentials)?
        };
        let answer = Answer { challenge, mailed, key: &code.key };
        if let Some(confirmed) = self.confirmed_before(&answer).await? {
            self.discard().await?;
            return Ok(confirmed);
        }
        check_open(&answer.challenge, self.now)?;
        if answer.mailed.expire_time <= self.now {
            return Err(Error::CodeExpired);
        }
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

    /// The challenges whose codes are looked at: the one that is named, and, since
    /// a newer mail must not kill the code in the customer's hand, the others that
    /// the same machine has open for the same address.
    async fn candidates(&self, named: &Challenge) -> Result<Vec<Uuid>, Error> {
        let mut ids = vec![named.id];
        if let Purpose::Create | Purpose::ResendPassword = named.purpose {
            let open = challenge::find_by_email(&self.db, named.email.key(), self.now).await?;
            let same = open.iter().filter(|other| {
                other.id != named.id
                    && other.machine.id == named.machine.id
                    && other.salt.salt == named.salt.salt
            });
            ids.extend(same.map(|other| other.id));
        }
        Ok(ids)
    }

    /// What the same call was answered before, if its answer may have been lost.
    async fn confirmed_before(&self, answer: &Answer<'_>) -> Result<Option<Confirmed>, Error> {
        let Answer { challenge, mailed, key } = answer;
        let Some(spent) = &challenge.spent else {
            return Ok(None);
        };
        if !spent.is_repeated_by(mailed.id, &call(), self.now) {
            return Ok(None);
        }
        if let (Some(ticket), Some(seed)) = (&challenge.ticket, &challenge.seed) {
            // A repeat gives nothing that was ended since.
            if ticket.spent_time.is_none() && ticket.is_expired(self.now) {
                return Err(Error::CodeExpired);
            }
            return Ok(Some(Confirmed::Ticket {
                account_id: spent.account_id,
                account_existed: spent.account_existed,
                ticket: key.ticket(seed),
                ticket_expire_time: ticket.expire_time,
            }));
        }
        let account = account::find(&self.db, spent.account_id).await?;
        Ok(account.map(|account| Confirmed::EmailChanged(Box::new(account))))
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
    match challenge.state(Door::Confirm, now) {
        State::Open => Ok(()),
        State::Spent(_) => Err(Error::CodeSpent),
        State::TooManyTries => Err(Error::TooManyTries),
        State::Expired => Err(Error::CodeExpired),
    }
}

/// A call is told by its code alone: a challenge has one machine.
fn call() -> [u8; 32] {
    call_digest("Confirm", &[])
}
