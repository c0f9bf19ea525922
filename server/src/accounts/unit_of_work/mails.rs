//! Puts mails into the outbox, in the transaction of what they tell.

use std::{collections::HashMap, fmt};

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::Work;
use crate::{
    accounts::Accounts,
    credentials::hasher::CodeSalt,
    domain::{email_address::EmailAddress, locale::Locale, machine::Machine, profile::Profile},
    mail::{letter::Letter, notice::Notice},
    model::{
        account::Account,
        challenge::{Challenge, Purpose},
    },
    storage::{
        challenge,
        error::StorageError,
        outbox_mail::{self, NewMail},
    },
};

/// A challenge to be made.
#[derive(Clone, Copy)]
pub struct NewChallenge<'a> {
    /// Its ID.
    pub id: Uuid,
    /// What it is for.
    pub purpose: Purpose,
    /// Where its code goes.
    pub email: &'a EmailAddress,
    /// The machine that asks.
    pub machine: &'a Machine,
    /// The language of the mail.
    pub locale: Locale,
    /// What a new account is to hold.
    pub profile: &'a Profile,
    /// When the mail may be sent; none when that is too far away to be of use.
    pub send_time: Option<Timestamp>,
    /// How much later than now its code begins to live: as long as the desk has its mail wait.
    pub delay: SignedDuration,
    /// Whether the support desk has it sent.
    pub by_support: bool,
}

impl fmt::Debug for NewChallenge<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewChallenge").field("id", &self.id).finish_non_exhaustive()
    }
}

impl Work<'_> {
    /// Makes challenges and enqueues the mails that bring their codes.
    pub(in crate::accounts) async fn enqueue_codes(
        &mut self,
        new: &[NewChallenge<'_>],
    ) -> Result<(), StorageError> {
        let emails = new.iter().map(|new| new.email.key());
        let mut salts = challenge::find_salts(&self.db, emails, self.now).await?;
        let (mut challenges, mut mails) = (Vec::new(), Vec::new());
        for new in new {
            let expire_time = self.now + new.delay + self.accounts.lifetimes.code;
            challenges.push(Challenge {
                id: new.id,
                purpose: new.purpose,
                email: new.email.clone(),
                machine: new.machine.clone(),
                locale: new.locale,
                profile: new.profile.clone(),
                salt: self.accounts.salt_for(new.email, &mut salts),
                seed: Some(self.accounts.randomness.bytes()),
                wrong_tries: 0,
                account_wrong_tries: 0,
                create_time: self.now,
                expire_time,
                spent: None,
                ticket: None,
            });
            mails.push(NewMail {
                letter: to_json(&letter(new))?,
                recipient: Some(new.email.clone()).filter(|email| !email.is_placeholder()),
                locale: new.locale,
                send_time: new.send_time.unwrap_or(expire_time),
                expire_time,
            });
        }
        challenge::insert(&self.db, &challenges).await?;
        self.enqueue(mails).await
    }

    /// Enqueues a security notice to the account's address.
    pub(in crate::accounts) async fn notify(
        &mut self,
        account: &Account,
        notice: Notice,
    ) -> Result<(), StorageError> {
        let mail = NewMail {
            letter: to_json(&Letter::Notice(notice))?,
            recipient: Some(account.email.clone()),
            locale: account.locale,
            send_time: self.now,
            expire_time: self.now + self.accounts.lifetimes.notice,
        };
        self.enqueue(vec![mail]).await
    }

    async fn enqueue(&mut self, mails: Vec<NewMail>) -> Result<(), StorageError> {
        let mails = mails.into_iter().map(|mail| (self.accounts.randomness.uuid(), mail));
        outbox_mail::insert(&self.db, mails, self.now).await?;
        self.has_mail = true;
        Ok(())
    }
}

impl Accounts {
    /// All challenges of an address whose codes may serve share one salt, and with it the
    /// parameters of the hash, even after the operator has changed these: a code that is
    /// typed in any of them costs one hash however many there are.
    fn salt_for(&self, email: &EmailAddress, salts: &mut HashMap<String, CodeSalt>) -> CodeSalt {
        let fresh = || self.hasher.code_salt();
        salts.entry(email.key().to_owned()).or_insert_with(fresh).clone()
    }
}

fn letter(new: &NewChallenge<'_>) -> Letter {
    Letter::Code { challenge_id: new.id, by_support: new.by_support }
}

fn to_json(letter: &Letter) -> Result<String, StorageError> {
    letter.to_json().map_err(|error| sea_orm::DbErr::Json(error.to_string()).into())
}
