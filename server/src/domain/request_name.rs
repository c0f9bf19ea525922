//! What a caller of the support desk calls its request, such as the number of a ticket or of
//! an invoice: by it a repeat is told from a second request. It outlives the account, and so
//! must not be a name.

use uuid::Uuid;

use super::violation::{Expected, Problem};

/// A request's name. Invariant: 1 to 64 of the characters `A-Za-z0-9._-`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestName(String);

impl RequestName {
    /// The longest name, in characters.
    pub const MAX_CHARS: usize = 64;

    /// Reads a name; `None` for a request that has none.
    ///
    /// # Errors
    /// [`Problem::TooLong`] or [`Problem::Malformed`].
    pub fn parse(text: &str) -> Result<Option<Self>, Problem> {
        let text = text.trim();
        if text.is_empty() {
            return Ok(None);
        }
        if text.len() > Self::MAX_CHARS {
            return Err(Problem::TooLong { max: Self::MAX_CHARS });
        }
        let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        if text.bytes().all(is_allowed) {
            Ok(Some(Self(text.to_owned())))
        } else {
            Err(Problem::Malformed(Expected::RequestName))
        }
    }

    /// The name that the server gives to a request that has none.
    #[must_use]
    pub fn of(uuid: Uuid) -> Self {
        Self(uuid.to_string())
    }

    /// The name.
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
