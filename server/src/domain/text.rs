//! Texts that a person typed: trimmed, in Unicode NFC, bounded, and without control
//! characters or others that nobody sees. Read with serde they are as they were written,
//! like what the database holds.

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization as _;

use super::{
    paste,
    violation::{Expected, Problem},
};

/// A single line of at most `MAX` Unicode scalar values; may be empty. Otherwise there is
/// something to see in it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line<const MAX: usize>(String);

impl<const MAX: usize> Line<MAX> {
    /// Trims, normalises and checks `text`.
    ///
    /// # Errors
    /// [`Problem::TooLong`], [`Problem::ControlCharacter`], or [`Problem::Malformed`] where
    /// there is nothing to see.
    pub fn parse(text: &str) -> Result<Self, Problem> {
        clean(text, MAX, |_| false).map(Self)
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What the database holds, parsed when it was written.
    #[must_use]
    pub(crate) fn from_db(text: String) -> Self {
        Self(text)
    }
}

/// Like [`Line`], but line breaks are kept (as `\n`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lines<const MAX: usize>(String);

impl<const MAX: usize> Lines<MAX> {
    /// Trims, normalises and checks `text`.
    ///
    /// # Errors
    /// As [`Line::parse`].
    pub fn parse(text: &str) -> Result<Self, Problem> {
        let unix = text.replace("\r\n", "\n").replace('\r', "\n");
        clean(&unix, MAX, |character| character == '\n').map(Self)
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What the database holds, parsed when it was written.
    #[must_use]
    pub(crate) fn from_db(text: String) -> Self {
        Self(text)
    }
}

fn clean(text: &str, max: usize, allowed: fn(char) -> bool) -> Result<String, Problem> {
    // A longer text is not even normalised, for it cannot fit: NFC composes at most nine
    // bytes (three letters of Sinhala) into one scalar value. Blanks at the ends may have
    // 4 KiB.
    if text.len() > max * 12 + 4096 {
        return Err(Problem::TooLong { max });
    }
    let text: String = text.trim().nfc().collect();
    let is_bad = |character| is_control(character) && !allowed(character);
    if text.chars().any(is_bad) || paste::holds_invisible(&text) {
        return Err(Problem::ControlCharacter);
    }
    if !text.is_empty() && !paste::holds_visible(&text) {
        return Err(Problem::Malformed(Expected::SomethingVisible));
    }
    if text.chars().count() > max {
        return Err(Problem::TooLong { max });
    }
    Ok(text)
}

/// Control characters (Unicode Cc), and the separators of lines and paragraphs.
fn is_control(character: char) -> bool {
    character.is_control() || matches!(character, '\u{2028}' | '\u{2029}')
}
