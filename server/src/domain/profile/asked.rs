//! A text that a request asks for, and what it is worth beside the text that is there.

use crate::domain::violation::Problem;

/// A text as it was typed, and the value that it is parsed to. What is wrong with it is
/// told only where it differs from what the account holds: a form that comes back as it
/// was shown is no mistake of the person's, whatever rule has changed since.
#[derive(Clone)]
pub struct Asked<T> {
    typed: String,
    parsed: Result<T, Problem>,
}

impl<T> Asked<T> {
    /// Parses `typed`.
    pub fn parse(typed: &str, parse: impl FnOnce(&str) -> Result<T, Problem>) -> Self {
        Self { typed: typed.to_owned(), parsed: parse(typed) }
    }

    /// What is asked for in the place of `shown`; `None` when that is sent back.
    pub fn in_place_of(&self, shown: &str) -> Option<Result<&T, Problem>> {
        let is_same = self.typed == shown || as_shown(&self.typed) == as_shown(shown);
        (!is_same).then(|| self.parsed.as_ref().map_err(Clone::clone))
    }

    /// The value, if it is a good one.
    pub fn value(&self) -> Option<&T> {
        self.parsed.as_ref().ok()
    }
}

/// A text without what a form of Windows does to it: it ends lines in its own way.
fn as_shown(text: &str) -> String {
    text.replace("\r\n", "\n").trim().to_owned()
}
