//! The delivery of a leased event, and what follows from how it went. It is sent outside any
//! transaction: a slow receiver must hold no lock.

use std::time::Duration;

use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use super::{Webhook, endpoint::Refusal, pace::Tried};
use crate::{
    backoff,
    metrics::DeliveryResult,
    storage::{
        error::StorageError,
        event_outbox::{self, LONGEST_BACKOFF, LeasedEvent},
        in_time::in_time,
    },
};

/// How long it waits before it notes once more how a try went.
const NOTE_PAUSE: Duration = Duration::from_millis(500);

impl Webhook {
    /// Sends an event, and notes how that went. When `give_up` says so, it is put back.
    pub(super) async fn deliver(&self, event: &LeasedEvent, give_up: &CancellationToken) -> Tried {
        let tried = tokio::select! {
            biased;
            sent = self.endpoint.send(event.id, &event.body, self.clock.now()) => match sent {
                Ok(()) => Tried::Taken,
                Err(refusal) => Tried::Refused(refusal),
            },
            () = give_up.cancelled() => Tried::Stopped,
        };
        match &tried {
            Tried::Taken => {
                tracing::info!(event.id = %event.id, event.kind, event.attempts, "event delivered");
                self.metrics.count(DeliveryResult::Delivered, 1);
            }
            Tried::Refused(refusal) => {
                self.tell_refusal(event, refusal);
                self.metrics.count(DeliveryResult::Deferred, 1);
            }
            Tried::Stopped => {}
        }
        // A database that is away for a moment must not make anybody forget that the receiver
        // took it. If it is away for longer, the lease runs out, and the event is sent once more.
        let begun = Instant::now();
        while let Err(error) = self.note(event, &tried).await {
            tracing::warn!(event.id = %event.id, %error, "how a delivery ended is not noted");
            if begun.elapsed() >= self.lease_time() || give_up.is_cancelled() {
                break;
            }
            sleep(NOTE_PAUSE).await;
        }
        tried
    }

    /// One that is about the event is told each time; others are told of the receiver.
    fn tell_refusal(&self, event: &LeasedEvent, refusal: &Refusal) {
        let (id, kind, attempts) = (event.id, &*event.kind, event.attempts);
        if refusal.is_of_event() {
            tracing::warn!(event.id = %id, event.kind = kind, event.attempts = attempts, %refusal, "event refused for now");
        } else {
            tracing::debug!(event.id = %id, event.kind = kind, event.attempts = attempts, %refusal, "event not delivered for now");
        }
    }

    async fn note(&self, event: &LeasedEvent, tried: &Tried) -> Result<(), StorageError> {
        let (db, now) = (self.db.write(), self.clock.now());
        let wait = || backoff::after(event.attempts, LONGEST_BACKOFF, &*self.randomness);
        match tried {
            Tried::Taken => in_time(event_outbox::end_delivered(&db, event, now)).await,
            Tried::Refused(refusal) => {
                let why = refusal.to_string();
                in_time(event_outbox::postpone(&db, event, now + wait(), &why)).await
            }
            Tried::Stopped => {
                in_time(event_outbox::postpone(&db, event, now, "the server stopped")).await
            }
        }
    }
}
