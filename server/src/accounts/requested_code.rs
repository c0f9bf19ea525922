//! What Create and ResendPassword have in common: a request that may be
//! repeated makes one challenge and one mail, and there are not too many.

mod together;

use std::{
    net::IpAddr,
    sync::{Arc, Weak},
};

use jiff::Timestamp;
use sea_orm::DbBackend;
use uuid::Uuid;

use super::{Accounts, error::Error};
use crate::{
    domain::{
        account_id::AccountId, email_address::EmailAddress, locale::Locale, machine::Machine,
        profile::Profile,
    },
    model::challenge::Purpose,
    storage::{
        batches::{Batches, Sharing},
        database::Database,
        idempotency_key::Answered,
        pools::PATIENCE,
    },
    throttle::{AskedMail, Subject},
};

/// A code was asked for. Says nothing of whether an account exists.
#[derive(Clone, Debug)]
pub struct CodeRequested {
    /// What to give to Confirm together with the code.
    pub challenge_id: Uuid,
    /// Until when the code is valid.
    pub code_expire_time: Timestamp,
    /// From when on it makes sense to ask for another.
    pub resend_time: Timestamp,
}

/// How the caller named the one to mail to, which is all that it may learn from.
pub(super) enum MailTo {
    /// By this address.
    Address(EmailAddress),
    /// By this ID; the address is nobody's when there is no such account.
    Account(AccountId, EmailAddress),
}

/// A request for a code.
pub(super) struct CodeRequest {
    pub(super) request_id: Uuid,
    pub(super) request_digest: [u8; 32],
    pub(super) purpose: Purpose,
    pub(super) to: MailTo,
    pub(super) machine: Machine,
    pub(super) locale: Locale,
    pub(super) profile: Profile,
    pub(super) ip: Option<IpAddr>,
    /// Whether no link token vouches for it.
    pub(super) by_stranger: bool,
}

/// A request, and whether its caller still waits.
struct AwaitedRequest {
    request: CodeRequest,
    caller: Weak<()>,
}

impl AwaitedRequest {
    fn is_awaited(&self) -> bool {
        self.caller.strong_count() > 0
    }
}

/// What a request comes to.
type Outcome = Result<CodeRequested, Error>;

const SHARING: Sharing = Sharing {
    most_keys: 32,
    by_powers_of_two: true,
    most_running: 4,
    wait_together: 32,
    patience: PATIENCE.saturating_mul(2),
};

/// Requests that come at once share a transaction. Cheap to clone.
#[derive(Clone, Debug)]
pub struct CodeRequests(Batches<AwaitedRequest, Outcome>);

impl CodeRequests {
    /// For requests that go into `db`.
    #[must_use]
    pub fn new(db: &Database) -> Self {
        let sharing = match db.read().get_database_backend() {
            // It makes one transaction after the other: the longer one waits for its
            // turn, the more should come with it.
            DbBackend::Sqlite => Sharing { most_running: 1, ..SHARING },
            _ => SHARING,
        };
        Self(Batches::new(sharing))
    }
}

impl Accounts {
    /// Makes the challenge and owes the mail, once for a request ID.
    pub(super) async fn request_code(&self, request: CodeRequest) -> Outcome {
        let accounts = self.clone();
        let serve = move |requests| {
            let accounts = accounts.clone();
            async move { Ok(accounts.serve_together(requests).await) }
        };
        // Dropped with this call.
        let caller = Arc::new(());
        let request = AwaitedRequest { request, caller: Arc::downgrade(&caller) };
        self.code_requests.0.get(request, serve).await?
    }
}

impl CodeRequest {
    /// What it counts against: what the caller named, and what this leads to.
    fn mail(&self) -> AskedMail {
        let named = match &self.to {
            MailTo::Address(address) => Subject::MailsTo(address.clone()),
            MailTo::Account(id, _) => Subject::MailsFor(*id),
        };
        AskedMail::new(self.ip, named, self.to.address().clone())
    }
}

impl MailTo {
    fn address(&self) -> &EmailAddress {
        let (Self::Address(address) | Self::Account(_, address)) = self;
        address
    }
}

impl From<Answered> for CodeRequested {
    fn from(answered: Answered) -> Self {
        Self {
            challenge_id: answered.challenge_id,
            code_expire_time: answered.code_expire_time,
            resend_time: answered.resend_time,
        }
    }
}
