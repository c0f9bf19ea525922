//! The relays that mails go through: the first one, and a fallback for while that is away.
//!
//! A relay is away when what it says is not about a mail's recipient: it cannot be reached, shows a
//! wrong certificate, knows the password no more, refuses the sender, has no room. What it says of
//! the recipient holds for every relay.

use std::{
    fmt,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

use super::{SendError, connections::Connections};
use crate::mail::mailer::MailerError;

/// How long a mail may look whether the first relay is back before another one does, too: longer
/// than it can take.
const LOOK_TIME: Duration = Duration::from_mins(20);

/// The relays of a mailer.
pub(super) struct Relays {
    first: Connections,
    fallback: Option<Connections>,
    away_time: Duration,
    /// Until when the first one is taken to be away.
    away_until: Mutex<Option<Instant>>,
}

/// Why a relay does not wait for the text of a mail.
pub(super) enum NotTaken {
    /// The relay takes no mail; another one may.
    ByRelay(SendError),
    /// The relay has not learnt what this mail needs; another one may have.
    Unfit(SendError),
    /// The mail is refused, wherever it comes from.
    ForRecipient(SendError),
}

impl Relays {
    pub(super) fn new(
        first: Connections,
        fallback: Option<Result<Connections, MailerError>>,
        away_time: Duration,
    ) -> Result<Self, MailerError> {
        let fallback = fallback.transpose().map_err(MailerError::of_fallback)?;
        Ok(Self { first, fallback, away_time, away_until: Mutex::default() })
    }

    /// All of them, in the order of their settings.
    pub(super) fn all(&self) -> impl Iterator<Item = &Connections> {
        [Some(&self.first), self.fallback.as_ref()].into_iter().flatten()
    }

    /// All of them, in the order in which a mail is offered to them.
    pub(super) fn in_turn(&self) -> impl Iterator<Item = &Connections> {
        let (first, fallback) = (Some(&self.first), self.fallback.as_ref());
        let turns = if fallback.is_none() || self.is_first_due() {
            [first, fallback]
        } else {
            [fallback, first]
        };
        turns.into_iter().flatten()
    }

    /// Whether the first relay is asked first. While it is away, one mail does now and then.
    fn is_first_due(&self) -> bool {
        let mut away_until = self.away_until.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        if away_until.is_some_and(|until| now < until) {
            return false;
        }
        if away_until.is_some() {
            *away_until = Some(now + LOOK_TIME);
        }
        true
    }

    /// Notes that a relay took no mail.
    pub(super) fn note_away(&self, relay: &Connections, fault: &SendError) {
        if self.fallback.is_none() || !self.is_first(relay) {
            return;
        }
        let until = Instant::now() + self.away_time;
        let mut away_until = self.away_until.lock().unwrap_or_else(PoisonError::into_inner);
        if away_until.replace(until).is_none() {
            let detail = fault.detail();
            tracing::warn!(detail, "the mail server is away: mails go to the fallback");
        }
    }

    /// Notes that a relay took a mail.
    pub(super) fn note_there(&self, relay: &Connections) {
        let mut away_until = self.away_until.lock().unwrap_or_else(PoisonError::into_inner);
        if self.is_first(relay) && away_until.take().is_some() {
            tracing::info!("the mail server is back");
        }
    }

    fn is_first(&self, relay: &Connections) -> bool {
        std::ptr::eq(relay, &raw const self.first)
    }
}

impl fmt::Debug for Relays {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.all()).finish()
    }
}

impl fmt::Debug for Connections {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Relay")
            .field("host", &self.host)
            .field("port", &self.port)
            .field("protection", &self.protection)
            .finish_non_exhaustive()
    }
}
