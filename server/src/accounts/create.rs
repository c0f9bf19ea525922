//! Create: asks for the proof of a mailbox. Whether the address has an account
//! is not even looked up here, so nothing can tell: the mail is composed later.

use uuid::Uuid;

use super::{
    Accounts, Origin,
    error::Error,
    requested_code::{CodeRequest, CodeRequested, MailTo},
};
use crate::{
    domain::{email_address::EmailAddress, locale::Locale, machine::Machine, profile::Profile},
    model::challenge::Purpose,
};

/// What Create is asked.
#[derive(Clone)]
pub struct Create {
    /// Makes a repeat safe.
    pub request_id: Uuid,
    /// SHA-256 of the request, to tell a repeat from a reuse of the ID.
    pub request_digest: [u8; 32],
    /// The address to open an account for.
    pub email: EmailAddress,
    /// The machine that asks.
    pub machine: Machine,
    /// The language of the mail.
    pub locale: Locale,
    /// What a new account is to hold.
    pub profile: Profile,
}

impl Accounts {
    /// Starts the opening of an account.
    ///
    /// # Errors
    /// [`Error::Invalid`] when the request ID was used for another request;
    /// [`Error::Throttled`].
    pub async fn create(&self, command: &Create, origin: &Origin) -> Result<CodeRequested, Error> {
        self.request_code(CodeRequest {
            request_id: command.request_id,
            request_digest: command.request_digest,
            purpose: Purpose::Create,
            to: MailTo::Address(command.email.clone()),
            machine: command.machine.clone(),
            locale: command.locale,
            profile: command.profile.clone(),
            ip: origin.ip,
            by_stranger: true,
        })
        .await
    }
}
