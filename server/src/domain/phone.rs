//! Telephone numbers.

use phonenumber::Mode;
use serde::{Deserialize, Serialize};

use super::{country::Country, paste, text::Line, violation::Problem};

/// Overseas departments write their numbers as in France proper, but have
/// numbering plans of their own: tried when France's does not know a number.
const FRENCH_PLANS: [&str; 6] = ["FR", "RE", "GP", "MQ", "GF", "YT"];

/// A telephone number; may be empty. Invariant: valid in its country's plan,
/// kept both as typed and in E.164.
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
        let e164 = if country == Country::FRANCE {
            FRENCH_PLANS.iter().find_map(|plan| e164(&dialled, plan))
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

    /// What the database holds, parsed when it was written.
    #[must_use]
    pub(crate) fn from_db(typed: String, e164: Option<String>) -> Self {
        Self { typed: Line::from_db(typed), e164 }
    }
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
