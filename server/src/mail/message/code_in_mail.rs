//! The code of a mail apart from its words, for the mailbox of a testing server, which must not
//! have to find it in a text.

use std::fmt;

use jiff::Timestamp;

use super::{CodeMail, Content};

/// Which mail a code stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodeKind {
    /// [`Content::OpenAccount`].
    OpenAccount,
    /// [`Content::AccountExists`].
    AccountExists,
    /// [`Content::PersonalCode`].
    PersonalCode,
    /// [`Content::SupportCode`].
    SupportCode,
    /// [`Content::ConfirmEmail`].
    ConfirmEmail,
    /// [`Content::SupportConfirmEmail`].
    SupportConfirmEmail,
}

/// The code of a mail, and what the mail tells with it.
#[derive(Clone)]
pub struct CodeInMail {
    /// Which mail it is.
    pub kind: CodeKind,
    /// The code as it is shown.
    pub code: String,
    /// The client ID that the mail tells, if it does.
    pub account_id: Option<u32>,
    /// When the code was asked for.
    pub request_time: Timestamp,
    /// Until when it is valid.
    pub expire_time: Timestamp,
}

/// Shows no code.
impl fmt::Debug for CodeInMail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CodeInMail").field("kind", &self.kind).finish_non_exhaustive()
    }
}

impl Content {
    /// The code that the mail brings, if it brings one.
    #[must_use]
    pub fn code(&self) -> Option<CodeInMail> {
        let (kind, account_id, code) = match self {
            Self::OpenAccount(code) => (CodeKind::OpenAccount, None, code),
            Self::AccountExists { account_id, code } => {
                (CodeKind::AccountExists, Some(*account_id), code)
            }
            Self::PersonalCode { account_id, code } => {
                (CodeKind::PersonalCode, Some(*account_id), code)
            }
            Self::SupportCode { account_id, code } => (CodeKind::SupportCode, *account_id, code),
            Self::ConfirmEmail(code) => (CodeKind::ConfirmEmail, None, code),
            Self::SupportConfirmEmail(code) => (CodeKind::SupportConfirmEmail, None, code),
            Self::NoAccount(_) | Self::EmailTaken(_) | Self::Notice(_) => return None,
        };
        let CodeMail { code, request, expire_time } = code;
        Some(CodeInMail {
            kind,
            code: code.clone(),
            account_id,
            request_time: request.time,
            expire_time: *expire_time,
        })
    }
}
