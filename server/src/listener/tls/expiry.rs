//! Tells the operator in time, and then loudly, that the certificate in force ends.

use jiff::{SignedDuration, Timestamp};

use crate::certificates::Certificate;

/// How often an expired certificate is told.
const SHOUT: SignedDuration = SignedDuration::from_hours(1);
/// How often one that ends soon is.
const REMIND: SignedDuration = SignedDuration::from_hours(24);
/// How long before its end it is told: no more than a tenth of its life, for some live
/// for a day.
const SOON: SignedDuration = SignedDuration::from_hours(7 * 24);

/// The end of the certificate in force.
#[derive(Debug)]
pub(super) struct Expiry {
    subject: String,
    until: Timestamp,
    /// From when it is told that the end is near.
    near: Timestamp,
    told: Option<(Timestamp, State)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Near,
    Over,
}

impl Expiry {
    pub(super) fn of(chain: &[Certificate]) -> Option<Self> {
        let leaf = chain.first()?;
        let until = leaf.not_after();
        let life = until.duration_since(leaf.not_before());
        let near = until.saturating_sub(SOON.min(life / 10)).unwrap_or(until);
        Some(Self { subject: leaf.subject().to_owned(), until, near, told: None })
    }

    /// When it ends.
    pub(super) fn until(&self) -> Timestamp {
        self.until
    }

    /// Whose certificate it is, and until when it is valid.
    pub(super) fn summary(&self) -> String {
        format!("the certificate of {} is valid until {:.0}", self.subject, self.until)
    }

    /// Whether the end is near, or over.
    pub(super) fn is_near(&self, now: Timestamp) -> bool {
        now >= self.near
    }

    /// Tells it, unless it was told a short while ago.
    pub(super) fn tell(&mut self, now: Timestamp) {
        let (state, again) = match now {
            now if now > self.until => (State::Over, SHOUT),
            now if now >= self.near => (State::Near, REMIND),
            _ => {
                self.told = None;
                return;
            }
        };
        // A clock that was set back must not make it silent.
        if self.told.is_some_and(|(at, told)| told == state && now.duration_since(at).abs() < again)
        {
            return;
        }
        self.told = Some((now, state));
        let (subject, until) = (&self.subject, self.until);
        match state {
            State::Over => tracing::error!(
                subject,
                %until,
                "the TLS certificate has expired: clients refuse it. Renew it; the files are \
                 read again within seconds"
            ),
            State::Near => tracing::warn!(
                subject,
                %until,
                "the TLS certificate ends soon, and nothing has renewed it"
            ),
        }
    }
}
