//! Purges the database once a minute. On several servers each does; the first one
//! finds the most.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::{Job, every};
use crate::{
    accounts::Accounts,
    storage::purge::{Retention, purge},
};

/// How long after a purge the next one begins.
const INTERVAL: Duration = Duration::from_mins(1);

/// Timeout of a purge. The next one goes on where it stopped: it deletes chunk by chunk.
const TIMEOUT: Duration = Duration::from_mins(1);

struct Purge {
    accounts: Accounts,
    retention: Retention,
}

/// Purges until `stop`.
pub(super) async fn run(accounts: Accounts, retention: Retention, stop: CancellationToken) {
    every(INTERVAL, TIMEOUT, &stop, Purge { accounts, retention }).await;
}

impl Job for Purge {
    const NAME: &'static str = "purge";

    async fn run(&mut self) {
        let Accounts { db, clock, .. } = &self.accounts;
        if let Err(error) = purge(db, self.retention, clock.now()).await {
            tracing::warn!(%error, "not purged");
        }
    }
}
