//! Times of the service on this machine's clock, in words.

use std::time::Duration;

use gestan_account_client::Timestamp;
use jiff::{SignedDuration, tz::TimeZone};

use crate::Language;

/// What time it is, and where: the wizard asks no clock of its own.
#[derive(Clone, Debug)]
pub struct Moment {
    /// Now.
    pub now: jiff::Timestamp,
    /// The time zone of the person.
    pub zone: TimeZone,
}

impl Moment {
    /// From when on something may be tried again: "dans une minute", "dans 12 minutes" up to an
    /// hour; then the time at which the wait is over.
    #[must_use]
    pub fn wait(&self, delay: Duration, language: Language) -> String {
        match delay.as_secs().saturating_add(u64::from(delay.subsec_nanos() > 0)) {
            0..=10 => language.pick("dans un instant", "in a moment").to_owned(),
            11..=60 => language.pick("dans une minute", "in a minute").to_owned(),
            seconds @ 61..=3_600 => {
                let minutes = seconds.div_ceil(60);
                let (before, after) = language.pick(("dans", "minutes"), ("in", "minutes"));
                format!("{before} {minutes} {after}")
            }
            _ => {
                let delay = SignedDuration::try_from(delay).unwrap_or(SignedDuration::MAX);
                let time = self.now.checked_add(delay).unwrap_or(jiff::Timestamp::MAX);
                format!("{} {}", language.pick("à partir du", "from"), self.told(time, language))
            }
        }
    }

    /// The wait until a time of the service.
    #[must_use]
    pub fn wait_until(&self, time: Option<&Timestamp>, language: Language) -> String {
        let time = time.and_then(|time| jiff::Timestamp::from_second(time.seconds).ok());
        // None if it has passed, by this machine's clock.
        let delay = time.and_then(|time| Duration::try_from(time.duration_since(self.now)).ok());
        self.wait(delay.unwrap_or_default(), language)
    }

    /// A time of the service: `24/11/2026 à 18:53`.
    #[must_use]
    pub fn time(&self, time: Option<&Timestamp>, language: Language) -> String {
        time.and_then(|time| jiff::Timestamp::from_second(time.seconds).ok())
            .map_or_else(|| "—".to_owned(), |time| self.told(time, language))
    }

    fn told(&self, time: jiff::Timestamp, language: Language) -> String {
        let form = language.pick("%d/%m/%Y à %H:%M", "%d/%m/%Y at %H:%M");
        time.to_zoned_datetime(self.zone.clone()).strftime(form).to_string()
    }
}
