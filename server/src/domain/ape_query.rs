//! What is typed to find an activity code.

use std::collections::BTreeSet;

use super::{
    paste,
    search_words::{is_weak, words},
    text::Line,
    violation::Problem,
};

/// How many words are looked for: more than a label that a person would type has.
const MAX_WORDS: usize = 8;

/// A query, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ApeQuery {
    /// Every code.
    All,
    /// The beginning of a code, without dots and spaces.
    Code(String),
    /// Words, of which the beginnings are enough; none when there is neither letter nor digit,
    /// which finds nothing.
    Words(BTreeSet<String>),
}

impl ApeQuery {
    /// The longest query, in characters.
    pub const MAX_CHARS: usize = 100;

    /// Takes a query apart.
    ///
    /// # Errors
    /// [`Problem::TooLong`] or [`Problem::ControlCharacter`].
    pub fn parse(text: &str) -> Result<Self, Problem> {
        let line = Line::<{ Self::MAX_CHARS }>::parse(&paste::visible(text))?;
        let text = line.as_str();
        if text.is_empty() {
            return Ok(Self::All);
        }
        if text.starts_with(|first: char| first.is_ascii_digit()) {
            let code = paste::compact(text).replace(['.', '-'], "");
            return Ok(Self::Code(code.to_ascii_uppercase()));
        }
        let mut kept = BTreeSet::new();
        for word in significant_words(text) {
            if kept.len() == MAX_WORDS {
                break;
            }
            kept.insert(word);
        }
        Ok(Self::Words(kept))
    }
}

/// The words of a text that tell one activity from another: those that many labels and company
/// names have are left out, unless there are no others.
#[must_use]
pub fn significant_words(text: &str) -> Vec<String> {
    let words = words(text);
    let telling: Vec<String> = words.iter().filter(|word| !is_weak(word)).cloned().collect();
    if telling.is_empty() { words } else { telling }
}
