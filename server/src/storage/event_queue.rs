//! Where a transaction puts what other systems are to be told of, if there is anybody to be
//! told. The rows are those of [`event_outbox`](super::event_outbox).

use std::sync::Arc;

use tokio::sync::Notify;
use uuid::Uuid;

use crate::randomness::Randomness;

/// The way from transactions to the worker that tells of them. Clones are the same way.
#[derive(Clone, Debug)]
pub struct EventQueue {
    randomness: Arc<dyn Randomness>,
    queued: Arc<Notify>,
}

impl EventQueue {
    /// A queue whose events get their IDs by this chance.
    #[must_use]
    pub fn new(randomness: Arc<dyn Randomness>) -> Self {
        Self { randomness, queued: Arc::default() }
    }

    /// The ID of an event.
    pub(super) fn new_id(&self) -> Uuid {
        self.randomness.uuid()
    }

    /// Wakes the worker.
    pub(super) fn wake(&self) {
        self.queued.notify_one();
    }

    /// Returns when this server has enqueued an event.
    pub(crate) async fn queued(&self) {
        self.queued.notified().await;
    }
}
