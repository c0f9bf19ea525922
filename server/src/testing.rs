//! What a testing server has that no other one has: it tells the codes that it would have mailed,
//! lets time pass, and forgets everything.
//!
//! It is made only of parts that a service for customers does not have: a clock that can be
//! moved, a mailbox that sends nothing, a database that is thrown away. None of them can be made
//! of an operator's setting, so that no setting puts this service before customers' data.

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;
use tokio::sync::{Mutex, Notify};

use crate::{
    Purger,
    accounts::error::Error,
    clock::{
        Clock as _,
        movable::{MovableClock, TooFarAhead},
    },
    domain::{email_address::EmailAddress, violation::Problem},
    mail::{
        mailer::{Mailbox, Received},
        outbox::Outbox,
    },
    storage::throwaway::ThrowawayDatabase,
};

/// The longest time that one call lets pass.
pub const LONGEST_ADVANCE: Duration = days(3_660);

const fn days(days: u64) -> Duration {
    Duration::from_secs(days * 24 * 3600)
}

/// The parts of a testing server that its service works with.
#[derive(Debug)]
pub struct Parts {
    /// Its clock, which is that of all its parts.
    pub clock: Arc<MovableClock>,
    /// Where its mails go.
    pub mailbox: Mailbox,
    /// Its database.
    pub database: Arc<ThrowawayDatabase>,
    /// What sends its mails. The worker is a clone of it.
    pub outbox: Outbox,
    /// What wakes the worker.
    pub mail_queued: Arc<Notify>,
    /// What deletes by its clock.
    pub purger: Purger,
}

/// The use cases of the testing service. A clone shares everything with its original.
#[derive(Clone, Debug)]
pub struct Testing {
    clock: Arc<MovableClock>,
    mailbox: Mailbox,
    database: Arc<ThrowawayDatabase>,
    outbox: Outbox,
    mail_queued: Arc<Notify>,
    /// One call after the other moves the clock or empties the database.
    purger: Arc<Mutex<Purger>>,
}

impl Testing {
    /// The use cases over these parts.
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        let Parts { clock, mailbox, database, outbox, mail_queued, purger } = parts;
        let purger = Arc::new(Mutex::new(purger));
        Self { clock, mailbox, database, outbox, mail_queued, purger }
    }

    /// The database that goes when the server ends.
    #[must_use]
    pub fn database(&self) -> Arc<ThrowawayDatabase> {
        Arc::clone(&self.database)
    }

    /// The newest code that was mailed to an address, once every mail that is due is sent.
    ///
    /// # Errors
    /// When there is none, or the database fails.
    pub async fn newest_code(&self, address: &EmailAddress) -> Result<Received, Error> {
        self.outbox.settle().await?;
        self.mailbox.newest_code(address).ok_or(Error::NoCodeMailed)
    }

    /// Lets time pass, with all that follows from it; gives what time it is then.
    ///
    /// # Errors
    /// When that is too long, or the database fails.
    pub async fn advance_clock(&self, by: Duration) -> Result<Timestamp, Error> {
        let mut purger = self.purger.lock().await;
        // What was asked for before is not to expire unsent.
        self.outbox.settle().await?;
        // From here on it counts what passes.
        purger.run_once().await?;
        self.clock.advance(by).map_err(|TooFarAhead { left }| {
            Error::invalid("by", Problem::DurationOutOfRange { max_days: whole_days(left) })
        })?;
        self.outbox.settle().await?;
        purger.run_once().await?;
        self.mail_queued.notify_one();
        Ok(self.clock.now())
    }

    /// Forgets everything but the time.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn reset(&self) -> Result<(), Error> {
        let _turn = self.purger.lock().await;
        // A mail that the worker is sending would come into the empty mailbox.
        self.outbox.settle().await?;
        self.database.empty().await?;
        self.mailbox.empty();
        Ok(())
    }
}

fn whole_days(duration: Duration) -> i32 {
    i32::try_from(duration.as_secs() / days(1).as_secs()).unwrap_or(i32::MAX)
}
