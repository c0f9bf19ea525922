//! What Create and ResendPassword have in common: a request that may be
//! repeated makes one challenge and one mail.

use jiff::Timestamp;
use uuid::Uuid;

use super::{Accounts, error::Error, owed_mail::NewChallenge};
use crate::{
    domain::{
        email_address::EmailAddress, locale::Locale, machine::Machine, profile::Profile,
        violation::Problem,
    },
    storage::{
        challenge::Purpose,
        idempotency_key::{self, Answered},
    },
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

/// A request for a code.
pub(super) struct CodeRequest<'a> {
    pub(super) request_id: Uuid,
    pub(super) request_digest: [u8; 32],
    pub(super) purpose: Purpose,
    pub(super) email: Option<&'a EmailAddress>,
    pub(super) machine: &'a Machine,
    pub(super) locale: Locale,
    pub(super) profile: &'a Profile,
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
        if let Some(answered) = idempotency_key::find(&transaction, request.request_id).await? {
            transaction.rollback().await?;
            if answered.request_digest != request.request_digest {
                return Err(Error::invalid("request_id", Problem::RequestIdReused));
            }
            return Ok(answered.into());
        }
        let new = NewChallenge {
            purpose: request.purpose,
            email: request.email,
            machine: request.machine,
            locale: request.locale,
            profile: request.profile.clone(),
        };
        let challenge = self.owe_code(&transaction, new, now).await?;
        let answered = Answered {
            request_digest: request.request_digest,
            challenge_id: challenge.id,
            code_expire_time: challenge.expire_time,
            resend_time: now + self.lifetimes.resend,
        };
        idempotency_key::insert(&transaction, request.request_id, &answered, now).await?;
        transaction.commit().await?;
        Ok(answered.into())
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
