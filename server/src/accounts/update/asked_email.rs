//! The address of a form that is sent, and whether it asks for anything.

use jiff::Timestamp;

use crate::{
    domain::{email_address::EmailAddress, profile::Asked, violation::Problem},
    model::account::Account,
};

/// The address that a form holds.
#[derive(Clone)]
pub struct AskedEmail {
    /// The address.
    pub address: Asked<EmailAddress>,
    /// Whether the mask names it. Without a mask, the address in place only comes along
    /// with the rest of the form.
    pub is_listed: bool,
    /// The pending address that the form was shown with, if it was sent back, too.
    pub shown_pending: String,
}

impl AskedEmail {
    /// The address that `account` is to have; none when the form comes back as it was
    /// shown. Whoever names the address in place takes a pending one back.
    pub(super) fn instead_of(
        &self,
        account: &Account,
        now: Timestamp,
    ) -> Result<Option<EmailAddress>, Problem> {
        if let Some(asked) = self.address.in_place_of(account.email.as_typed()) {
            return asked.map(|email| Some(email.clone()));
        }
        let pending = account.shown_pending_email(now).unwrap_or_default();
        let takes_back = self.is_listed && self.shown_pending != pending;
        Ok(takes_back.then(|| account.email.clone()))
    }
}
