//! A mailer that keeps what it is given, for tests.
//!
//! It can be told to fail next time, as a mail server would. It must not be reachable from the
//! operator's configuration: mails sent here come to nobody.

use std::{
    collections::VecDeque,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use super::{Envelope, SendError, mime};

/// Keeps mails in memory. A clone shares them with its original.
#[derive(Clone, Default)]
pub struct Memory {
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    sent: Vec<Sent>,
    script: VecDeque<Outcome>,
}

enum Outcome {
    Fail(SendError),
    LoseReply,
}

/// A mail that was handed over.
#[derive(Clone, PartialEq, Eq)]
pub struct Sent {
    /// The `Message-ID` without its angle brackets.
    pub message_id: String,
    /// The address.
    pub to: String,
    /// The subject.
    pub subject: String,
    /// The text part.
    pub text: String,
    /// The HTML part.
    pub html: String,
}

/// Shows neither the address nor the bodies.
impl fmt::Debug for Sent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sent")
            .field("message_id", &self.message_id)
            .field("subject", &self.subject)
            .finish_non_exhaustive()
    }
}

impl Memory {
    /// Makes the next mail without an outcome set fail; nothing is kept of it.
    pub fn fail_next(&self, error: SendError) {
        self.lock().script.push_back(Outcome::Fail(error));
    }

    /// Makes the next mail without an outcome set arrive, and its reply get lost.
    pub fn lose_next_reply(&self) {
        self.lock().script.push_back(Outcome::LoseReply);
    }

    /// The mails that have arrived so far, oldest first.
    #[must_use]
    pub fn sent(&self) -> Vec<Sent> {
        self.lock().sent.clone()
    }

    /// The mails that have arrived, oldest first; they are not kept any longer.
    #[must_use]
    pub fn take(&self) -> Vec<Sent> {
        std::mem::take(&mut self.lock().sent)
    }

    pub(super) fn send(&self, envelope: &Envelope) -> Result<(), SendError> {
        mime::address(&envelope.to)?;
        let mut state = self.lock();
        let outcome = state.script.pop_front();
        if let Some(Outcome::Fail(error)) = outcome {
            return Err(error);
        }
        state.sent.push(Sent {
            message_id: envelope.message_id.clone(),
            to: envelope.to.clone(),
            subject: envelope.message.subject.clone(),
            text: envelope.message.text.clone(),
            html: envelope.message.html.clone(),
        });
        match outcome {
            Some(Outcome::LoseReply) => Err(SendError::temporary("timeout", false)),
            _ => Ok(()),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Memory").finish_non_exhaustive()
    }
}
