//! Why an agent did something, as it stands in the audit trail.

use std::fmt;

use super::{text::Line, violation::Problem};

/// An agent's reason. Invariant: not empty. `Debug` does not show what was typed.
#[derive(Clone, PartialEq, Eq)]
pub struct Reason(Line<{ Reason::MAX_CHARS }>);

impl Reason {
    /// The longest reason, in characters.
    pub const MAX_CHARS: usize = 200;

    /// Checks a reason.
    ///
    /// # Errors
    /// [`Problem::Required`], or what [`Line::parse`] finds.
    pub fn parse(text: &str) -> Result<Self, Problem> {
        let line = Line::parse(text)?;
        if line.as_str().is_empty() { Err(Problem::Required) } else { Ok(Self(line)) }
    }

    /// The reason.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl fmt::Debug for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Reason[redacted]")
    }
}
