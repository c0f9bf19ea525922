//! The time zone of those who read what the program tells.

use jiff::tz::TimeZone;

use super::one_line::Trimmed;

/// The usual time zone.
pub const TIME_ZONE: &str = "Europe/Paris";

/// The time zone.
#[derive(clap::Args)]
#[command(next_help_heading = "Time")]
pub struct TimeZoneSetting {
    /// Time zone of the times in mails, of the day on which a support key ends, and of the time of
    /// day at which the database is compacted.
    #[arg(long, env = "GESTAN_ACCOUNT_TIME_ZONE", value_name = "NAME",
        default_value = TIME_ZONE, value_parser = Trimmed(parse))]
    time_zone: TimeZone,
}

impl TimeZoneSetting {
    /// The time zone.
    #[must_use]
    pub fn get(&self) -> &TimeZone {
        &self.time_zone
    }
}

fn parse(name: &str) -> Result<TimeZone, String> {
    TimeZone::get(name).map_err(|error| error.to_string())
}
