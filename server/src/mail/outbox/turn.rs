//! How many mails are sent concurrently, and how many wait for a slow mail server beside them.

use std::sync::Arc;

use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

/// Mails that are sent concurrently: one slow mail server holds up a few, not all.
pub(super) const MAX_IN_FLIGHT: usize = 8;

/// Mails beside these that have been sent but for the mail server's last word, which it may take
/// ten minutes over. Each holds a connection.
const MAX_ASIDE: usize = 32;

/// The turns of a worker.
pub(super) struct Turns {
    sending: Arc<Semaphore>,
    aside: Arc<Semaphore>,
    given_up: Arc<Notify>,
}

impl Turns {
    pub(super) fn new() -> Self {
        Self {
            sending: Arc::new(Semaphore::new(MAX_IN_FLIGHT)),
            aside: Arc::new(Semaphore::new(MAX_ASIDE)),
            given_up: Arc::default(),
        }
    }

    /// How many mails may be begun now.
    pub(super) fn free(&self) -> usize {
        self.sending.available_permits()
    }

    /// A turn, once there is one.
    pub(super) async fn take(&self) -> Turn {
        let sending = Arc::clone(&self.sending).acquire_owned().await.ok();
        let aside = Some((Arc::clone(&self.aside), Arc::clone(&self.given_up)));
        Turn { sending, aside, place: None }
    }

    /// Returns when a mail has stepped aside.
    pub(super) async fn given_up(&self) {
        self.given_up.notified().await;
    }
}

/// The turn of a mail, until it is dropped.
#[derive(Default)]
pub(super) struct Turn {
    sending: Option<OwnedSemaphorePermit>,
    aside: Option<(Arc<Semaphore>, Arc<Notify>)>,
    place: Option<OwnedSemaphorePermit>,
}

impl Turn {
    /// Lets the next mail have its turn, and waits beside it. When too many wait already, it
    /// keeps its turn.
    pub(super) fn step_aside(&mut self) {
        let Some((aside, given_up)) = self.aside.take() else { return };
        if let Ok(place) = aside.try_acquire_owned() {
            self.place = Some(place);
            self.sending = None;
            given_up.notify_one();
        }
    }
}
