//! Sends the mails that are enqueued: leases them, and tries again while they are of
//! use. Any number of servers may do so on one database.
//!
//! A crash between sending a mail and noting that it was sent makes it come twice,
//! with one Message-ID; nothing makes it come never.

mod composition;
mod delivery;
mod error;

use std::{sync::Arc, time::Duration};

use jiff::{SignedDuration, tz::TimeZone};
use tokio::{
    sync::{Notify, Semaphore},
    task::JoinSet,
    time::timeout,
};
use tokio_util::sync::CancellationToken;

use super::mailer::Mailer;
use crate::{
    clock::Clock,
    credentials::hasher::Hasher,
    randomness::Randomness,
    storage::{
        database::Database,
        error::StorageError,
        outbox_mail::{self, LeasedMail},
        pools::DATABASE_TIMEOUT,
    },
};

/// Mails that are sent concurrently: one slow mail server holds up a few, not all.
const MAX_IN_FLIGHT: usize = 8;

/// How long the worker sleeps when nobody wakes it: other servers enqueue mail, too.
const POLL: Duration = Duration::from_secs(1);

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
    /// Where mails are enqueued.
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

impl Outbox {
    /// Sends what is enqueued until `shutdown`, then finishes what it has begun.
    pub async fn run(self, mail_enqueued: Arc<Notify>, shutdown: CancellationToken) {
        let slots = Arc::new(Semaphore::new(MAX_IN_FLIGHT));
        let mut sending = JoinSet::new();
        while !shutdown.is_cancelled() {
            while sending.try_join_next().is_some() {}
            let free = slots.available_permits();
            let claimed = if free == 0 {
                Ok(Vec::new())
            } else {
                // A statement never ends on a connection whose other side is gone
                // without a word.
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
                            // After its lease any server may claim the mail again.
                            if timeout(outbox.config.lease, outbox.deliver(&mail)).await.is_err() {
                                tracing::warn!(mail.id = %mail.id, "mail not handled in time");
                            }
                        });
                    }
                    // The tasks take their slots when they first run.
                    tokio::task::yield_now().await;
                }
                Err(error) => tracing::warn!(%error, "outbox not read"),
            }
            tokio::select! {
                () = shutdown.cancelled() => {}
                () = mail_enqueued.notified() => {}
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
            let mails = self.claim(MAX_IN_FLIGHT as u64).await?;
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
}
