//! Telephone numbers.

mod overseas;

use phonenumber::{Mode, country};
use serde::{Deserialize, Serialize};

use super::{country::Country, paste, text::Line, violation::Problem};

/// The code of France proper.
const FRANCE: u16 = 33;
/// Digits that are shown of a number to whoever is to know it again.
const SHOWN_DIGITS: usize = 4;
/// Digits of a French number behind its 0.
const FRENCH_DIGITS: usize = 9;

/// A telephone number; may be empty. Invariant: valid in the plan of the country that it
/// was typed in, kept both as typed and in E.164.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Phone {
    #[serde(rename = "phone")]
    typed: Line<{ Phone::MAX_CHARS }>,
    #[serde(rename = "phone_e164")]
    e164: Option<String>,
}

impl Phone {
    /// The longest number as typed, in characters.
    pub const MAX_CHARS: usize = 32;

    /// Checks `text` as dialled from `country`.
    ///
    /// # Errors
    /// [`Problem::InvalidPhone`], or what [`Line::parse`] finds.
    pub fn parse(text: &str, country: Country) -> Result<Self, Problem> {
        let typed = Line::parse(&paste::visible(text))?;
        if typed.as_str().is_empty() {
            return Ok(Self::default());
        }
        // The library skips letters, so that "poste 12" would become digits.
        if typed.as_str().chars().any(char::is_alphabetic) {
            return Err(Problem::InvalidPhone);
        }
        let dialled = paste::compact(typed.as_str());
        let e164 = if overseas::writes_as_in_france(country) {
            french_e164(&dialled, country)
        } else {
            e164(&dialled, country.alpha2())
        };
        match e164 {
            Some(e164) => Ok(Self { typed, e164: Some(e164) }),
            None => Err(Problem::InvalidPhone),
        }
    }

    /// The number as it was typed, without what is invisible.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.typed.as_str()
    }

    /// The number in E.164, `+33158904977`; `None` when there is none.
    #[must_use]
    pub fn e164(&self) -> Option<&str> {
        self.e164.as_deref()
    }

    /// The number as it was typed, with all but its last four digits hidden.
    #[must_use]
    pub fn masked(&self) -> String {
        let is_digit = |character: &char| character.is_numeric();
        let digits = self.as_str().chars().filter(is_digit).count();
        let mut hidden = digits.saturating_sub(SHOWN_DIGITS);
        let shown = self.as_str().chars().map(|character| {
            if hidden > 0 && is_digit(&character) {
                hidden -= 1;
                return '•';
            }
            character
        });
        shown.collect()
    }

    /// What the database holds, parsed when it was written.
    #[must_use]
    pub(crate) fn from_db(typed: String, e164: Option<String>) -> Self {
        Self { typed: Line::from_db(typed), e164 }
    }
}

/// The E.164 of a number that is dialled where one numbering serves several countries.
/// The digits tell which of them it is in, since the library's plan of France also knows
/// many that are overseas.
fn french_e164(dialled: &str, country: Country) -> Option<String> {
    let number = phonenumber::parse(Some(country::FR), dialled).ok()?;
    if number.code().value() != FRANCE {
        return e164(dialled, "FR");
    }
    let digits = number.national().value().to_string();
    if let Some(written) = overseas::international(&digits) {
        return e164(&written, "FR");
    }
    // Special numbers are those of whoever dials them; a number that is too short for
    // France may be a whole one elsewhere (Saint-Pierre-et-Miquelon has six digits).
    let is_own = digits.starts_with('8') || digits.len() < FRENCH_DIGITS;
    e164(dialled, if is_own { country.alpha2() } else { "FR" })
}

/// Writes a number in E.164, if it can be dialled.
// Fuzzing found texts that the library reads as valid numbers, and does not know again
// once it has written them.
fn e164(text: &str, plan: &str) -> Option<String> {
    let written = read(text, plan)?;
    (read(&written, plan).as_ref() == Some(&written)).then_some(written)
}

fn read(text: &str, plan: &str) -> Option<String> {
    let number = phonenumber::parse(Some(plan.parse().ok()?), text).ok()?;
    number.is_valid().then(|| number.format().mode(Mode::E164).to_string())
}
