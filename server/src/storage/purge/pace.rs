//! The time by which is purged. It follows the clock, and no faster than it may: what a
//! clock that is wrong has deleted cannot be brought back.
//!
//! It is kept in the database, so that a server that starts with a wrong clock knows how
//! far the last purge came. While the clock has not been steady for long, it goes on as
//! time passes; from then on it may catch up, a day an hour. So a moment at a wrong time
//! deletes nothing, a clock that stays wrong deletes a day's rows in an hour and says so
//! all along, and a server that stood still for a month has caught up after thirty hours.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::super::{audit_event, database::Database, error::StorageError, heartbeat};
use crate::clock::BELIEVED_AFTER;

/// How many times as fast as time passes it catches up.
const CATCH_UP: u32 = 24;

/// How far behind the clock it is when the operator is told, and how often.
const WORTH_A_WARNING: SignedDuration = SignedDuration::from_hours(24);
const WARNING_INTERVAL: Duration = Duration::from_hours(1);

/// What a clock says at one moment.
#[derive(Clone, Copy, Debug)]
pub struct Reading {
    /// The time of day.
    pub now: Timestamp,
    /// The time that has passed in this process.
    pub elapsed: Duration,
    /// For how long nobody has set the clock.
    pub steady_for: Duration,
}

/// How a server's purge follows its clock.
#[derive(Debug, Default)]
pub struct Pace {
    last_run: Option<Duration>,
    warned: Option<Duration>,
}

impl Pace {
    /// The time by which is to be purged now, which is stored as the last one.
    pub async fn advance(
        &mut self,
        database: &Database,
        reading: Reading,
    ) -> Result<Timestamp, StorageError> {
        let Reading { now, elapsed, steady_for } = reading;
        let last = match heartbeat::find_purge(&database.read()).await? {
            Some(last) => last,
            // Of a database that was never purged in this way the trail tells when it was
            // last in use.
            None => audit_event::find_newest_time(&database.read()).await?.unwrap_or(now),
        };
        let passed = elapsed.saturating_sub(self.last_run.unwrap_or(elapsed));
        self.last_run = Some(elapsed);
        let speed = if steady_for < BELIEVED_AFTER { 1 } else { CATCH_UP };
        let reached = last.saturating_add(passed.saturating_mul(speed));
        let time = reached.unwrap_or(now).min(now);
        self.warn_if_far_behind(time, reading);
        heartbeat::store_purge(&database.write(), time).await?;
        Ok(time)
    }

    /// Has somebody said that the clock is right: gives its time, which is stored as the last
    /// one.
    pub async fn catch_up(database: &Database, now: Timestamp) -> Result<Timestamp, StorageError> {
        heartbeat::store_purge(&database.write(), now).await?;
        Ok(now)
    }

    fn warn_if_far_behind(&mut self, time: Timestamp, Reading { now, elapsed, .. }: Reading) {
        let behind = now.duration_since(time);
        let is_told = self.warned.is_some_and(|told| elapsed < told + WARNING_INTERVAL);
        if behind < WORTH_A_WARNING || is_told {
            return;
        }
        self.warned = Some(elapsed);
        tracing::warn!(
            clock = %now, purged.until = %time, days.behind = behind.as_hours() / 24,
            "the clock is far ahead of the last purge: old rows are deleted a day's worth an hour \
             until it is reached; after a long standstill there is nothing to do, and if the clock \
             is wrong, set it right"
        );
    }
}
