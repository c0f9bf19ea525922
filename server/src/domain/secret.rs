//! What a person may type where a password is as good as a mailed code.

use super::{password::Password, personal_code::PersonalCode, violation::Problem};

/// A password or a personal code. No password reads as a code
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
    /// [`Problem::Required`] or [`Problem::TooLong`].
    pub fn parse(text: &str) -> Result<Self, Problem> {
        match PersonalCode::parse(text) {
            Ok(code) => Ok(Self::Code(code)),
            Err(_) => Password::parse(text).map(Self::Password),
        }
    }
}
