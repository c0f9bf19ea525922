//! Passwords as people type them. Whether one is strong enough to be set is
//! judged in `strength`.

use std::fmt;

use unicode_normalization::UnicodeNormalization as _;
use zeroize::Zeroizing;

use super::personal_code::PersonalCode;
use super::violation::{Expected, Problem};

/// A password in Unicode NFC, of 1 to 256 scalar values. `Debug` does not show it.
#[derive(Clone)]
pub struct Password(Zeroizing<String>);

impl Password {
    /// The fewest characters of a password that is set (CNIL 2022-100 asks for
    /// bits, which `strength` counts; shorter ones never reach them).
    pub const MIN_CHARS: usize = 10;
    /// The most characters of any password.
    pub const MAX_CHARS: usize = 256;

    /// Takes a password that is to be checked.
    ///
    /// # Errors
    /// [`Problem::Required`] or [`Problem::TooLong`].
    pub fn parse(text: &str) -> Result<Self, Problem> {
        if text.is_empty() {
            return Err(Problem::Required);
        }
        // A longer text is not even normalised: NFC composes fewer bytes into one scalar
        // value.
        if text.len() > Self::MAX_CHARS * 12 {
            return Err(Problem::TooLong { max: Self::MAX_CHARS });
        }
        let text = Zeroizing::new(text.nfc().collect::<String>());
        if text.chars().count() > Self::MAX_CHARS {
            return Err(Problem::TooLong { max: Self::MAX_CHARS });
        }
        Ok(Self(text))
    }

    /// Takes a password that is to be set. A text that reads as a personal code, or is
    /// written like one, is refused: where a password is as good as a code, it would be
    /// taken for one.
    ///
    /// # Errors
    /// As [`Password::parse`]; also [`Problem::PasswordTooShort`], or
    /// [`Problem::Malformed`] for a personal code.
    pub fn parse_new(text: &str) -> Result<Self, Problem> {
        let password = Self::parse(text)?;
        if password.0.chars().count() < Self::MIN_CHARS {
            return Err(Problem::PasswordTooShort);
        }
        let text = &password.0;
        if PersonalCode::parse(text).is_ok() || PersonalCode::is_written_like(text) {
            return Err(Problem::Malformed(Expected::PasswordNotCode));
        }
        Ok(password)
    }

    /// The text, to be hashed or judged.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password([redacted])")
    }
}
