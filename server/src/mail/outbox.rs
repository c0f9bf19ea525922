//! Pays the mails that are owed: leases them, sends them outside any
//! transaction, tries again while they are of use. Any number of servers may do
//! so on one database.
//!
//! A crash between sending and noting that it was sent makes a mail come twice,
//! with one Message-ID; nothing makes it come never.

mod composition;

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use tokio::{
    sync::{Notify, Semaphore},
    task::JoinSet,
    time::timeout,
};
use tokio_util::sync::CancellationToken;

use self::composition::Composed;
use super::mailer::{Envelope, Mailer, SendError};
use crate::{
    clock::Clock,
    credentials::hasher::Hasher,
    randomness::Randomness,
    storage::{
        database::Database,
        error::StorageError,
        outbox_mail::{self, End, LeasedMail},
        personal_code,
        pools::DATABASE_TIMEOUT,
    },
};

/// Mails that are sent at once: one slow mail server holds up a few, not all.
const AT_ONCE: usize = 8;

/// How long the worker sleeps when nobody wakes it: other servers owe mail, too.
const POLL: Duration = Duration::from_secs(1);

/// First and longest wait after a temporary failure.
const FIRST_BACKOFF: SignedDuration = SignedDuration::from_secs(5);
const LONGEST_BACKOFF: SignedDuration = SignedDuration::from_mins(15);

/// How mail is sent.
#[derive(Clone, Debug)]
pub struct OutboxConfig {
    /// The right of the Message-IDs' `@`.
    pub message_id_domain: String,
    /// How long a mail is this server's own; a crashed server's mail waits as long.
    pub lease: Duration,
    /// Where the mail's times are told.
    pub time_zone: TimeZone,
}

/// The worker that sends mail. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Outbox {
    /// Where mails are owed.
    pub db: Database,
    /// Where codes are hashed.
    pub hasher: Hasher,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// Where codes come from.
    pub randomness: Arc<dyn Randomness>,
    /// Where mail goes.
    pub mailer: Mailer,
    /// How it is sent.
    pub config: OutboxConfig,
}

/// A mail could not be paid just now.
#[derive(Debug, thiserror::Error)]
enum DeliveryError {
    #[error(transparent)]
    Storage(#[from] StorageError),
    #[error(transparent)]
    Hash(#[from] crate::credentials::hasher::HashError),
    #[error("the mail cannot be composed: {0}")]
    Compose(String),
}

impl From<sea_orm::DbErr> for DeliveryError {
    fn from(error: sea_orm::DbErr) -> Self {
        Self::Storage(error.into())
    }
}

impl Outbox {
    /// Sends what is owed until `shutdown`, then finishes what it has begun.
    pub async fn run(self, mail_owed: Arc<Notify>, shutdown: CancellationToken) {
        let slots = Arc::new(Semaphore::new(AT_ONCE));
        let mut sending = JoinSet::new();
        while !shutdown.is_cancelled() {
            while sending.try_join_next().is_some() {}
            let free = slots.available_permits();
            let claimed = if free == 0 {
                Ok(Vec::new())
            } else {
                // On a connection whose other side is gone without a word it never ends.
                let claimed = timeout(DATABASE_TIMEOUT * 2, self.claim(free as u64)).await;
                claimed.unwrap_or_else(|_| Err(StorageError::overdue()))
            };
            match claimed {
                Ok(mails) if mails.is_empty() => {}
                Ok(mails) => {
                    for mail in mails {
                        let (outbox, slots) = (self.clone(), Arc::clone(&slots));
                        sending.spawn(async move {
                            let _slot = slots.acquire_owned().await;
                            // After its lease it is whoever's, and due again.
                            if timeout(outbox.config.lease, outbox.deliver(&mail)).await.is_err() {
                                tracing::warn!(mail.id = %mail.id, "mail not handled in time");
                            }
                        });
                    }
                    // The slots are taken when the tasks first run.
                    tokio::task::yield_now().await;
                }
                Err(error) => tracing::warn!(%error, "outbox not read"),
            }
            tokio::select! {
                () = shutdown.cancelled() => {}
                () = mail_owed.notified() => {}
                Some(_) = sending.join_next() => {}
                () = tokio::time::sleep(POLL) => {}
            }
        }
        while sending.join_next().await.is_some() {}
    }

    /// Sends everything that is due now, one after the other; gives their number.
    ///
    /// # Errors
    /// A [`StorageError`].
    pub async fn drain(&self) -> Result<usize, StorageError> {
        let mut sent = 0;
        loop {
            let mails = self.claim(AT_ONCE as u64).await?;
            if mails.is_empty() {
                return Ok(sent);
            }
            for mail in mails {
                self.deliver(&mail).await;
                sent += 1;
            }
        }
    }

    async fn claim(&self, limit: u64) -> Result<Vec<LeasedMail>, StorageError> {
        let now = self.clock.now();
        // Most looks find nothing, and need not take the writer's turn.
        if !outbox_mail::is_any_due(&self.db.read(), now).await? {
            return Ok(Vec::new());
        }
        let lease_id = self.randomness.uuid();
        let lease = SignedDuration::try_from(self.config.lease).unwrap_or(SignedDuration::MAX);
        self.db
            .retry(|| async {
                let transaction = self.db.begin().await?;
                let mails = outbox_mail::claim(&transaction, lease_id, limit, now, lease).await?;
                transaction.commit().await?;
                Ok(mails)
            })
            .await
    }

    async fn deliver(&self, mail: &LeasedMail) {
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
        // Composed first: for nobody's address, too, the same work is done.
        let (Some(Composed { message, kind, code_id }), Some(to)) =
            (composed, mail.recipient.clone())
        else {
            return self.end(mail, End::Dropped, None).await;
        };
        let envelope = Envelope {
            message_id: format!("{}@{}", mail.id, self.config.message_id_domain),
            to,
            date: SystemTime::try_from(now).unwrap_or(SystemTime::UNIX_EPOCH),
            message,
        };
        // A mail that outlives its lease would be sent by another server, too.
        let sent = timeout(self.config.lease / 2, self.mailer.send(&envelope)).await;
        let sent = sent.unwrap_or_else(|_| {
            Err(SendError::Temporary { detail: "timeout".to_owned(), definite: false })
        });
        match sent {
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

    async fn end(
        &self,
        mail: &LeasedMail,
        end: End,
        error: Option<String>,
    ) -> Result<(), DeliveryError> {
        let now: Timestamp = self.clock.now();
        Ok(outbox_mail::end(&self.db.write(), mail, end, error, now).await?)
    }

    /// Doubles from 5 s to 15 min; half of it is chance, so that the mails of an
    /// outage do not come back all at once.
    fn backoff(&self, attempts: u32) -> SignedDuration {
        let doubled = FIRST_BACKOFF.saturating_mul(1 << attempts.min(16));
        let bound = doubled.min(LONGEST_BACKOFF);
        bound.mul_f64(0.5 + self.randomness.fraction() / 2.0)
    }
}
