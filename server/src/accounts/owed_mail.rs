//! Owes mails to the outbox, in the transaction of what they tell.

use std::collections::HashMap;

use jiff::Timestamp;
use sea_orm::ConnectionTrait;
use uuid::Uuid;

use super::{Accounts, error::Error};
use crate::{
    credentials::hasher::CodeSalt,
    domain::{email_address::EmailAddress, locale::Locale, machine::Machine, profile::Profile},
    mail::letter::Letter,
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
pub(super) struct NewChallenge<'a> {
    pub(super) id: Uuid,
    pub(super) purpose: Purpose,
    pub(super) email: &'a EmailAddress,
    pub(super) machine: &'a Machine,
    pub(super) locale: Locale,
    pub(super) profile: &'a Profile,
    /// When the mail may be sent; none when that is too far away to be of use.
    pub(super) send_time: Option<Timestamp>,
}

impl Accounts {
    /// Makes challenges and owes the mails that bring their codes.
    pub(super) async fn owe_codes(
        &self,
        transaction: &impl ConnectionTrait,
        new: &[NewChallenge<'_>],
        now: Timestamp,
    ) -> Result<(), StorageError> {
        let emails = new.iter().map(|new| new.email.key());
        let mut salts = challenge::find_salts(transaction, emails, now).await?;
        let expire_time = now + self.lifetimes.code;
        let (mut challenges, mut mails) = (Vec::new(), Vec::new());
        for new in new {
            challenges.push(Challenge {
                id: new.id,
                purpose: new.purpose,
                email: new.email.clone(),
                machine: new.machine.clone(),
                locale: new.locale,
                profile: new.profile.clone(),
                salt: self.salt_for(new.email, &mut salts),
                seed: Some(self.randomness.bytes()),
                wrong_tries: 0,
                account_wrong_tries: 0,
                create_time: now,
                expire_time,
                spent: None,
                ticket: None,
            });
            let mail = NewMail {
                letter: to_json(&Letter::Code { challenge_id: new.id })?,
                recipient: Some(new.email.clone()).filter(|email| !email.is_nobodys()),
                locale: new.locale,
                send_time: new.send_time.unwrap_or(expire_time),
                expire_time,
            };
            mails.push((self.randomness.uuid(), mail));
        }
        challenge::insert(transaction, &challenges).await?;
        outbox_mail::insert(transaction, mails, now).await
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
        outbox_mail::insert(transaction, [(self.randomness.uuid(), mail)], now).await?;
        Ok(())
    }

    /// Tells the worker that mail is owed; to be called after the commit.
    pub(super) fn wake_mailer(&self) {
        self.mail_owed.notify_one();
    }

    /// All live challenges of an address share one salt, so that a code costs
    /// one hash however many of them there are.
    fn salt_for(&self, email: &EmailAddress, salts: &mut HashMap<String, CodeSalt>) -> CodeSalt {
        let fresh = self.hasher.code_salt();
        let shared = salts.entry(email.key().to_owned()).or_insert_with(|| fresh.clone());
        if shared.params != fresh.params {
            *shared = fresh;
        }
        shared.clone()
    }
}

fn to_json(letter: &Letter) -> Result<String, StorageError> {
    serde_json::to_string(letter).map_err(|error| sea_orm::DbErr::Json(error.to_string()).into())
}
