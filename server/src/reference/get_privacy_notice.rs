//! GetPrivacyNotice: what becomes of the data (GDPR, article 13). That it was shown is not
//! recorded: the ground is the contract that a person asks for, and no consent.

use std::sync::Arc;

use super::Reference;
use crate::domain::locale::Locale;

/// What is asked for.
#[derive(Clone, Debug)]
pub struct GetPrivacyNotice {
    /// The language of the text.
    pub locale: Locale,
    /// The version that the caller has kept, or nothing.
    pub known_version: String,
}

/// The text, unless the caller has it.
#[derive(Clone, Debug)]
pub struct NoticeGiven {
    /// The text; none when the caller has it.
    pub text: Option<Arc<str>>,
    /// Names the text.
    pub version: String,
}

impl Reference {
    /// Gives the notice as it is now.
    #[must_use]
    pub fn get_privacy_notice(&self, query: &GetPrivacyNotice) -> NoticeGiven {
        let (text, version) = self.notice.of(query.locale);
        let is_known = query.known_version == version;
        NoticeGiven { text: (!is_known).then_some(text), version }
    }
}
