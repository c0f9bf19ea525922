//! What a person may type where a password is as good as a mailed code.

use super::{password::Password, personal_code::PersonalCode, violation::Problem};

/// A password or a personal code. No password is written like a code
/// ([`Password::parse_new`]), so one look at the text decides.
#[derive(Clone, Debug)]
pub enum Secret {
    /// The text reads as a personal code.
    Code(PersonalCode),
    /// Anything else.
    Password(Password),
}

impl Secret {
    /// Reads the text.
    ///
    /// # Errors
    /// [`Problem::Required`] or [`Problem::TooLong`]; [`Problem::CodeMistyped`] for a text
    /// with the dashes of a code, which is no password that somebody got wrong.
    pub fn parse(text: &str) -> Result<Self, Problem> {
        match PersonalCode::parse(text) {
            Ok(code) => Ok(Self::Code(code)),
            Err(_) if PersonalCode::is_written_like(text) => Err(Problem::CodeMistyped),
            Err(_) => Password::parse(text).map(Self::Password),
        }
    }
}
