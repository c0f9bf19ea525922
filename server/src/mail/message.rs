//! Composes mails: what a mail tells ([`Content`]) becomes a subject, a text and an HTML part.
//!
//! Each language builds the same small structure, a letter of a few blocks, and one text and one
//! HTML template show it, so the two parts of a mail always say the same. This module must not
//! send, store or log anything, must put no text that a person typed and no code into a subject,
//! and no link into any mail: a customer who learns that our mails hold links learns to click.

mod english;
mod french;
mod letter;
mod moment;

use std::fmt;

use jiff::{Timestamp, tz::TimeZone};

use super::letter::Detached;
use crate::domain::locale::Locale;

/// What a mail tells.
pub enum Content {
    /// For an address without an account: the code opens the account.
    OpenAccount(CodeMail),
    /// For an address that has an account already: its ID, and a code that leads on to it.
    AccountExists {
        /// The account that the address belongs to.
        account_id: u32,
        /// The code that leads on to that account.
        code: CodeMail,
    },
    /// For a forgotten password: the ID, and a code that serves in place of the password.
    PersonalCode {
        /// The account that the code is for.
        account_id: u32,
        /// The code.
        code: CodeMail,
    },
    /// A code was asked for at an address that has no account: says so, and how to open one.
    NoAccount {
        /// The name of the machine that asked.
        machine: String,
        /// When it asked.
        request_time: Timestamp,
    },
    /// To an account's new address: the code puts it in place.
    ConfirmEmail {
        /// The account whose address is to change.
        account_id: u32,
        /// The code that confirms the new address.
        code: CodeMail,
    },
    /// To an address that another account wanted to take: it has its own account already.
    EmailTaken {
        /// The name of the machine that asked.
        machine: String,
        /// When it asked.
        request_time: Timestamp,
    },
    /// The first password was set: welcome, and the client ID.
    Welcome {
        /// The new account.
        account_id: u32,
        /// The name of the machine that was linked.
        machine: String,
        /// When.
        time: Timestamp,
    },
    /// Security notice: the password was changed.
    PasswordChanged {
        /// The account.
        account_id: u32,
        /// The name of the machine that changed it.
        machine: String,
        /// Whether that machine was linked by the same act.
        machine_linked: bool,
        /// The machines that made room for it.
        detached: Detached,
        /// When.
        time: Timestamp,
    },
    /// Security notice to the address in place: a change of address was asked for.
    EmailChangeRequested {
        /// The account.
        account_id: u32,
        /// The new address, masked by the caller.
        new_email_masked: String,
        /// The name of the machine that asked.
        machine: String,
        /// When.
        time: Timestamp,
    },
    /// Security notice to the old address: it no longer is the account's.
    EmailChanged {
        /// The account.
        account_id: u32,
        /// The new address, masked by the caller.
        new_email_masked: String,
        /// When.
        time: Timestamp,
    },
    /// Security notice: a machine was linked.
    MachineLinked {
        /// The account.
        account_id: u32,
        /// The name of the machine.
        machine: String,
        /// The machines that made room for it.
        detached: Detached,
        /// When.
        time: Timestamp,
    },
}

impl Content {
    /// The kind of mail, as a word for logs and metrics.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::OpenAccount(_) => "open_account",
            Self::AccountExists { .. } => "account_exists",
            Self::PersonalCode { .. } => "personal_code",
            Self::NoAccount { .. } => "no_account",
            Self::ConfirmEmail { .. } => "confirm_email",
            Self::EmailTaken { .. } => "email_taken",
            Self::Welcome { .. } => "welcome",
            Self::PasswordChanged { .. } => "password_changed",
            Self::EmailChangeRequested { .. } => "email_change_requested",
            Self::EmailChanged { .. } => "email_changed",
            Self::MachineLinked { .. } => "machine_linked",
        }
    }
}

/// Shows the kind only: machine names and addresses are personal, codes are secret.
impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Content").field(&self.kind()).finish()
    }
}

/// A personal code with what a mail must say about it.
pub struct CodeMail {
    /// The code as it is shown, `XXXX-XXXX-XXXX`.
    pub code: String,
    /// The name of the machine that asked for it, as its people typed it.
    pub machine: String,
    /// When it was asked for.
    pub request_time: Timestamp,
    /// Until when it is valid.
    pub expire_time: Timestamp,
}

impl fmt::Debug for CodeMail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CodeMail").field("expire_time", &self.expire_time).finish_non_exhaustive()
    }
}

/// A composed mail, ready for its envelope.
#[derive(Clone, PartialEq, Eq)]
pub struct Message {
    /// The language tag of the mail (`fr`, `en`), for `Content-Language`.
    pub language: &'static str,
    /// The subject: fixed words, never a code and never a text that a person typed.
    pub subject: String,
    /// The plain text part.
    pub text: String,
    /// The HTML part.
    pub html: String,
}

/// Shows no body: it may hold a code.
impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Message").field("subject", &self.subject).finish_non_exhaustive()
    }
}

/// A mail could not be composed: a bug, since the templates are compiled in.
#[derive(Debug, thiserror::Error)]
#[error("a mail template could not be rendered")]
pub struct ComposeError(#[from] askama::Error);

/// Composes a mail in the reader's language, with times in the given zone.
///
/// # Errors
///
/// [`ComposeError`] when a template fails, which no content should bring about.
pub fn compose(
    content: &Content,
    locale: Locale,
    zone: &TimeZone,
) -> Result<Message, ComposeError> {
    let letter = match locale {
        Locale::Fr => french::letter(content, zone),
        Locale::En => english::letter(content, zone),
    };
    Ok(letter.render()?)
}
