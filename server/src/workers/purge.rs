//! Purges the database once a minute. On several servers each does; the first one
//! finds the most.

use std::{sync::Arc, time::Duration};

use tokio_util::sync::CancellationToken;

use super::{Job, every};
use crate::{
    accounts::Accounts,
    clock::{BELIEVED_AFTER, Clock},
    storage::{
        account_word::repair,
        database::Database,
        error::StorageError,
        purge::{
            Purged, Retention,
            pace::{Pace, Reading},
            purge,
            settle::{Longest, settle},
        },
    },
};

/// How long after a purge the next one begins.
const INTERVAL: Duration = Duration::from_mins(1);

/// Timeout of a purge. The next one goes on where it stopped: it deletes chunk by chunk.
const TIMEOUT: Duration = Duration::from_mins(1);

/// After how long it is looked again for what lies in the future, if no clock was set that
/// this server knows of: another one's may have been.
const SETTLING_INTERVAL: Duration = Duration::from_hours(24);

/// Purges a database by a clock that may be wrong.
#[derive(Debug)]
pub struct Purger {
    db: Database,
    clock: Arc<dyn Clock>,
    retention: Retention,
    longest: Longest,
    pace: Pace,
    /// When it was last looked for what lies in the future.
    settled: Option<Duration>,
}

impl Purger {
    /// The purge of what `accounts` keeps.
    #[must_use]
    pub fn new(accounts: &Accounts, retention: Retention) -> Self {
        let lifetimes = accounts.lifetimes;
        let longest = Longest {
            code: lifetimes.code,
            delayed_code: lifetimes.delayed_code(),
            ticket: lifetimes.ticket,
            notice: lifetimes.notice,
            counted: accounts.throttles.longest_memory(),
        };
        let (db, clock) = (accounts.db.clone(), Arc::clone(&accounts.clock));
        Self { db, clock, retention, longest, pace: Pace::default(), settled: None }
    }

    /// Brings back what a clock that was ahead has left, writes the words of accounts that lack
    /// theirs, and deletes what is due; gives how much.
    ///
    /// # Errors
    /// A [`StorageError`]; the next run goes on.
    pub async fn run_once(&mut self) -> Result<Purged, StorageError> {
        let clock = &*self.clock;
        let steady_for = clock.steady_for();
        let reading = Reading { now: clock.now(), elapsed: clock.elapsed(), steady_for };
        if self.is_to_settle(reading) {
            settle(&self.db, self.longest, reading.now).await?;
            self.settled = Some(reading.elapsed);
        }
        let repaired = repair(&self.db).await;
        let time = self.pace.advance(&self.db, reading).await?;
        let purged = purge(&self.db, self.retention, time).await?;
        repaired.map(|()| purged)
    }

    /// Once each time that the clock was set, as soon as it is believed, and now and then.
    fn is_to_settle(&self, Reading { elapsed, steady_for, .. }: Reading) -> bool {
        let is_done = self.settled.is_some_and(|settled| {
            let since = elapsed.saturating_sub(settled);
            since < steady_for && since < SETTLING_INTERVAL
        });
        steady_for >= BELIEVED_AFTER && !is_done
    }
}

/// Purges until `stop`.
pub(super) async fn run(accounts: Accounts, retention: Retention, stop: CancellationToken) {
    every(INTERVAL, TIMEOUT, &stop, Purger::new(&accounts, retention)).await;
}

impl Job for Purger {
    const NAME: &'static str = "purge";

    async fn run(&mut self) {
        if let Err(error) = self.run_once().await {
            tracing::warn!(%error, "not purged");
        }
    }
}
