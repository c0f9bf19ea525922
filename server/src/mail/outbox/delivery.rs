//! The delivery of a leased mail, and what follows from how it went: the mail has
//! ended, or it is tried again later.
//!
//! It is sent outside any transaction: a slow mail server must hold no lock.

use std::time::SystemTime;

use jiff::{SignedDuration, Timestamp};
use tokio::time::timeout;

use super::{Outbox, composition::Composed, error::DeliveryError};
use crate::{
    mail::{
        mailer::{Envelope, SendError},
        message::Message,
    },
    storage::{
        outbox_mail::{self, End, LeasedMail},
        personal_code,
    },
};

/// The first and the longest wait after a temporary failure.
const FIRST_BACKOFF: SignedDuration = SignedDuration::from_secs(5);
const LONGEST_BACKOFF: SignedDuration = SignedDuration::from_mins(15);

impl Outbox {
    /// Sends a mail, and notes how that went.
    pub(super) async fn deliver(&self, mail: &LeasedMail) {
        if let Err(error) = self.try_deliver(mail).await {
            tracing::warn!(mail.id = %mail.id, %error, "mail not handled");
            let next = self.clock.now() + self.backoff(mail.attempts);
            // If this fails, too, the lease runs out, and the mail is tried again.
            let _ = outbox_mail::postpone(&self.db.write(), mail, next, error.to_string()).await;
        }
    }

    async fn try_deliver(&self, mail: &LeasedMail) -> Result<(), DeliveryError> {
        let now = self.clock.now();
        if mail.expire_time <= now {
            tracing::warn!(mail.id = %mail.id, mail.attempts, "mail expired unsent");
            return self.end(mail, End::Expired, None).await;
        }
        let composed = self.compose(mail, now).await?;
        // Composed first: the same work is done for an address that is nobody's.
        let (Some(Composed { message, kind, code_id }), Some(to)) =
            (composed, mail.recipient.clone())
        else {
            return self.end(mail, End::Dropped, None).await;
        };
        match self.send(mail, to, message, now).await {
            Ok(()) => {
                tracing::info!(mail.id = %mail.id, mail.kind = kind, mail.attempts, "mail sent");
                self.end(mail, End::Sent, None).await
            }
            Err(SendError::Permanent { detail }) => {
                tracing::warn!(mail.id = %mail.id, mail.kind = kind, %detail, "mail refused");
                self.end(mail, End::Failed, Some(detail)).await
            }
            Err(SendError::Temporary { detail, definite }) => {
                tracing::warn!(mail.id = %mail.id, mail.kind = kind, mail.attempts, %detail, "mail not sent for now");
                if let Some(code_id) = code_id.filter(|_| definite) {
                    // It never reached the customer: it must not push out one that did.
                    personal_code::delete(&self.db.write(), code_id).await?;
                }
                let next = self.clock.now() + self.backoff(mail.attempts);
                Ok(outbox_mail::postpone(&self.db.write(), mail, next, detail).await?)
            }
        }
    }

    async fn send(
        &self,
        mail: &LeasedMail,
        to: String,
        message: Message,
        now: Timestamp,
    ) -> Result<(), SendError> {
        let envelope = Envelope {
            message_id: format!("{}@{}", mail.id, self.config.message_id_domain),
            to,
            date: SystemTime::try_from(now).unwrap_or(SystemTime::UNIX_EPOCH),
            message,
        };
        // A mail that outlives its lease would be sent by another server, too.
        let sent = timeout(self.config.lease / 2, self.mailer.send(&envelope)).await;
        sent.unwrap_or_else(|_| {
            Err(SendError::Temporary { detail: "timeout".to_owned(), definite: false })
        })
    }

    async fn end(
        &self,
        mail: &LeasedMail,
        end: End,
        error: Option<String>,
    ) -> Result<(), DeliveryError> {
        let now = self.clock.now();
        Ok(outbox_mail::end(&self.db.write(), mail, end, error, now).await?)
    }

    /// Doubles from 5 s to 15 min; half of it is chance, so that the mails of an
    /// outage do not come back in one burst.
    fn backoff(&self, attempts: u32) -> SignedDuration {
        let doubled = FIRST_BACKOFF.saturating_mul(1 << attempts.min(16));
        let bound = doubled.min(LONGEST_BACKOFF);
        bound.mul_f64(0.5 + self.randomness.fraction() / 2.0)
    }
}
