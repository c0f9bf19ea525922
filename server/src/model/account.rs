//! An account: the *compte client* of a customer.

use jiff::Timestamp;

use crate::{
    credentials::hasher::PasswordHash,
    domain::{
        account_id::AccountId, email_address::EmailAddress, locale::Locale, minutes::Minutes,
        profile::Profile,
    },
};

/// An account.
#[derive(Clone)]
pub struct Account {
    /// The client ID.
    pub id: AccountId,
    /// Counts the changes.
    pub version: i64,
    /// The confirmed address.
    pub email: EmailAddress,
    /// The address that waits for its confirmation, and until when it does.
    pub pending_email: Option<(String, Timestamp)>,
    /// The language of its mails.
    pub locale: Locale,
    /// The form.
    pub profile: Profile,
    /// The password; none until one is set.
    pub password_hash: Option<PasswordHash>,
    /// When it came into being.
    pub create_time: Timestamp,
    /// When it last changed.
    pub update_time: Timestamp,
    /// Its time credit, which is the sum of its entries in the time ledger.
    pub time_balance: Minutes,
}

impl Account {
    /// What changes whenever the account does (AIP-154).
    #[must_use]
    pub fn etag(&self) -> String {
        format!("v{}", self.version)
    }

    /// The address that waits for its confirmation at `now`, as it was typed: it is shown
    /// while it can be confirmed.
    #[must_use]
    pub fn shown_pending_email(&self, now: Timestamp) -> Option<&str> {
        let pending = self.pending_email.as_ref().filter(|(_, expire_time)| *expire_time > now);
        pending.map(|(typed, _)| typed.as_str())
    }

    /// The new address that waits for its confirmation, if there is one that can
    /// still be read as an address.
    #[must_use]
    pub fn pending_address(&self) -> Option<EmailAddress> {
        let (typed, _) = self.pending_email.as_ref()?;
        EmailAddress::parse(typed).ok()
    }
}
