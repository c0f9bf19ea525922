//! A moment of the past, as an operator says it: a duration ago, a day, or a time.

use std::str::FromStr;

use anyhow::Context as _;
use jiff::{SignedDuration, Span, Timestamp, civil::Date, tz::TimeZone};

/// A moment, or a day.
#[derive(Clone, Copy, Debug)]
pub(super) enum When {
    /// So long ago.
    Ago(Span),
    /// On this day.
    OnDay(Date),
    /// At this time.
    At(Timestamp),
}

impl When {
    /// Where it begins.
    ///
    /// # Errors
    /// When it lies beyond the calendar.
    pub(super) fn first(self, now: Timestamp, zone: &TimeZone) -> anyhow::Result<Timestamp> {
        let first = match self {
            Self::Ago(span) => now.to_zoned_datetime(zone.clone()).checked_sub(span),
            Self::OnDay(day) => day.to_zoned_datetime(zone.clone()),
            Self::At(time) => return Ok(time),
        };
        Ok(first.context(BEYOND)?.timestamp())
    }

    /// Where it ends, to the millisecond in which events are stored.
    ///
    /// # Errors
    /// When it lies beyond the calendar.
    pub(super) fn last(self, now: Timestamp, zone: &TimeZone) -> anyhow::Result<Timestamp> {
        let Self::OnDay(day) = self else { return self.first(now, zone) };
        let next = Self::OnDay(day.tomorrow().context(BEYOND)?).first(now, zone)?;
        next.checked_sub(SignedDuration::from_millis(1)).context(BEYOND)
    }
}

const BEYOND: &str = "that lies beyond the calendar";

/// Reads `2h`, `7d`, `2027-03-31`, or `2027-03-31T08:00:00Z`.
impl FromStr for When {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        // A day is no time, and a time is more than a day: the longer reading first.
        if let Ok(time) = text.parse() {
            return Ok(Self::At(time));
        }
        if text.len() == "2027-03-31".len()
            && let Ok(day) = text.parse()
        {
            return Ok(Self::OnDay(day));
        }
        let span = text.parse().map(Self::Ago);
        span.map_err(|_| {
            format!(
                "“{text}” is neither a duration like 7d, nor a day like 2027-03-31, nor a time like \
                 2027-03-31T08:00:00Z"
            )
        })
    }
}
