//! Postal codes.

use serde::{Deserialize, Serialize};

use super::{country::Country, paste, text::Line, violation::Problem};

/// A postal code; may be empty. Invariant: five digits where it was typed in France.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PostalCode(Line<{ PostalCode::MAX_CHARS }>);

impl PostalCode {
    /// The longest postal code, in characters.
    pub const MAX_CHARS: usize = 16;

    /// Checks `text` for `country`. Nothing that is invisible stays, nor any space in France.
    ///
    /// # Errors
    /// [`Problem::InvalidPostalCode`], or what [`Line::parse`] finds.
    pub fn parse(text: &str, country: Country) -> Result<Self, Problem> {
        let line = Line::parse(&paste::visible(text))?;
        if country != Country::FRANCE || line.as_str().is_empty() {
            return Ok(Self(line));
        }
        let digits = paste::compact(line.as_str());
        if digits.len() == 5 && digits.bytes().all(|digit| digit.is_ascii_digit()) {
            return Ok(Self(Line::from_db(digits)));
        }
        Err(Problem::InvalidPostalCode)
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// What the database holds, parsed when it was written.
    #[must_use]
    pub(crate) fn from_db(text: String) -> Self {
        Self(Line::from_db(text))
    }
}
