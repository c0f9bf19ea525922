//! Composes mails: what a mail tells ([`Content`]) becomes a subject, a text and an HTML part.
//!
//! Each language builds the same small structure, a `Layout` of a few blocks, and one text and one
//! HTML template show it, so the two parts of a mail always say the same. This module must not
//! send, store or log anything, must put no text that a person typed and no code into a subject,
//! and no link into any mail: a customer who learns that our mails hold links learns to click.

mod code_in_mail;
mod english;
mod french;
mod language;
mod layout;
mod letterhead;
mod machine_name;
mod moment;

use std::fmt;

use jiff::{Timestamp, tz::TimeZone};

pub use self::{
    code_in_mail::{CodeInMail, CodeKind},
    letterhead::{Letterhead, SupportPhone},
    machine_name::quoted_machine_name,
};
use self::{
    english::English,
    french::French,
    language::{Answers, CodeMails, Farewells, Mergers, Notices},
    layout::Layout,
};
use super::notice::Notice;
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
    /// The support desk had a code sent: it answers the window that waits.
    SupportCode {
        /// The account that the code is for; none while it is being opened.
        account_id: Option<u32>,
        /// The code.
        code: CodeMail,
    },
    /// To an account's new address: the code puts it in place. It may have been mistyped, so
    /// whoever reads this is told nothing of the account.
    ConfirmEmail(CodeMail),
    /// The same of a change that the support desk has started: no window waits for the code.
    SupportConfirmEmail(CodeMail),
    /// A code was asked for at an address that has no account: says so, and how to open one.
    NoAccount(Request),
    /// To an address that another account wanted to take: it has its own account already.
    EmailTaken(Request),
    /// Something happened to the account.
    Notice(Notice),
}

impl Content {
    /// The kind of mail, as a word for logs and metrics.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::OpenAccount(_) => "open_account",
            Self::AccountExists { .. } => "account_exists",
            Self::PersonalCode { .. } => "personal_code",
            Self::SupportCode { .. } => "support_code",
            Self::ConfirmEmail(_) => "confirm_email",
            Self::SupportConfirmEmail(_) => "support_confirm_email",
            Self::NoAccount(_) => "no_account",
            Self::EmailTaken(_) => "email_taken",
            Self::Notice(notice) => notice.kind(),
        }
    }

    fn layout(
        &self,
        language: &(impl CodeMails + Answers + Notices + Mergers + Farewells),
    ) -> Layout {
        match self {
            Self::OpenAccount(code) => language.open_account(code),
            Self::AccountExists { account_id, code } => language.account_exists(*account_id, code),
            Self::PersonalCode { account_id, code } => language.personal_code(*account_id, code),
            Self::SupportCode { account_id, code } => language.support_code(*account_id, code),
            Self::ConfirmEmail(code) => language.confirm_email(code),
            Self::SupportConfirmEmail(code) => language.support_confirm_email(code),
            Self::NoAccount(request) => language.no_account(request),
            Self::EmailTaken(request) => language.email_taken(request),
            Self::Notice(Notice::Welcome(event)) => language.welcome(event),
            Self::Notice(Notice::PasswordChanged { event, machine_linked }) => {
                language.password_changed(event, *machine_linked)
            }
            Self::Notice(Notice::EmailChangeRequested { event, new_email_masked }) => {
                language.email_change_requested(event, new_email_masked)
            }
            Self::Notice(Notice::EmailChanged { event, new_email_masked }) => {
                language.email_changed(event, new_email_masked)
            }
            Self::Notice(Notice::MachineLinked(event)) => language.machine_linked(event),
            Self::Notice(Notice::MachineUnlinked(done)) => language.machine_unlinked(done),
            Self::Notice(Notice::AccountMerged { merge, into_email_masked }) => {
                language.account_merged(merge, into_email_masked)
            }
            Self::Notice(Notice::AccountExtended(merge)) => language.account_extended(merge),
            Self::Notice(Notice::EmailChangeStarted(started)) => {
                language.email_change_started(started)
            }
            Self::Notice(Notice::AccountErased(erasure)) => language.account_erased(erasure),
        }
    }
}

/// Shows the kind only: machine names and addresses are personal, codes are secret.
impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Content").field(&self.kind()).finish()
    }
}

/// A request that is answered by mail.
#[derive(Clone)]
pub struct Request {
    /// The name of the machine that asked, as its people typed it.
    pub machine: String,
    /// When it asked.
    pub time: Timestamp,
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request").field("time", &self.time).finish_non_exhaustive()
    }
}

/// A personal code with what a mail must say about it.
pub struct CodeMail {
    /// The code as it is shown, `XXXX-XXXX-XXXX`.
    pub code: String,
    /// Who asked for it.
    pub request: Request,
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
    /// Where an answer goes, with its domain in ASCII; to the sender if there is none.
    pub reply_to: Option<String>,
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

/// Composes a mail in the reader's language, with times in the given zone, of the sender
/// that `letterhead` tells of.
///
/// # Errors
///
/// [`ComposeError`] when a template fails, which no content should bring about.
pub fn compose(
    content: &Content,
    locale: Locale,
    zone: &TimeZone,
    letterhead: &Letterhead,
) -> Result<Message, ComposeError> {
    let layout = match locale {
        Locale::Fr => content.layout(&French { zone, letterhead }),
        Locale::En => content.layout(&English { zone, letterhead }),
    };
    let reply_to = letterhead.reply_to.as_ref().map(|address| address.deliverable().to_owned());
    Ok(Message { reply_to, ..layout.render()? })
}
