//! What a mail is to tell, as the outbox keeps it: facts, no words and no secret.
//! A code is minted, and the words are found, when the mail is sent.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::notice::Notice;

/// What a mail is to tell: the column `letter` of the outbox, as JSON.
///
/// During a rolling update servers of two versions share the outbox, so each reads what
/// the other enqueued: a kind keeps its name and its fields, and a new field is one that
/// a letter may lack.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Letter {
    /// A personal code for a challenge; what it says depends on what the
    /// challenge is for and on whether the address has an account by then.
    Code {
        /// The challenge.
        challenge_id: Uuid,
        /// Whether the support desk had it sent. A server of before sends it as if the
        /// customer had asked.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        by_support: bool,
    },
    /// A notice, which has its own kind.
    #[serde(untagged)]
    Notice(Notice),
}

impl Letter {
    /// The kind of mail, as a word for operators; what a code is for is told when it is sent.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Code { by_support: false, .. } => "code",
            Self::Code { by_support: true, .. } => "code_by_support",
            Self::Notice(notice) => notice.kind(),
        }
    }

    /// The letter as the outbox keeps it.
    ///
    /// # Errors
    /// None that any letter brings about: it has neither maps nor numbers that JSON lacks.
    pub fn to_json(&self) -> serde_json::Result<String> {
        serde_json::to_string(self)
    }

    /// Whether the row of a mail is to be deleted when it has ended, instead of being kept for a
    /// while: its address is one that is forgotten. Also of a kind that only a later release
    /// knows.
    #[must_use]
    pub fn is_forgotten(json: &str) -> bool {
        #[derive(Deserialize)]
        struct Forget {
            #[serde(default)]
            forget: bool,
        }
        serde_json::from_str(json).is_ok_and(|Forget { forget }| forget)
    }

    /// Reads what the outbox keeps.
    ///
    /// # Errors
    /// When it is no letter of a kind that this version of the server knows.
    pub fn from_json(json: &str) -> serde_json::Result<Self> {
        serde_json::from_str(json)
    }
}
