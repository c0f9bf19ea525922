//! ResendPassword: mails a fresh code to an account's address. The answer, and
//! the work, is the same whether or not there is such an account. The rule, which it
//! has in common with Create, is in `code_request`.

use uuid::Uuid;

use super::{
    Accounts, Origin,
    code_request::{CodeRequest, CodeRequested, MailTo},
    error::Error,
};
use crate::{
    domain::{
        account_id::AccountId, email_address::EmailAddress, locale::Locale, machine::Machine,
        profile::Profile,
    },
    model::challenge::Purpose,
    storage::account,
};

/// Which account is meant.
#[derive(Clone)]
pub enum WhoseAccount {
    /// The one that this ID leads to, if there is one.
    Id(AccountId),
    /// The one with this address.
    Email(EmailAddress),
    /// The one that the caller is linked to.
    Mine,
}

/// Input of ResendPassword.
#[derive(Clone)]
pub struct ResendPassword {
    /// Makes a repeat safe.
    pub request_id: Uuid,
    /// SHA-256 of the request, to tell a repeat from a reuse of the ID.
    pub request_digest: [u8; 32],
    /// Which account is meant.
    pub account: WhoseAccount,
    /// The machine that asks.
    pub machine: Machine,
    /// The language of the mail.
    pub locale: Locale,
}

impl ResendPassword {
    /// Whether the account that the caller is linked to is meant.
    #[must_use]
    pub fn is_own(&self) -> bool {
        matches!(self.account, WhoseAccount::Mine)
    }
}

impl Accounts {
    /// Mails a fresh code.
    ///
    /// # Errors
    /// [`Error::Invalid`] when the request ID was used for another request;
    /// [`Error::InvalidCredentials`] when the caller's own account is meant and
    /// its token is dead; [`Error::Throttled`].
    pub async fn resend_password(
        &self,
        command: &ResendPassword,
        origin: &Origin,
    ) -> Result<CodeRequested, Error> {
        let to = match &command.account {
            WhoseAccount::Id(id) => {
                let found = account::find_email(&self.db.read(), *id).await?;
                // Counted under the ID that it leads to: another one is no second set of mails.
                let (id, email) = found.unwrap_or_else(|| (*id, EmailAddress::placeholder(*id)));
                MailTo::Account(id, email)
            }
            WhoseAccount::Email(email) => MailTo::Address(email.clone()),
            WhoseAccount::Mine => {
                MailTo::Address(self.authenticate_machine(origin).await?.account.email)
            }
        };
        self.request_code(CodeRequest {
            request_id: command.request_id,
            request_digest: command.request_digest,
            purpose: Purpose::ResendPassword,
            to,
            machine: command.machine.clone(),
            locale: command.locale,
            profile: Profile::default(),
            ip: origin.ip,
            by_stranger: !command.is_own(),
        })
        .await
    }
}
