//! What `serve` makes of its settings without connecting to anything, made and let go: what
//! `config check` and `doctor` look at is what it would refuse.

use super::Serve;
use crate::{
    clock::{Clock as _, SystemClock},
    settings::trial::Signs,
};

impl Serve {
    /// Makes every part.
    ///
    /// # Errors
    /// That of the first that cannot be made.
    pub fn check(&self) -> anyhow::Result<()> {
        self.parts().into_iter().collect::<anyhow::Result<()>>()?;
        self.listen.transport(SystemClock::start().now())?;
        self.database.check()?;
        self.mail.check()?;
        self.tell_trial()
    }

    /// Makes every part but the transport, the database and the way to the mail server, of which
    /// `doctor` tells more.
    pub(in crate::commands) fn parts(&self) -> [anyhow::Result<()>; 8] {
        let letterhead = self.letterhead.letterhead();
        [
            self.check_trial(),
            self.rate_limits.proxy_protocol().map(drop),
            self.hashing.check(),
            self.nomenclature.nomenclature().map(drop),
            self.privacy_notice.privacy_notice().map(drop),
            letterhead.and_then(|letterhead| self.mail.outbox_config(letterhead).map(drop)),
            self.webhook.endpoint().map(drop),
            self.traces.check(),
        ]
    }

    /// Whether what is not for customers is kept from them.
    pub(super) fn check_trial(&self) -> anyhow::Result<()> {
        if self.testing.is_on(&self.listen)? {
            return Ok(());
        }
        self.trial.check(self.signs()?)
    }

    /// Warns of what is not for customers.
    pub(super) fn tell_trial(&self) -> anyhow::Result<()> {
        if self.testing.is_on(&self.listen)? {
            tracing::warn!(
                "FOR TESTS ONLY, NOT FOR CUSTOMERS: everybody on this machine is told every code \
                 and may move the clock, and all accounts are gone at the end"
            );
        } else {
            self.signs()?.tell();
        }
        Ok(())
    }

    fn signs(&self) -> anyhow::Result<Signs> {
        Ok(Signs {
            is_mail_in_files: self.mail.is_in_files(),
            is_sender_invalid: self.mail.is_sender_invalid()?,
            is_postgres: self.database.is_postgres(),
        })
    }
}
