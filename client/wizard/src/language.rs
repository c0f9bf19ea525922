//! The language of the person at the window. The service has the same two.

/// What the window speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Language {
    /// The language of Gestan's users.
    #[default]
    French,
    /// What an engineer abroad may read.
    English,
}

impl Language {
    /// The language that a tag begins with, as `fr-FR`, `en_GB.UTF-8` or `C` stand in a setting.
    /// What is neither French nor English is French.
    #[must_use]
    pub fn of_tag(tag: &str) -> Self {
        let primary: String = tag.chars().take_while(char::is_ascii_alphabetic).collect();
        if primary.eq_ignore_ascii_case("en") { Self::English } else { Self::French }
    }

    /// The tag that the service is sent (BCP 47).
    #[must_use]
    pub fn tag(self) -> &'static str {
        match self {
            Self::French => "fr-FR",
            Self::English => "en-GB",
        }
    }

    pub(crate) fn pick<T>(self, french: T, english: T) -> T {
        match self {
            Self::French => french,
            Self::English => english,
        }
    }
}
