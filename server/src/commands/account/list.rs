//! `account list`: the accounts that no machine has used for a while. What becomes of them, the
//! operator decides: nothing here erases any.

use std::str::FromStr;

use anyhow::Context as _;
use jiff::{Span, Timestamp, tz::TimeZone};

use crate::{
    settings::one_line::{Trimmed, parsed},
    storage::{database::Database, unused_account},
};

/// How many accounts are read at a time.
const PAGE: u16 = 1_000;

/// What `account list` is told.
#[derive(clap::Args)]
pub(super) struct List {
    /// For how long no machine of the account was seen, such as `3y` or `18mo`.
    #[arg(long, value_name = "DURATION", value_parser = Trimmed(parsed::<Unseen>))]
    unseen_since: Unseen,
}

/// A time of which years and months have whatever length they have.
#[derive(Clone, Copy, Debug)]
struct Unseen(Span);

impl FromStr for Unseen {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let span = text.parse::<Span>().ok().filter(Span::is_positive);
        span.map(Self).ok_or_else(|| format!("“{text}” is no duration, such as 3y or 18mo"))
    }
}

impl List {
    /// Lists accounts: ID, last use, linked machines.
    ///
    /// # Errors
    /// When the database fails, or the time lies beyond the calendar.
    #[expect(clippy::print_stdout, reason = "the answer of a command that a person typed")]
    pub(super) async fn run(&self, db: &Database, now: Timestamp) -> anyhow::Result<()> {
        let before = now.to_zoned_datetime(TimeZone::UTC).checked_sub(self.unseen_since.0);
        let before = before.context("that lies beyond the calendar")?.timestamp();
        let mut after = None;
        loop {
            let page = unused_account::list(&db.read(), before, after, PAGE).await?;
            for account in &page {
                println!("{}\t{:.0}\t{}", account.id, account.seen, account.machines);
            }
            after = page.last().map(|account| account.id);
            if page.len() < usize::from(PAGE) {
                return Ok(());
            }
        }
    }
}
