//! Passwords as people type them. Whether one is strong enough to be set is
//! judged in `strength`.

use std::fmt;

use unicode_normalization::UnicodeNormalization as _;
use zeroize::Zeroizing;

use super::{
    paste,
    personal_code::PersonalCode,
    violation::{Expected, Problem},
};

/// A password in Unicode NFC, each of its spaces a plain one (RFC 8265, `OpaqueString`), of
/// 1 to 256 scalar values. `Debug` does not show it.
#[derive(Clone)]
pub struct Password {
    text: Zeroizing<String>,
    /// The text with its spaces as they were typed, where that is another one.
    with_other_spaces: Option<Zeroizing<String>>,
}

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
        let typed = Zeroizing::new(text.nfc().collect::<String>());
        if typed.chars().count() > Self::MAX_CHARS {
            return Err(Problem::TooLong { max: Self::MAX_CHARS });
        }
        if !typed.contains(paste::is_other_space) {
            return Ok(Self { text: typed, with_other_spaces: None });
        }
        let plain = Zeroizing::new(typed.replace(paste::is_other_space, " "));
        let text = Zeroizing::new(plain.nfc().collect());
        Ok(Self { text, with_other_spaces: Some(typed) })
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
        if password.reveal().chars().count() < Self::MIN_CHARS {
            return Err(Problem::PasswordTooShort);
        }
        let text = password.reveal();
        if PersonalCode::parse(text).is_ok() || PersonalCode::is_written_like(text) {
            return Err(Problem::Malformed(Expected::PasswordNotCode));
        }
        Ok(password)
    }

    /// The text, to be hashed or judged.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.text
    }

    /// The password with its spaces as they were typed, which is what was hashed until
    /// 2026-11-29; none where all of them are plain.
    #[must_use]
    pub fn with_other_spaces(&self) -> Option<Self> {
        let text = self.with_other_spaces.clone()?;
        Some(Self { text, with_other_spaces: None })
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password([redacted])")
    }
}
