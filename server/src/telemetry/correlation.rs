//! What a call is called in the log, and wherever its caller reads of it.

use std::fmt;

use crate::{domain::base32, randomness::Randomness};

/// The longest that a caller may give.
const MAX_LENGTH: usize = 64;

/// As many random bytes as tell the calls of a day from each other: 16 symbols, which can
/// be read out.
const RANDOM_BYTES: usize = 10;

/// The name of a call: the caller's own, or one that is made for it. It is letters, digits,
/// `-`, `_` and `.` only, so that it can break no line, be no address, and be in any header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CorrelationId(Box<str>);

impl CorrelationId {
    /// Takes a caller's; `None` for what is none.
    #[must_use]
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        let fits = !text.is_empty() && text.len() <= MAX_LENGTH && text.bytes().all(is_plain);
        fits.then(|| Self(text.into()))
    }

    /// Makes one. It tells nothing: a number that counts calls would tell how many there are.
    #[must_use]
    pub(crate) fn generate(randomness: &dyn Randomness) -> Self {
        Self(base32::encode(&randomness.bytes::<RANDOM_BYTES>()).into())
    }

    /// As text.
    #[must_use]
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for CorrelationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
