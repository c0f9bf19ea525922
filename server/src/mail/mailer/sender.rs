//! The sender of the mails, as the operator writes it.
//!
//! A sender that no mail can have must be told at start, and never cost a mail.

use std::str::FromStr;

use lettre::{Address, message::Mailbox};

use super::MailerError;

/// A sender: an address in ASCII, and perhaps a name.
#[derive(Clone, Debug)]
pub struct Sender(Mailbox);

impl Sender {
    /// The domain, in ASCII: the right of the Message-IDs' `@`.
    #[must_use]
    pub fn domain(&self) -> &str {
        self.0.email.domain()
    }

    pub(super) fn into_mailbox(self) -> Mailbox {
        self.0
    }
}

/// Reads `compte@gestan.example` or `Gestan <compte@gestan.example>`. An international domain is
/// brought to ASCII, which every mail server takes. Before the `@`, there is no such form: few
/// mail servers take more than ASCII there, and so it is refused.
impl FromStr for Sender {
    type Err = MailerError;

    fn from_str(text: &str) -> Result<Self, MailerError> {
        let text = text.trim();
        if text.chars().any(char::is_control) {
            return Err(MailerError::From);
        }
        let Mailbox { name, email } = text.parse().map_err(|_| MailerError::From)?;
        // Quoted, it might hold a space, or what would end the Message-ID.
        let is_plain = |c: char| c.is_ascii_graphic() && !matches!(c, '"' | '<' | '>' | '@');
        if !email.user().chars().all(is_plain) {
            return Err(MailerError::FromLocalPart);
        }
        let domain = idna::domain_to_ascii_strict(email.domain()).map_err(|_| MailerError::From)?;
        let email = Address::new(email.user(), domain).map_err(|_| MailerError::From)?;
        Ok(Self(Mailbox::new(name, email)))
    }
}
