//! What a mail with a code counts against.

use std::net::IpAddr;

use jiff::Timestamp;

use super::{Counts, Subject, ThrottleError};
use crate::{domain::email_address::EmailAddress, network::levels};

/// A mail that somebody asks for.
///
/// A caller who names an ID must not learn from the limit of an address that the two
/// belong together, nor the other way round. So each counts what was asked by its own
/// name, and may refuse; what the mailbox gets is counted apart, and its limit only
/// makes the mail wait.
#[derive(Clone, Debug)]
pub struct AskedMail {
    /// One for each network of the caller's address.
    from: Vec<Subject>,
    named: Subject,
    mailbox: Subject,
}

impl AskedMail {
    /// A mail into `mailbox`, asked for from `ip` by naming `named`.
    #[must_use]
    pub fn new(ip: Option<IpAddr>, named: Subject, mailbox: EmailAddress) -> Self {
        let from = ip.into_iter().flat_map(levels).map(Subject::MailsFrom).collect();
        Self { from, named, mailbox: Subject::MailsInto(mailbox) }
    }

    /// All that it counts against.
    pub fn subjects(&self) -> impl Iterator<Item = &Subject> {
        self.from.iter().chain([&self.named, &self.mailbox])
    }

    /// Counts it. Gives when it may be sent; `None` when that is too far away to be
    /// of use.
    ///
    /// # Errors
    /// [`ThrottleError::Throttled`]; then nothing is counted.
    pub fn take(
        &self,
        counts: &mut Counts<'_>,
        now: Timestamp,
    ) -> Result<Option<Timestamp>, ThrottleError> {
        let refusing = self.from.iter().chain([&self.named]);
        refusing.clone().try_for_each(|subject| counts.check(subject, now))?;
        refusing.for_each(|subject| counts.count(subject, now));
        Ok(counts.reserve(&self.mailbox, now))
    }
}
