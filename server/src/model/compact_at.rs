//! The time of day at which the file of the database is compacted.

use jiff::{Timestamp, civil::Time, tz::TimeZone};

/// A time of day in a time zone; or none, where the operator does it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CompactAt(Option<(Time, TimeZone)>);

impl CompactAt {
    /// Once a day at this time.
    #[must_use]
    pub fn daily(time: Time, zone: TimeZone) -> Self {
        Self(Some((time, zone)))
    }

    /// Only when the operator says so.
    #[must_use]
    pub fn never() -> Self {
        Self(None)
    }

    /// The first such moment after this one. A time that a change of the clocks leaves out is
    /// as much later as they are put forward.
    #[must_use]
    pub fn next(&self, after: Timestamp) -> Option<Timestamp> {
        let (time, zone) = self.0.as_ref()?;
        let mut day = after.to_zoned_datetime(zone.clone()).date();
        loop {
            let moment = day.to_datetime(*time).to_zoned_datetime(zone.clone()).ok()?.timestamp();
            if moment > after {
                return Some(moment);
            }
            day = day.tomorrow().ok()?;
        }
    }
}
