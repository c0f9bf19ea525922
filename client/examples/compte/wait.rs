//! From when on something may be tried again, in words.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp, tz::TimeZone};

/// "dans une minute", "dans 12 minutes" up to an hour; then the time at which the wait
/// that begins `now` is over.
pub(crate) fn in_words(delay: Duration, now: Timestamp, zone: &TimeZone) -> String {
    match delay.as_secs().saturating_add(u64::from(delay.subsec_nanos() > 0)) {
        0..=10 => "dans un instant".to_owned(),
        11..=60 => "dans une minute".to_owned(),
        seconds @ 61..=3_600 => format!("dans {} minutes", seconds.div_ceil(60)),
        _ => {
            let delay = SignedDuration::try_from(delay).unwrap_or(SignedDuration::MAX);
            let time = now.checked_add(delay).unwrap_or(Timestamp::MAX);
            let time = time.to_zoned_datetime(zone.clone());
            time.strftime("à partir du %d/%m/%Y à %H:%M").to_string()
        }
    }
}
