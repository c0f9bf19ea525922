//! What the operator has every mail say of the company that sends it, and how to reach it.
//!
//! Nothing of it is known here: where a part is missing, the sentence does without.

use std::fmt;

use crate::domain::{email_address::EmailAddress, paste, text::Line, violation::Problem};

/// What stands in every mail. Without any part it is that of a mail of Gestan's.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Letterhead {
    /// The company.
    pub company: Option<Line<120>>,
    /// Where it has its seat, on one line.
    pub address: Option<Line<200>>,
    /// What the law asks it to say of itself: its form, capital, registration.
    pub legal_line: Option<Line<300>>,
    /// The telephone number of support.
    pub support_phone: Option<SupportPhone>,
    /// The address of support.
    pub support_email: Option<EmailAddress>,
    /// Where an answer to a mail goes.
    pub reply_to: Option<EmailAddress>,
}

/// A number that people are asked to call. Invariant: 3 to 20 digits and spaces, perhaps
/// after a `+`, so that nothing else can be said in its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SupportPhone(String);

impl SupportPhone {
    /// The longest number, in characters.
    pub const MAX_CHARS: usize = 20;

    /// Checks `text`. Spaces of every kind become plain ones.
    ///
    /// # Errors
    /// [`Problem::Required`], [`Problem::InvalidPhone`], or what [`Line::parse`] finds.
    pub fn parse(text: &str) -> Result<Self, Problem> {
        let line = Line::<{ Self::MAX_CHARS }>::parse(&paste::visible(text))?;
        let number = line.as_str().split(' ').filter(|part| !part.is_empty());
        let number = number.collect::<Vec<_>>().join(" ");
        if number.is_empty() {
            return Err(Problem::Required);
        }
        let digits = number.strip_prefix('+').unwrap_or(&number);
        let is_number = digits.chars().all(|c| c.is_ascii_digit() || c == ' ');
        if !is_number || digits.bytes().filter(u8::is_ascii_digit).count() < 3 {
            return Err(Problem::InvalidPhone);
        }
        Ok(Self(number))
    }
}

/// On one line, wherever it stands.
impl fmt::Display for SupportPhone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.replace(' ', "\u{a0}"))
    }
}

impl Letterhead {
    /// A line of text that may be left out: an empty one is.
    ///
    /// # Errors
    /// As [`Line::parse`].
    pub fn line<const MAX: usize>(text: &str) -> Result<Option<Line<MAX>>, Problem> {
        let line = Line::parse(text)?;
        Ok(Some(line).filter(|line: &Line<MAX>| !line.as_str().is_empty()))
    }

    /// The company and its seat.
    pub(super) fn sender(&self) -> Option<String> {
        let company = self.company.as_ref().map(Line::as_str);
        let address = self.address.as_ref().map(Line::as_str);
        joined([company.map(str::to_owned), address.map(str::to_owned)])
    }

    /// How to reach support.
    pub(super) fn support(&self) -> Option<String> {
        let phone = self.support_phone.as_ref().map(ToString::to_string);
        let email = self.support_email.as_ref().map(|email| email.as_typed().to_owned());
        joined([phone, email])
    }
}

/// Those that there are, in one line.
fn joined(parts: [Option<String>; 2]) -> Option<String> {
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}
