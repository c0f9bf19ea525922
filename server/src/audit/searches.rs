//! The events of searches and of lists, which are of no account, those of a moment together: with one way to the disk for each, the
//! searches of a whole desk wait for SQLite's one writer, and customers wait behind them. In a
//! test of 200 agents beside 40 customers, on a busy machine, calls were refused that way.

use jiff::Timestamp;

use super::{Actor, told};
use crate::{
    batching::{BatchLimits, Batcher, Item},
    storage::{
        audit_event::{self, AuditEvent},
        database::Database,
        error::StorageError,
        pools::DATABASE_TIMEOUT,
    },
};

/// One batch at a time: while it is made durable, the next one fills.
const LIMITS: BatchLimits = BatchLimits {
    max_items: 256,
    power_of_two_sizes: true,
    max_in_flight: 1,
    parallel_from: usize::MAX,
    timeout: DATABASE_TIMEOUT.saturating_mul(2),
};

/// What an agent has looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Search {
    /// Accounts, by what a caller says.
    Accounts,
    /// The recipients whom a mail server has refused.
    RefusedRecipients,
}

impl Search {
    /// What the trail calls it.
    fn name(self) -> &'static str {
        match self {
            Self::Accounts => "find_accounts",
            Self::RefusedRecipients => "list_refused_recipients",
        }
    }
}

/// The events of searches that wait to be written. Cheap to clone.
#[derive(Clone, Debug)]
pub struct SearchEvents {
    db: Database,
    waiting: Batcher<AuditEvent<'static>, (), StorageError>,
}

impl SearchEvents {
    /// For events that go into `db`.
    #[must_use]
    pub fn new(db: &Database) -> Self {
        Self { db: db.clone(), waiting: Batcher::new(LIMITS) }
    }

    /// Writes that a support agent has searched, and how much is shown; when this returns, it is
    /// stored. It is an event of no account, and tells neither what was asked
    /// nor who was found.
    ///
    /// # Errors
    /// A [`StorageError`].
    pub async fn record(
        &self,
        search: Search,
        hits: usize,
        actor: Actor,
        now: Timestamp,
    ) -> Result<(), StorageError> {
        let event = told((None, search.name(), format!("hits:{hits}")), actor, now);
        let db = self.db.clone();
        let write = move |events: Vec<Item<AuditEvent<'static>>>| {
            let db = db.write();
            async move {
                let written = vec![(); events.len()];
                let events = events.into_iter().map(|event| event.value).collect();
                audit_event::insert(&db, events).await?;
                Ok(written)
            }
        };
        self.waiting.submit(event, write).await
    }
}
