//! When the file of the database is compacted.

use std::str::FromStr;

use jiff::{civil::Time, tz::TimeZone};

use super::one_line::{Trimmed, parsed};
use crate::model::compact_at::CompactAt;

/// When the file is compacted.
#[derive(clap::Args)]
#[command(next_help_heading = "Database")]
pub struct CompactionSettings {
    /// Time of day at which an SQLite file is compacted after accounts were erased, so that no byte
    /// of them is left in it; `off` leaves it to the command `compact`. Meanwhile nothing is
    /// written: some 12 s for a gigabyte.
    #[arg(long, env = "GESTAN_ACCOUNT_COMPACT_AT", value_name = "TIME",
        default_value = "03:30", value_parser = Trimmed(parsed::<TimeOfDay>))]
    compact_at: TimeOfDay,
}

impl CompactionSettings {
    /// When the file is compacted, by the clocks of this time zone.
    #[must_use]
    pub fn get(&self, zone: &TimeZone) -> CompactAt {
        match self.compact_at {
            TimeOfDay::At(time) => CompactAt::daily(time, zone.clone()),
            TimeOfDay::Off => CompactAt::never(),
        }
    }
}

/// A time of day, or none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum TimeOfDay {
    At(Time),
    Off,
}

impl FromStr for TimeOfDay {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "off" {
            return Ok(Self::Off);
        }
        let time = Time::strptime("%H:%M", text);
        time.map(Self::At).map_err(|_| "neither a time of day, such as 03:30, nor off".to_owned())
    }
}
