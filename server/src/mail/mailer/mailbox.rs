//! The mailer of a testing server: it keeps the codes that were mailed, and sends nothing.
//!
//! No setting leads here but `--testing`: what is sent here comes to nobody. Its codes are told
//! by the testing service, and must not be told anywhere else.

use std::{
    collections::VecDeque,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use super::{Envelope, SendError, mime};
use crate::{domain::email_address::EmailAddress, mail::message::CodeInMail};

/// How many mails with a code it keeps; the oldest goes first.
const MOST: usize = 10_000;

/// Keeps the codes that were mailed. A clone shares them with its original.
#[derive(Clone, Default)]
pub struct Mailbox {
    received: Arc<Mutex<VecDeque<Received>>>,
}

/// A mail with a code. `Debug` shows neither its address nor its code.
#[derive(Clone)]
pub struct Received {
    /// What its address is compared by.
    key: String,
    /// Its subject.
    pub subject: String,
    /// Its code.
    pub code: CodeInMail,
}

impl fmt::Debug for Received {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Received").field("subject", &self.subject).finish_non_exhaustive()
    }
}

impl Mailbox {
    /// The mail to `address` with the code that was asked for last.
    #[must_use]
    pub fn newest_code(&self, address: &EmailAddress) -> Option<Received> {
        let received = self.lock();
        let to_it = received.iter().filter(|mail| mail.key == address.key());
        // Of several mails at a time, any may be handed over first.
        to_it.max_by_key(|mail| mail.code.request_time).cloned()
    }

    /// Forgets every mail.
    pub fn empty(&self) {
        self.lock().clear();
    }

    pub(super) fn send(&self, envelope: &Envelope) -> Result<(), SendError> {
        mime::address(&envelope.to)?;
        let Some(code) = envelope.code.clone() else { return Ok(()) };
        let mut received = self.lock();
        if received.len() == MOST {
            received.pop_front();
        }
        // As an address is compared, whose domain is in ASCII already.
        let key = envelope.to.to_ascii_lowercase();
        received.push_back(Received { key, subject: envelope.message.subject.clone(), code });
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Received>> {
        self.received.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Mailbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mailbox").finish_non_exhaustive()
    }
}
