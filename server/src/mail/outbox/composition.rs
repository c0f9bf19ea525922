//! What an enqueued mail says at the moment when it is sent, and the code that is
//! minted for it there and then.

use std::time::Duration;

use jiff::Timestamp;
use uuid::Uuid;

use super::{Outbox, POLL, error::DeliveryError};
use crate::{
    credentials::hasher::{CodeHash, HashError, HashFor},
    domain::{account_id::AccountId, personal_code::PersonalCode},
    mail::{
        letter::Letter,
        message::{self, CodeMail, Content, Message, Request},
    },
    model::challenge::{Challenge, Door, Purpose},
    storage::{
        account, challenge,
        outbox_mail::{self, LeasedMail},
        personal_code,
    },
};

/// A mail ready to be sent.
pub(super) struct Composed {
    pub(super) message: Message,
    pub(super) kind: &'static str,
    /// The code in it, if there is one.
    pub(super) code_id: Option<Uuid>,
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
        let (content, code_id) = match letter {
            Letter::Code { challenge_id } => match self.code(mail, challenge_id, now).await? {
                Some((content, code_id)) => (content, Some(code_id)),
                None => return Ok(None),
            },
            Letter::Notice(notice) => (Content::Notice(notice), None),
        };
        let message = message::compose(&content, mail.locale, &self.config.time_zone)
            .map_err(|error| DeliveryError::Compose(error.to_string()))?;
        Ok(Some(Composed { message, kind: content.kind(), code_id }))
    }

    /// What a mail says for a challenge, by what the address is worth just now.
    async fn code(
        &self,
        mail: &LeasedMail,
        challenge_id: Uuid,
        now: Timestamp,
    ) -> Result<Option<(Content, Uuid)>, DeliveryError> {
        let Some(challenge) = challenge::find(&self.db.read(), challenge_id).await? else {
            return Ok(None);
        };
        if !challenge.state(Door::Confirm, now).is_open() {
            return Ok(None);
        }
        let owner = account::find_id_by_email(&self.db.read(), challenge.email.key()).await?;
        // Minted whatever the mail will say: a mail without a code must not be
        // recognizable by less hashing.
        let Some((code_id, code)) = self.mint(mail, &challenge, now).await? else {
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
            (Purpose::Create, None) => Content::OpenAccount(code),
            (Purpose::Create, Some(account_id)) => Content::AccountExists { account_id, code },
            (Purpose::ResendPassword, Some(account_id)) => {
                Content::PersonalCode { account_id, code }
            }
            (Purpose::ResendPassword, None) => Content::NoAccount(request),
            (Purpose::ChangeEmail(id), Some(owner)) if owner != id.number() => {
                Content::EmailTaken(request)
            }
            (Purpose::ChangeEmail(_), _) => Content::ConfirmEmail(code),
        };
        Ok(Some((content, code_id)))
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

    /// Makes a code, and stores its hash before anybody can type it; `None`
    /// when another server has taken the mail over.
    async fn mint(
        &self,
        mail: &LeasedMail,
        challenge: &Challenge,
        now: Timestamp,
    ) -> Result<Option<(Uuid, PersonalCode)>, DeliveryError> {
        let code = PersonalCode::generate(&*self.randomness);
        let hash = self.hash_when_there_is_room(&code, challenge).await?;
        let id = self.randomness.uuid();
        let stored = self
            .db
            .retry(|| async {
                let transaction = self.db.begin().await?;
                if !outbox_mail::holds(&transaction, mail).await? {
                    return Ok::<_, DeliveryError>(false);
                }
                personal_code::insert(&transaction, id, challenge.id, &hash, now, mail.expire_time)
                    .await?;
                transaction.commit().await?;
                Ok(true)
            })
            .await?;
        Ok(stored.then_some((id, code)))
    }
}
