//! Tells another system what happened to accounts: leases the events that are enqueued, sends
//! each as a signed request, and tries again until it is taken. Any number of servers may do so
//! on one database. What the receiver does never touches a call.
//!
//! An event comes at least once, and perhaps later than one that happened after it: a crash
//! between its delivery and the note of it makes it come twice, under the same ID.

mod delivery;
pub mod endpoint;
mod pace;
pub mod secrets;

use std::{sync::Arc, time::Duration};

use jiff::SignedDuration;
use tokio::{task::JoinSet, time::Instant};
use tokio_util::sync::CancellationToken;

use self::{
    endpoint::Endpoint,
    pace::{News, Pace, Tried},
};
use crate::{
    clock::{BELIEVED_AFTER, Clock},
    metrics::{DeliveryResult, WebhookMetrics},
    randomness::Randomness,
    storage::{
        database::Database,
        error::StorageError,
        event_outbox::{self, LeasedEvent},
        event_queue::EventQueue,
        in_time::in_time,
    },
};

/// How long the worker sleeps when nobody wakes it: other servers enqueue events, too.
const POLL: Duration = Duration::from_secs(1);

/// How often it is looked for events that nobody took.
const SWEEP: Duration = Duration::from_mins(1);

/// How much longer than a request an event is this server's own; a crashed server's event waits
/// as long.
const LEASE_MARGIN: Duration = Duration::from_mins(1);

/// What may wait, and for how long.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// How long an event is tried.
    pub keep: SignedDuration,
    /// How many events may wait; beyond, the oldest ends.
    pub most: u64,
}

/// The worker that tells another system. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Webhook {
    /// Where events are enqueued.
    pub db: Database,
    /// The way from the transactions of this server.
    pub queue: EventQueue,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// Where jitter comes from.
    pub randomness: Arc<dyn Randomness>,
    /// Who is told.
    pub endpoint: Endpoint,
    /// What may wait.
    pub bounds: Bounds,
    /// Counts what became of events.
    pub metrics: WebhookMetrics,
}

impl Webhook {
    /// Sends what is enqueued until `shutdown`, then finishes what it has begun. What is not
    /// finished at `give_up` is put back.
    pub(crate) async fn run(self, shutdown: CancellationToken, give_up: CancellationToken) {
        let (mut sending, mut pace) = (JoinSet::new(), Pace::default());
        let mut next_sweep = Instant::now();
        while !shutdown.is_cancelled() {
            while let Some(ended) = sending.try_join_next() {
                self.take_notice(&mut pace, ended);
            }
            let now = Instant::now();
            if now >= next_sweep {
                next_sweep = now + SWEEP;
                if let Err(error) = in_time(self.sweep()).await {
                    tracing::warn!(%error, "the event outbox is not tidied");
                }
            }
            let places = pace.places(now).saturating_sub(sending.len());
            let claimed =
                if places == 0 { Ok(Vec::new()) } else { in_time(self.claim(places)).await };
            match claimed {
                Ok(events) => {
                    for event in events {
                        let (webhook, give_up) = (self.clone(), give_up.clone());
                        sending.spawn(async move { webhook.deliver(&event, &give_up).await });
                    }
                }
                Err(error) => tracing::warn!(%error, "event outbox not read"),
            }
            tokio::select! {
                () = shutdown.cancelled() => {}
                // Nobody who calls hurries a receiver that takes nothing.
                () = self.queue.queued(), if pace.pause(now).is_none() => {}
                Some(ended) = sending.join_next() => self.take_notice(&mut pace, ended),
                () = tokio::time::sleep(pace.pause(now).unwrap_or(POLL)) => {}
            }
        }
        while !sending.is_empty() {
            tokio::select! {
                _ = sending.join_next() => {}
                () = give_up.cancelled() => {
                    tracing::warn!(events = sending.len(), "events put back: their receiver takes too long");
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
        let (mut tried, mut pace) = (0, Pace::default());
        loop {
            let events = self.claim(1).await?;
            if events.is_empty() {
                return Ok(tried);
            }
            for event in events {
                let ended = self.deliver(&event, &CancellationToken::new()).await;
                self.take_notice(&mut pace, Ok(ended));
                tried += 1;
            }
        }
    }

    /// Ends the events that nobody took in time, by a clock that is believed, and those beyond
    /// what may wait.
    ///
    /// # Errors
    /// A [`StorageError`]; the next run goes on.
    pub async fn sweep(&self) -> Result<(), StorageError> {
        let (db, now) = (self.db.write(), self.clock.now());
        if self.clock.steady_for() >= BELIEVED_AFTER {
            let expired = event_outbox::expire(&db, now - self.bounds.keep, now).await?;
            if expired > 0 {
                tracing::error!(
                    events = expired,
                    "events expired: the receiver was not told of them"
                );
                self.metrics.count(DeliveryResult::Expired, expired);
            }
        }
        let dropped = event_outbox::drop_beyond(&db, self.bounds.most, now).await?;
        if dropped > 0 {
            tracing::error!(events = dropped, "events dropped: too many wait for the receiver");
            self.metrics.count(DeliveryResult::Dropped, dropped);
        }
        Ok(())
    }

    async fn claim(&self, limit: usize) -> Result<Vec<LeasedEvent>, StorageError> {
        let now = self.clock.now();
        let lease = SignedDuration::try_from(self.lease_time()).unwrap_or(SignedDuration::MAX);
        // Most looks find nothing, and need not take the writer's turn.
        if !event_outbox::is_any_due(&self.db.read(), now, lease).await? {
            return Ok(Vec::new());
        }
        let lease_id = self.randomness.uuid();
        self.db
            .retry(|| async {
                let transaction = self.db.begin().await?;
                let events =
                    event_outbox::claim(&transaction, lease_id, limit as u64, now, lease).await?;
                transaction.commit().await?;
                Ok(events)
            })
            .await
    }

    /// Longer than a try takes, so that no lease is renewed.
    fn lease_time(&self) -> Duration {
        self.endpoint.timeout() + LEASE_MARGIN
    }

    fn take_notice(&self, pace: &mut Pace, ended: Result<Tried, tokio::task::JoinError>) {
        let Ok(tried) = ended else { return };
        let (place, now) = (self.endpoint.place(), Instant::now());
        let why = match &tried {
            Tried::Refused(refusal) => Some(refusal),
            Tried::Taken | Tried::Stopped => None,
        };
        let is_gone = why.is_some_and(endpoint::Refusal::is_gone);
        let why = why.map(tracing::field::display);
        match pace.note(&tried, now) {
            Some(News::Fails) if is_gone => {
                tracing::error!(
                    place,
                    "the receiver of events says that it wants none any more (410): change WEBHOOK_URL, or take it away"
                );
            }
            Some(News::Fails) => {
                tracing::warn!(
                    place,
                    why,
                    "the receiver takes no events: they wait, and are tried again"
                );
            }
            Some(News::StillFails(time)) => {
                tracing::error!(
                    place,
                    why,
                    minutes = time.as_secs() / 60,
                    "the receiver has taken no event for long"
                );
            }
            Some(News::Works) => tracing::info!(place, "the receiver takes events again"),
            None => {}
        }
    }
}
