//! The languages that the service speaks.

use super::violation::{Expected, Problem};

/// A language of mails and of texts for people.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Locale {
    /// French, also where another language is asked for than these two.
    #[default]
    Fr,
    /// English.
    En,
}

impl Locale {
    /// The longest language tag (RFC 5646 §4.4.1), in characters.
    pub const MAX_CHARS: usize = 35;

    /// Reads a BCP 47 tag; `None` when it is empty.
    ///
    /// # Errors
    /// [`Problem::TooLong`] or [`Problem::Malformed`].
    pub fn parse(tag: &str) -> Result<Option<Self>, Problem> {
        let tag = tag.trim();
        if tag.is_empty() {
            return Ok(None);
        }
        if tag.len() > Self::MAX_CHARS {
            return Err(Problem::TooLong { max: Self::MAX_CHARS });
        }
        let mut subtags = tag.split(['-', '_']);
        let well_formed = subtags.clone().all(|subtag| {
            (1..=8).contains(&subtag.len())
                && subtag.bytes().all(|byte| byte.is_ascii_alphanumeric())
        });
        match subtags.next().filter(|_| well_formed) {
            Some(language) if language.eq_ignore_ascii_case("en") => Ok(Some(Self::En)),
            Some(_) => Ok(Some(Self::Fr)),
            None => Err(Problem::Malformed(Expected::Locale)),
        }
    }

    /// Chooses by an `accept-language` header (RFC 9110 §12.5.4).
    #[must_use]
    pub fn from_accept_language(header: &str) -> Self {
        accept_language::parse(header)
            .iter()
            .find_map(|tag| match tag.get(..2)?.to_ascii_lowercase().as_str() {
                "fr" => Some(Self::Fr),
                "en" => Some(Self::En),
                _ => None,
            })
            .unwrap_or_default()
    }

    /// The tag: `fr` or `en`.
    #[must_use]
    pub fn tag(self) -> &'static str {
        match self {
            Self::Fr => "fr",
            Self::En => "en",
        }
    }

    /// What the database holds.
    #[must_use]
    pub(crate) fn from_db(tag: &str) -> Self {
        if tag == "en" { Self::En } else { Self::Fr }
    }
}
