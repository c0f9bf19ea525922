//! When a support key ends, as an operator says it: after a duration, or with a day.

use std::str::FromStr;

use anyhow::{Context as _, ensure};
use jiff::{Span, Timestamp, civil::Date, tz::TimeZone};

/// When a key ends.
#[derive(Clone, Copy, Debug)]
pub(super) enum End {
    /// So long after it was made.
    After(Span),
    /// When this day is over.
    WithDay(Date),
}

impl End {
    /// That time, for a key that is made at `now`.
    ///
    /// # Errors
    /// When it lies in the past, or beyond the calendar.
    pub(super) fn time(self, now: Timestamp, zone: &TimeZone) -> anyhow::Result<Timestamp> {
        let end = match self {
            // A day has 23 to 25 hours there.
            Self::After(span) => now.to_zoned_datetime(zone.clone()).checked_add(span),
            Self::WithDay(day) => {
                day.tomorrow().and_then(|next| next.to_zoned_datetime(zone.clone()))
            }
        };
        let end = end.context("the end of the key lies beyond the calendar")?.timestamp();
        ensure!(end > now, "the end of the key lies in the past");
        Ok(end)
    }
}

/// Reads `90d`, `2w`, `12h`, or `2027-03-31`.
impl FromStr for End {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Ok(day) = text.parse() {
            return Ok(Self::WithDay(day));
        }
        let span = text.parse().map(Self::After);
        span.map_err(|_| {
            format!("“{text}” is neither a duration like 90d nor a day like 2027-03-31")
        })
    }
}
