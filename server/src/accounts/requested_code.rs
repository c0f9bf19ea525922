//! What Create and ResendPassword have in common: a request that may be
//! repeated makes one challenge and one mail, and there are not too many.

use std::net::IpAddr;

use jiff::Timestamp;
use sea_orm::DatabaseTransaction;
use uuid::Uuid;

use super::{Accounts, error::Error, owed_mail::NewChallenge};
use crate::{
    domain::{
        account_id::AccountId, email_address::EmailAddress, locale::Locale, machine::Machine,
        profile::Profile, violation::Problem,
    },
    storage::{
        challenge::Purpose,
        error::StorageError,
        idempotency_key::{self, Answered},
    },
    throttle::Subject,
};

/// A code was asked for. Says nothing of whether an account exists.
#[derive(Clone, Debug)]
pub struct CodeRequested {
    /// What to give to Confirm together with the code.
    pub challenge_id: Uuid,
    /// Until when the code is valid.
    pub code_expire_time: Timestamp,
    /// From when on it makes sense to ask for another.
    pub resend_time: Timestamp,
}

/// How the caller named the one to mail to, which is all that it may learn from.
pub(super) enum MailTo {
    /// By this address.
    Address(EmailAddress),
    /// By this ID; the address is nobody's when there is no such account.
    Account(AccountId, EmailAddress),
}

/// A request for a code.
pub(super) struct CodeRequest<'a> {
    pub(super) request_id: Uuid,
    pub(super) request_digest: [u8; 32],
    pub(super) purpose: Purpose,
    pub(super) to: MailTo,
    pub(super) machine: &'a Machine,
    pub(super) locale: Locale,
    pub(super) profile: &'a Profile,
    pub(super) ip: Option<IpAddr>,
}

impl Accounts {
    /// Makes the challenge and owes the mail, once for a request ID.
    pub(super) async fn request_code(
        &self,
        request: CodeRequest<'_>,
    ) -> Result<CodeRequested, Error> {
        let requested = self.db.retry(|| self.request_code_once(&request)).await?;
        self.wake_mailer();
        Ok(requested)
    }

    async fn request_code_once(&self, request: &CodeRequest<'_>) -> Result<CodeRequested, Error> {
        let now = self.now();
        let transaction = self.db.begin().await?;
        let answered = Answered {
            request_digest: request.request_digest,
            challenge_id: self.randomness.uuid(),
            code_expire_time: now + self.lifetimes.code,
            resend_time: now + self.lifetimes.resend,
        };
        // First of all: this very call, at once with itself, waits here, and is
        // answered alike, instead of being refused for what the other one took.
        let id = request.request_id;
        if !idempotency_key::insert_if_new(&transaction, id, &answered, now).await? {
            return find_answered(&transaction, request).await;
        }
        let send_time = self.throttle_mail(&transaction, request, now).await?;
        let new = NewChallenge {
            id: answered.challenge_id,
            purpose: request.purpose,
            email: request.to.address(),
            machine: request.machine,
            locale: request.locale,
            profile: request.profile.clone(),
            send_time,
        };
        self.owe_code(&transaction, new, now).await?;
        transaction.commit().await?;
        Ok(answered.into())
    }

    /// Refuses what is too much, by what the caller named; tells when the mail
    /// may be sent. Neither who names an ID nor who names an address must learn
    /// from the other's limit that the two belong together: what the mailbox gets
    /// is counted apart, and there the mail waits, and nothing is refused.
    async fn throttle_mail(
        &self,
        transaction: &DatabaseTransaction,
        request: &CodeRequest<'_>,
        now: Timestamp,
    ) -> Result<Timestamp, Error> {
        if let Some(ip) = request.ip {
            self.throttles.take(transaction, &Subject::MailsFrom(ip), now).await?;
        }
        let named = match &request.to {
            MailTo::Address(address) => Subject::MailsTo(address.clone()),
            MailTo::Account(id, _) => Subject::MailsFor(*id),
        };
        self.throttles.take(transaction, &named, now).await?;
        self.reserve_mail(transaction, request.to.address(), now).await
    }

    /// When a mail may go into this mailbox.
    pub(super) async fn reserve_mail(
        &self,
        transaction: &DatabaseTransaction,
        address: &EmailAddress,
        now: Timestamp,
    ) -> Result<Timestamp, Error> {
        let mailbox = Subject::MailsInto(address.clone());
        let reserved = self.throttles.reserve(transaction, &mailbox, now).await?;
        // Too far away: the mail will have expired.
        Ok(reserved.unwrap_or(now + self.lifetimes.code))
    }
}

/// What the same request was answered before.
async fn find_answered(
    transaction: &DatabaseTransaction,
    request: &CodeRequest<'_>,
) -> Result<CodeRequested, Error> {
    // Purged since a moment ago: tried again, it is new.
    let answered = idempotency_key::find(transaction, request.request_id).await?;
    let answered = answered.ok_or_else(|| StorageError::gone("idempotency key"))?;
    if answered.request_digest != request.request_digest {
        return Err(Error::invalid("request_id", Problem::RequestIdReused));
    }
    Ok(answered.into())
}

impl MailTo {
    fn address(&self) -> &EmailAddress {
        let (Self::Address(address) | Self::Account(_, address)) = self;
        address
    }
}

impl From<Answered> for CodeRequested {
    fn from(answered: Answered) -> Self {
        Self {
            challenge_id: answered.challenge_id,
            code_expire_time: answered.code_expire_time,
            resend_time: answered.resend_time,
        }
    }
}
