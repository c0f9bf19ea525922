//! Sends the mails that are enqueued: leases them, and tries again while they are of
//! use. Any number of servers may do so on one database.
//!
//! A crash between sending a mail and noting that it was sent makes it come twice,
//! with one Message-ID; nothing makes it come never.

pub mod by_operator;
mod composition;
mod delivery;
mod error;
mod turn;

use std::{sync::Arc, time::Duration};

use jiff::{SignedDuration, tz::TimeZone};
use tokio::{sync::Notify, task::JoinSet};
use tokio_util::sync::CancellationToken;

use self::turn::{MAX_IN_FLIGHT, Turn, Turns};
use super::{mailer::Mailer, message::Letterhead};
use crate::{
    clock::Clock,
    credentials::{derivation::MailedCodeKey, hasher::Hasher},
    metrics::MailMetrics,
    randomness::Randomness,
    storage::{
        database::Database,
        error::StorageError,
        in_time::in_time,
        outbox_mail::{self, LeasedMail},
    },
};

/// How long the worker sleeps when nobody wakes it: other servers enqueue mail, too.
const POLL: Duration = Duration::from_secs(1);

/// How long it is waited for what the worker is sending before it is looked again.
const SETTLING_PAUSE: Duration = Duration::from_millis(5);

/// How mail is sent.
#[derive(Clone, Debug)]
pub struct OutboxConfig {
    /// The right of the Message-IDs' `@`.
    pub message_id_domain: String,
    /// How long a mail is this server's own, unless it says that it still is; a crashed
    /// server's mail waits as long.
    pub lease: Duration,
    /// Where the mail's times are told.
    pub time_zone: TimeZone,
    /// What every mail says of its sender.
    pub letterhead: Letterhead,
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
    /// What codes are made from, by this process alone.
    pub code_key: MailedCodeKey,
    /// Where IDs and jitter come from.
    pub randomness: Arc<dyn Randomness>,
    /// Where mail goes.
    pub mailer: Mailer,
    /// How it is sent.
    pub config: OutboxConfig,
    /// Counts what became of it.
    pub metrics: MailMetrics,
}

impl Outbox {
    /// Sends what is enqueued until `shutdown`, then finishes what it has begun. What is not
    /// finished at `give_up` is put back.
    pub async fn run(
        self,
        mail_enqueued: Arc<Notify>,
        shutdown: CancellationToken,
        give_up: CancellationToken,
    ) {
        let turns = Turns::new();
        let mut sending = JoinSet::new();
        while !shutdown.is_cancelled() {
            while sending.try_join_next().is_some() {}
            let free = turns.free();
            let claimed = if free == 0 { Ok(Vec::new()) } else { in_time(self.claim(free)).await };
            match claimed {
                Ok(mails) => {
                    for mail in mails {
                        let turn = turns.take().await;
                        let (outbox, give_up) = (self.clone(), give_up.clone());
                        sending.spawn(async move { outbox.deliver(&mail, turn, &give_up).await });
                    }
                }
                Err(error) => tracing::warn!(%error, "outbox not read"),
            }
            tokio::select! {
                () = shutdown.cancelled() => {}
                () = mail_enqueued.notified() => {}
                Some(_) = sending.join_next() => {}
                () = turns.given_up() => {}
                () = tokio::time::sleep(POLL) => {}
            }
        }
        while !sending.is_empty() {
            tokio::select! {
                _ = sending.join_next() => {}
                () = give_up.cancelled() => {
                    let mails = sending.len();
                    tracing::warn!(mails, "mails put back: their mail server takes too long");
                    while sending.join_next().await.is_some() {}
                }
            }
        }
    }

    /// Sends everything that is due now, one after the other; gives their number.
    ///
    /// # Errors
    /// A [`StorageError`].
    pub async fn drain(&self) -> Result<usize, StorageError> {
        let mut sent = 0;
        loop {
            let mails = self.claim(MAX_IN_FLIGHT).await?;
            if mails.is_empty() {
                return Ok(sent);
            }
            for mail in mails {
                let give_up = CancellationToken::new();
                // On the heap: it holds some 20 KiB across its waits.
                Box::pin(self.deliver(&mail, Turn::default(), &give_up)).await;
                sent += 1;
            }
        }
    }

    /// Sends everything that is due now, and waits for what the worker is sending.
    ///
    /// # Errors
    /// A [`StorageError`].
    pub async fn settle(&self) -> Result<(), StorageError> {
        loop {
            self.drain().await?;
            if !outbox_mail::is_any_unsent(&self.db.read(), self.clock.now()).await? {
                return Ok(());
            }
            tokio::time::sleep(SETTLING_PAUSE).await;
        }
    }

    async fn claim(&self, limit: usize) -> Result<Vec<LeasedMail>, StorageError> {
        let now = self.clock.now();
        // Most looks find nothing, and need not take the writer's turn.
        let lease = self.lease();
        if !outbox_mail::is_any_due(&self.db.read(), now, lease).await? {
            return Ok(Vec::new());
        }
        let lease_id = self.randomness.uuid();
        self.db
            .retry(|| async {
                let transaction = self.db.begin().await?;
                let mails =
                    outbox_mail::claim(&transaction, lease_id, limit as u64, now, lease).await?;
                transaction.commit().await?;
                Ok(mails)
            })
            .await
    }

    fn lease(&self) -> SignedDuration {
        SignedDuration::try_from(self.config.lease).unwrap_or(SignedDuration::MAX)
    }
}
