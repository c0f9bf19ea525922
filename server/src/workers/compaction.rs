//! Compacts the file of the database after accounts were erased, at the time of day that the
//! operator has chosen. Of several servers on one file the one that takes the mark does it.
//!
//! It is a worker of its own: a large file takes longer than a purge may, and the purge goes on
//! beside it.

use std::{sync::Arc, time::Duration};

use jiff::{SignedDuration, Timestamp};
use tokio_util::sync::CancellationToken;

use super::{Job, every};
use crate::{
    accounts::Accounts,
    clock::Clock,
    model::compact_at::CompactAt,
    storage::{
        compaction::{Compacted, compact},
        database::Database,
        error::StorageError,
        maintenance::{self, Compaction},
    },
};

/// How long after a look the next one begins.
const INTERVAL: Duration = Duration::from_mins(1);

/// Timeout of a compaction: a file of hundreds of gigabytes is none of this service's.
const TIMEOUT: Duration = Duration::from_hours(1);

/// After how long a mark that was taken is taken over: whoever took it has ended, or has failed.
const ABANDONED: SignedDuration = SignedDuration::from_hours(1);

/// Compacts a file when it is due.
#[derive(Debug)]
pub struct Compactor {
    db: Database,
    clock: Arc<dyn Clock>,
    at: CompactAt,
    /// The next time of day, from when it was last looked.
    next: Option<Timestamp>,
}

impl Compactor {
    /// The compaction of the database of `accounts`.
    #[must_use]
    pub fn new(accounts: &Accounts) -> Self {
        let (db, clock) = (accounts.db.clone(), Arc::clone(&accounts.clock));
        Self { db, clock, at: accounts.compact_at.clone(), next: None }
    }

    /// Compacts the file, if that is due; gives whether it did.
    ///
    /// # Errors
    /// A [`StorageError`]. What was begun is taken over after a while.
    pub async fn run_once(&mut self) -> Result<bool, StorageError> {
        let now = self.clock.now();
        let marks = maintenance::find(&self.db.read()).await?;
        if !self.is_due(marks, now) {
            return Ok(false);
        }
        let begun = self.clock.elapsed();
        let compacted = compact(&self.db, now).await?;
        if compacted == Compacted::File {
            let seconds = self.clock.elapsed().saturating_sub(begun).as_secs_f64();
            tracing::info!(seconds, "database file compacted");
        }
        Ok(true)
    }

    fn is_due(&mut self, marks: Compaction, now: Timestamp) -> bool {
        let has_come = self.has_come(now);
        if !self.db.is_in_file() {
            // There is nothing to wait for.
            return marks.marked.is_some();
        }
        if let Some(begun) = marks.begun {
            // A clock that was ahead has not begun it in the future.
            let is_abandoned = now.duration_since(begun).abs() >= ABANDONED;
            return is_abandoned && self.at.next(now).is_some();
        }
        let Some(since) = marks.marked else { return false };
        // Also the time of day at which no server ran.
        has_come || self.at.next(since).is_some_and(|due| due <= now)
    }

    /// Whether the time of day has come since it was last looked. A mark of a clock that was ahead
    /// would wait for too long otherwise.
    fn has_come(&mut self, now: Timestamp) -> bool {
        let next = self.at.next(now);
        let is_sooner = self.next.is_none_or(|known| next.is_some_and(|next| next < known));
        let has_come = self.next.is_some_and(|known| known <= now);
        if is_sooner || has_come {
            self.next = next;
        }
        has_come
    }
}

/// Compacts until `stop`.
pub(super) async fn run(accounts: Accounts, stop: CancellationToken) {
    every(INTERVAL, TIMEOUT, &stop, Compactor::new(&accounts)).await;
}

impl Job for Compactor {
    const NAME: &'static str = "compaction";

    async fn run(&mut self) {
        if let Err(error) = self.run_once().await {
            tracing::warn!(%error, "database file not compacted");
        }
    }
}
