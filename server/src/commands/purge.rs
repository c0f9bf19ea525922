//! `purge`: what the background worker of a server does each minute, once.

use jiff::Timestamp;

use crate::{
    clock::{Clock as _, SystemClock},
    settings::{
        database::{Connection, close, naming_holder},
        lifetimes::Retentions,
    },
    storage::{
        database::Database,
        error::StorageError,
        purge::{
            Purged,
            pace::{Pace, Reading},
            purge,
        },
    },
};

/// The settings of `purge`.
#[derive(clap::Args)]
pub struct Purge {
    #[command(flatten)]
    database: Connection,

    #[command(flatten)]
    retentions: Retentions,

    /// Purge by the clock as it is now. Without this, what has become old since the last purge is
    /// left to a server, which catches up a day an hour: what a wrong clock deletes does not come
    /// back.
    #[arg(long)]
    trust_clock: bool,
}

impl Purge {
    /// Purges, and prints how many rows of what are gone.
    ///
    /// # Errors
    /// When the database cannot be reached or does not exist. What was deleted before stays
    /// deleted.
    #[expect(clippy::print_stdout, reason = "the answer of a command that a person typed")]
    #[expect(clippy::print_stderr, reason = "what that person should know, apart from the rows")]
    pub async fn run(&self) -> anyhow::Result<()> {
        let db = self.database.open_existing().await?;
        let clock = SystemClock::start();
        let reading =
            Reading { now: clock.now(), elapsed: clock.elapsed(), steady_for: clock.steady_for() };
        let purged = self.purge(&db, reading).await;
        let (time, purged) = purged.map_err(|error| naming_holder(&db, error))?;
        for (what, rows) in purged.rows() {
            println!("{what}\t{rows}");
        }
        let behind = reading.now.duration_since(time).as_mins();
        if behind > 0 {
            eprintln!(
                "Purged as of {time:.0}, {behind} min before the clock: the rest is a server's, or \
                 goes with --trust-clock if the clock is right."
            );
        }
        close(db).await;
        Ok(())
    }

    async fn purge(
        &self,
        db: &Database,
        reading: Reading,
    ) -> Result<(Timestamp, Purged), StorageError> {
        let time = if self.trust_clock {
            Pace::catch_up(db, reading.now).await?
        } else {
            Pace::default().advance(db, reading).await?
        };
        Ok((time, purge(db, self.retentions.get(), time).await?))
    }
}
