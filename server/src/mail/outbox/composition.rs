//! What an enqueued mail says at the moment when it is sent, and the code that is
//! minted for it there and then: the same one whenever this process sends it again.

use std::time::Duration;

use jiff::Timestamp;
use uuid::Uuid;

use super::{Outbox, OutboxConfig, POLL, error::DeliveryError, in_time};
use crate::{
    credentials::hasher::{CodeHash, HashError, HashFor},
    domain::{account_id::AccountId, email_address::EmailAddress, personal_code::PersonalCode},
    mail::{
        letter::Letter,
        message::{self, CodeInMail, CodeMail, Content, Message, Request},
    },
    model::challenge::{Challenge, Purpose},
    storage::{
        account, challenge,
        error::StorageError,
        outbox_mail::{self, LeasedMail},
        personal_code::{self, Inserted},
    },
};

/// A mail ready to be sent.
pub(super) struct Composed {
    pub(super) message: Message,
    pub(super) kind: &'static str,
    pub(super) code: Option<CodeInMail>,
    /// The code in it, if this try is the first that may bring it.
    pub(super) new_code_id: Option<Uuid>,
}

impl Outbox {
    /// Composes a mail; `None` when there is nothing to send any more.
    pub(super) async fn compose(
        &self,
        mail: &LeasedMail,
        now: Timestamp,
    ) -> Result<Option<Composed>, DeliveryError> {
        let letter = Letter::from_json(&mail.letter)
            .map_err(|error| DeliveryError::Compose(error.to_string()))?;
        let (content, new_code_id) = match letter {
            Letter::Code { challenge_id, by_support } => {
                match self.code(mail, challenge_id, by_support, now).await? {
                    Some((content, code)) => (content, code.is_new.then_some(code.id)),
                    None => return Ok(None),
                }
            }
            Letter::Notice(notice) => (Content::Notice(notice), None),
        };
        let OutboxConfig { time_zone, letterhead, .. } = &self.config;
        let message = message::compose(&content, mail.locale, time_zone, letterhead)
            .map_err(|error| DeliveryError::Compose(error.to_string()))?;
        let (kind, code) = (content.kind(), content.code());
        Ok(Some(Composed { message, kind, code, new_code_id }))
    }

    /// What a mail says for a challenge, by what the address is worth just now.
    async fn code(
        &self,
        mail: &LeasedMail,
        challenge_id: Uuid,
        by_support: bool,
        now: Timestamp,
    ) -> Result<Option<(Content, Inserted)>, DeliveryError> {
        let Some((challenge, owner)) = in_time(self.asked_for(challenge_id, now)).await? else {
            return Ok(None);
        };
        // Minted whatever the mail will say: a mail without a code must not be
        // recognizable by less hashing.
        let Some((inserted, code)) = self.mint(mail, &challenge, now).await? else {
            return Ok(None);
        };
        let request = Request {
            machine: challenge.machine.name.as_str().to_owned(),
            time: challenge.create_time,
        };
        let code = CodeMail {
            code: code.display().to_string(),
            request: request.clone(),
            expire_time: mail.expire_time,
        };
        let content = match (challenge.purpose, owner.map(AccountId::number)) {
            (Purpose::Create, account_id) if by_support => {
                Content::SupportCode { account_id, code }
            }
            (Purpose::ResendPassword, Some(account_id)) if by_support => {
                Content::SupportCode { account_id: Some(account_id), code }
            }
            (Purpose::Create, None) => Content::OpenAccount(code),
            (Purpose::Create, Some(account_id)) => Content::AccountExists { account_id, code },
            (Purpose::ResendPassword, Some(account_id)) => {
                Content::PersonalCode { account_id, code }
            }
            (Purpose::ResendPassword, None) => Content::NoAccount(request),
            (Purpose::ChangeEmail(id), Some(owner)) if owner != id.number() => {
                Content::EmailTaken(request)
            }
            (Purpose::ChangeEmail(_), _) if by_support => Content::SupportConfirmEmail(code),
            (Purpose::ChangeEmail(_), _) => Content::ConfirmEmail(code),
        };
        Ok(Some((content, inserted)))
    }

    /// The challenge, while it wants its mail, and whose its address is.
    async fn asked_for(
        &self,
        challenge_id: Uuid,
        now: Timestamp,
    ) -> Result<Option<(Challenge, Option<AccountId>)>, StorageError> {
        let found = challenge::find(&self.db.read(), challenge_id).await?;
        let Some(challenge) = found.filter(|challenge| challenge.wants_mail(now)) else {
            return Ok(None);
        };
        if let Purpose::ChangeEmail(id) = challenge.purpose {
            // It may have waited for a day: another one may have been asked for, or this one
            // taken back.
            let account = account::find(&self.db.read(), id).await?;
            let pending = account.and_then(|account| account.pending_address());
            if pending.as_ref().map(EmailAddress::key) != Some(challenge.email.key()) {
                return Ok(None);
            }
        }
        let owner = account::find_id_by_email(&self.db.read(), challenge.email.key()).await?;
        Ok(Some((challenge, owner)))
    }

    /// Hashes the code when the hasher has room for it. That others have much to hash is
    /// no fault of the mail's: it waits here, instead of coming back after ever longer
    /// times.
    async fn hash_when_there_is_room(
        &self,
        code: &PersonalCode,
        challenge: &Challenge,
    ) -> Result<CodeHash, HashError> {
        let mut waited = Duration::ZERO;
        loop {
            match self.hasher.hash_code(HashFor::Outbox, code.clone(), challenge.salt.clone()).await
            {
                Err(HashError::Busy { retry_after }) if waited < self.config.lease / 4 => {
                    let pause = retry_after.clamp(Duration::from_millis(10), POLL);
                    tokio::time::sleep(pause).await;
                    waited += pause;
                }
                outcome => return outcome.map(|(hash, _)| hash),
            }
        }
    }

    /// Makes the mail's code, and stores its hash before anybody can type it; `None` when
    /// another server has taken the mail over, or a copy of it has arrived and its code was
    /// used.
    async fn mint(
        &self,
        mail: &LeasedMail,
        challenge: &Challenge,
        now: Timestamp,
    ) -> Result<Option<(Inserted, PersonalCode)>, DeliveryError> {
        let code = self.code_key.code(challenge.id, challenge.seed.as_ref());
        let hash = self.hash_when_there_is_room(&code, challenge).await?;
        let id = self.randomness.uuid();
        let stored = self.db.retry(|| async {
            let transaction = self.db.begin().await?;
            if !outbox_mail::holds(&transaction, mail).await? {
                return Ok(None);
            }
            let expire_time = mail.expire_time;
            let inserted =
                personal_code::insert(&transaction, id, challenge.id, &hash, now, expire_time)
                    .await?;
            transaction.commit().await?;
            Ok(inserted)
        });
        Ok(in_time(stored).await?.map(|inserted| (inserted, code)))
    }
}
