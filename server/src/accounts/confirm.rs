//! Confirm: answers a challenge with the code that its mail brought. The only
//! place where an account comes into being.

use jiff::Timestamp;
use sea_orm::DatabaseTransaction;
use uuid::Uuid;

use super::{Accounts, Origin, call_digest, error::Error};
use crate::{
    audit::{self, Action, Actor},
    credentials::{
        derivation::CodeKey,
        hasher::{CodeHash, HashFor},
        token::Token,
    },
    domain::{account_id::AccountId, email_address::EmailAddress, personal_code::PersonalCode},
    mail::letter::{Event, Letter},
    model::{
        account::Account,
        challenge::{Challenge, Door, IssuedTicket, Purpose, Spent, State},
    },
    storage::{
        account, challenge,
        personal_code::{self, MailedCode},
    },
};

/// What Confirm is asked.
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

/// A code as the hashing threads gave it back.
struct HashedCode {
    hash: CodeHash,
    key: CodeKey,
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
        let salt = known.map_or_else(|| self.hasher.code_salt(), |challenge| challenge.salt);
        // Whoever asked for a mail has a challenge: it proves nothing.
        let who = HashFor::Stranger(origin.ip);
        let (hash, key) = self.hasher.hash_code(who, command.code.clone(), salt).await?;
        let code = HashedCode { hash, key };
        let confirmed = self.db.retry(|| self.confirm_once(command, &code, origin)).await?;
        self.wake_mailer();
        Ok(confirmed)
    }

    async fn confirm_once(
        &self,
        command: &Confirm,
        code: &HashedCode,
        origin: &Origin,
    ) -> Result<Confirmed, Error> {
        let now = self.now();
        let transaction = self.db.begin().await?;
        let named = challenge::find_for_update(&transaction, command.challenge_id).await?;
        let named = named.ok_or(Error::InvalidCredentials)?;
        let candidates = candidates(&transaction, &named, now).await?;
        let Some(mailed) =
            personal_code::find_matching(&transaction, candidates, &code.hash).await?
        else {
            check_open(&named, now)?;
            challenge::add_wrong_try(&transaction, named.id).await?;
            transaction.commit().await?;
            return Err(Error::InvalidCredentials);
        };
        // The code may be that of an earlier mail to the same machine: it is as good.
        let answered = if mailed.challenge_id == named.id {
            named
        } else {
            check_open(&named, now)?;
            let earlier = challenge::find_for_update(&transaction, mailed.challenge_id).await?;
            earlier.ok_or(Error::InvalidCredentials)?
        };
        if let Some(confirmed) = repeated(&transaction, &answered, &mailed, code, now).await? {
            transaction.rollback().await?;
            return Ok(confirmed);
        }
        check_open(&answered, now)?;
        if mailed.expire_time <= now {
            return Err(Error::CodeExpired);
        }
        let actor = Actor::machine(answered.machine.id, origin.ip);
        let confirmed = match answered.purpose {
            Purpose::Create | Purpose::ResendPassword => {
                self.give_ticket(&transaction, &answered, &mailed, code, actor, now).await?
            }
            Purpose::ChangeEmail(account_id) => {
                self.change_email(&transaction, &answered, account_id, &mailed, actor, now).await?
            }
        };
        transaction.commit().await?;
        Ok(confirmed)
    }

    /// Comes into the account of the address, or opens it.
    async fn give_ticket(
        &self,
        transaction: &DatabaseTransaction,
        challenge: &Challenge,
        mailed: &MailedCode,
        code: &HashedCode,
        actor: Actor,
        now: Timestamp,
    ) -> Result<Confirmed, Error> {
        let email = &challenge.email;
        let existing = account::find_by_email_for_update(transaction, email.key()).await?;
        let account_existed = existing.is_some();
        let account = match (existing, challenge.purpose) {
            (Some(account), _) => account,
            (None, Purpose::Create) => {
                let profile = challenge.profile.clone();
                let account =
                    account::insert(transaction, email, challenge.locale, profile, now).await?;
                audit::record(transaction, account.id, &Action::CreateAccount, actor, now).await?;
                account
            }
            // The account has another address by now.
            (None, _) => return Err(Error::CodeExpired),
        };
        let ticket = code.key.ticket(challenge.seed.as_ref().ok_or(Error::CodeSpent)?);
        let ticket_expire_time = now + self.lifetimes.ticket;
        let issued = IssuedTicket {
            digest: ticket.digest().as_bytes().to_vec(),
            expire_time: ticket_expire_time,
            spent_time: None,
        };
        let spent = spent(mailed, account.id, account_existed, now);
        challenge::spend(transaction, challenge.id, &spent, Some(&issued)).await?;
        Ok(Confirmed::Ticket {
            account_id: account.id,
            account_existed,
            ticket,
            ticket_expire_time,
        })
    }

    /// Puts a new address in place and tells the old one.
    async fn change_email(
        &self,
        transaction: &DatabaseTransaction,
        challenge: &Challenge,
        account_id: AccountId,
        mailed: &MailedCode,
        actor: Actor,
        now: Timestamp,
    ) -> Result<Confirmed, Error> {
        let email = &challenge.email;
        let account = account::find_for_update(transaction, account_id).await?;
        let mut account = account.ok_or(Error::InvalidCredentials)?;
        let pending = account.pending_address();
        if pending.as_ref().map(EmailAddress::key) != Some(email.key()) {
            // Another change of address has been asked for, or this one taken back.
            return Err(Error::CodeExpired);
        }
        let owner = account::find_id_by_email(transaction, email.key()).await?;
        if owner.is_some_and(|owner| owner != account_id) {
            return Err(Error::EmailTaken);
        }
        let notice = Letter::EmailChanged {
            event: Event::new(account_id, challenge.machine.name.as_str(), now),
            new_email_masked: email.masked(),
        };
        self.owe_notice(transaction, &account, &notice, now).await?;
        account.email = email.clone();
        account.pending_email = None;
        account::update(transaction, &mut account, now).await?;
        audit::record(transaction, account_id, &Action::ChangeEmail, actor, now).await?;
        challenge::spend(transaction, challenge.id, &spent(mailed, account_id, true, now), None)
            .await?;
        Ok(Confirmed::EmailChanged(Box::new(account)))
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

/// The challenges whose codes are looked at: the one that is named, and, since
/// a newer mail must not kill the code in the customer's hand, the others that
/// the same machine has open for the same address.
async fn candidates(
    transaction: &DatabaseTransaction,
    named: &Challenge,
    now: Timestamp,
) -> Result<Vec<Uuid>, Error> {
    let mut ids = vec![named.id];
    if let Purpose::Create | Purpose::ResendPassword = named.purpose {
        let open = challenge::find_by_email(transaction, named.email.key(), now).await?;
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
async fn repeated(
    transaction: &DatabaseTransaction,
    challenge: &Challenge,
    mailed: &MailedCode,
    code: &HashedCode,
    now: Timestamp,
) -> Result<Option<Confirmed>, Error> {
    let Some(spent) = &challenge.spent else {
        return Ok(None);
    };
    if !spent.is_repeated_by(mailed.id, &call(), now) {
        return Ok(None);
    }
    if let (Some(ticket), Some(seed)) = (&challenge.ticket, &challenge.seed) {
        return Ok(Some(Confirmed::Ticket {
            account_id: spent.account_id,
            account_existed: spent.account_existed,
            ticket: code.key.ticket(seed),
            ticket_expire_time: ticket.expire_time,
        }));
    }
    let account = account::find(transaction, spent.account_id).await?;
    Ok(account.map(|account| Confirmed::EmailChanged(Box::new(account))))
}

fn spent(
    mailed: &MailedCode,
    account_id: AccountId,
    account_existed: bool,
    now: Timestamp,
) -> Spent {
    Spent { time: now, code_id: mailed.id, call: call(), account_id, account_existed }
}

/// A call is told by its code alone: a challenge has one machine.
fn call() -> [u8; 32] {
    call_digest("Confirm", &[])
}
