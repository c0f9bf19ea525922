//! Create: asks for the proof of a mailbox. The rule, which it has in common with
//! ResendPassword, is in `code_request`.

use uuid::Uuid;

use super::{
    Accounts, Origin,
    code_request::{CodeRequest, CodeRequested, MailTo},
    error::Error,
};
use crate::{
    domain::{email_address::EmailAddress, locale::Locale, machine::Machine, profile::Profile},
    model::challenge::Purpose,
};

/// Input of Create.
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
