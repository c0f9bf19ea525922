//! Durations as operators write them: `24h`, `10m`, `90s`.

use std::{fmt, str::FromStr, time::Duration};

use jiff::SignedDuration;

/// A duration. What is read from a text is longer than zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Positive(SignedDuration);

impl Positive {
    pub(super) fn unsigned(self) -> Duration {
        self.0.unsigned_abs()
    }

    pub(super) fn signed(self) -> SignedDuration {
        self.0
    }
}

/// The longest [`Delay`]: a challenge is purged a week after it was made, by default, and its
/// code must live until then.
const LONGEST_DELAY: SignedDuration = SignedDuration::from_hours(72);

/// How long something is put off, which may be not at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Delay(SignedDuration);

impl Delay {
    pub(super) fn signed(self) -> SignedDuration {
        self.0
    }
}

impl FromStr for Delay {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let duration: SignedDuration = text.parse().map_err(|error| format!("{error}"))?;
        if duration.is_negative() {
            Err("must not be shorter than zero".to_owned())
        } else if duration > LONGEST_DELAY {
            Err(format!("must not be longer than {}", Self(LONGEST_DELAY)))
        } else {
            Ok(Self(duration))
        }
    }
}

/// A default.
impl From<SignedDuration> for Delay {
    fn from(duration: SignedDuration) -> Self {
        Self(duration)
    }
}

/// As [`Positive`] is written.
impl fmt::Display for Delay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Positive(self.0).fmt(f)
    }
}

impl FromStr for Positive {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let duration: SignedDuration = text.parse().map_err(|error| format!("{error}"))?;
        if duration.is_positive() {
            Ok(Self(duration))
        } else {
            Err("must be longer than zero".to_owned())
        }
    }
}

/// A default.
impl From<SignedDuration> for Positive {
    fn from(duration: SignedDuration) -> Self {
        Self(duration)
    }
}

/// A default.
impl From<Duration> for Positive {
    fn from(duration: Duration) -> Self {
        Self(SignedDuration::try_from(duration).unwrap_or(SignedDuration::MAX))
    }
}

/// Writes whole units of one kind, as people do: `90s`, not `1m 30s`.
impl fmt::Display for Positive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_secs();
        if self.0.subsec_nanos() != 0 {
            write!(f, "{:#}", self.0)
        } else if seconds % 3600 == 0 {
            write!(f, "{}h", seconds / 3600)
        } else if seconds % 60 == 0 {
            write!(f, "{}m", seconds / 60)
        } else {
            write!(f, "{seconds}s")
        }
    }
}
