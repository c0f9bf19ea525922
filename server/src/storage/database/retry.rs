//! A transaction that another one was in the way of is tried again.
//!
//! PostgreSQL ends one of two transactions in a deadlock, and SQLite lets one connection
//! write at a time: neither is a fault, and both are over in a moment.

use std::time::Duration;

use tokio::time::Instant;

use super::Database;
use crate::storage::{error::IsConflict, pools::DATABASE_TIMEOUT};

/// How many times a transaction is tried, while others get in its way.
const ATTEMPTS: u32 = 8;

impl Database {
    /// Runs `attempt`, which holds one whole transaction, and runs it again when another
    /// transaction was in its way; not for ever, and after a wait that chance chooses: two
    /// that met would meet again after equal waits.
    ///
    /// # Errors
    /// What the last attempt failed with.
    pub async fn retry<T, E, F>(&self, mut attempt: impl FnMut() -> F) -> Result<T, E>
    where
        F: Future<Output = Result<T, E>>,
        E: IsConflict,
    {
        let begun = Instant::now();
        let mut tried = 1;
        loop {
            match attempt().await {
                // An attempt may itself have waited long for a lock: there is no time for
                // another such wait.
                Err(error)
                    if tried < ATTEMPTS
                        && begun.elapsed() < DATABASE_TIMEOUT
                        && error.is_conflict() =>
                {
                    let bound = Duration::from_millis(5 << tried);
                    let pause = bound.mul_f64(self.randomness.fraction());
                    tokio::time::sleep(pause).await;
                    tried += 1;
                }
                outcome => return outcome,
            }
        }
    }
}
