//! Owes mails to the outbox, in the transaction of what they tell.

use jiff::Timestamp;
use sea_orm::ConnectionTrait;
use uuid::Uuid;

use super::{Accounts, error::Error};
use crate::{
    credentials::hasher::CodeSalt,
    domain::{email_address::EmailAddress, locale::Locale, machine::Machine, profile::Profile},
    mail::letter::Letter,
    storage::{
        account::Account,
        challenge::{self, Challenge, Purpose},
        outbox_mail::{self, NewMail},
    },
};

/// A challenge to be made.
pub(super) struct NewChallenge<'a> {
    pub(super) id: Uuid,
    pub(super) purpose: Purpose,
    pub(super) email: &'a EmailAddress,
    pub(super) machine: &'a Machine,
    pub(super) locale: Locale,
    pub(super) profile: Profile,
    /// When the mail may be sent.
    pub(super) send_time: Timestamp,
}

impl Accounts {
    /// Makes a challenge and owes the mail that brings its code.
    pub(super) async fn owe_code(
        &self,
        transaction: &impl ConnectionTrait,
        new: NewChallenge<'_>,
        now: Timestamp,
    ) -> Result<Challenge, Error> {
        let challenge = Challenge {
            id: new.id,
            purpose: new.purpose,
            email: new.email.clone(),
            machine: new.machine.clone(),
            locale: new.locale,
            profile: new.profile,
            salt: self.salt_for(transaction, new.email, now).await?,
            seed: Some(self.randomness.bytes()),
            wrong_tries: 0,
            account_wrong_tries: 0,
            create_time: now,
            expire_time: now + self.lifetimes.code,
            spent: None,
            ticket: None,
        };
        challenge::insert(transaction, &challenge).await?;
        let mail = NewMail {
            letter: to_json(&Letter::Code { challenge_id: challenge.id })?,
            recipient: Some(challenge.email.clone()).filter(|email| !email.is_nobodys()),
            locale: new.locale,
            send_time: new.send_time,
            expire_time: challenge.expire_time,
        };
        outbox_mail::insert(transaction, self.randomness.uuid(), mail, now).await?;
        Ok(challenge)
    }

    /// Owes a security notice to the account's address.
    pub(super) async fn owe_notice(
        &self,
        transaction: &impl ConnectionTrait,
        account: &Account,
        letter: &Letter,
        now: Timestamp,
    ) -> Result<(), Error> {
        let mail = NewMail {
            letter: to_json(letter)?,
            recipient: Some(account.email.clone()),
            locale: account.locale,
            send_time: now,
            expire_time: now + self.lifetimes.notice,
        };
        let id: Uuid = self.randomness.uuid();
        outbox_mail::insert(transaction, id, mail, now).await?;
        Ok(())
    }

    /// Tells the worker that mail is owed; to be called after the commit.
    pub(super) fn wake_mailer(&self) {
        self.mail_owed.notify_one();
    }

    /// All live challenges of an address share one salt, so that a code costs
    /// one hash however many of them there are.
    async fn salt_for(
        &self,
        transaction: &impl ConnectionTrait,
        email: &EmailAddress,
        now: Timestamp,
    ) -> Result<CodeSalt, Error> {
        let live = challenge::find_by_email(transaction, email.key(), now).await?;
        let shared = live.into_iter().map(|challenge| challenge.salt).next();
        let fresh = self.hasher.code_salt();
        Ok(shared.filter(|salt| salt.params == fresh.params).unwrap_or(fresh))
    }
}

fn to_json(letter: &Letter) -> Result<String, Error> {
    serde_json::to_string(letter).map_err(|error| sea_orm::DbErr::Json(error.to_string()).into())
}
