//! Update: changes the fields that the mask names, all or none. A new address
//! only becomes pending here.

mod asked_email;

use std::slice;

pub use asked_email::AskedEmail;
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::{
    Accounts, Origin, call_digest,
    error::Error,
    secret_check::{Consumed, HashedSecret},
    unit_of_work::{NewChallenge, Work},
};
use crate::{
    audit::Action,
    domain::{
        account_id::AccountId,
        email_address::EmailAddress,
        machine::Machine,
        profile::{Field, Profile, ProfileChange},
        secret::Secret,
        violation::Violations,
    },
    mail::notice::{Event, Notice},
    model::{account::Account, calling_machine::CallingMachine, challenge::Purpose},
    storage::{account, challenge},
    throttle::AskedMail,
};

/// Input of Update.
#[derive(Clone)]
pub struct Update {
    /// The account; none for the caller's own.
    pub account_id: Option<AccountId>,
    /// The etag that must match; none to overwrite whatever is there.
    pub etag: Option<String>,
    /// The fields to change.
    pub change: ProfileChange,
    /// The address, when it is among the fields.
    pub email: Option<AskedEmail>,
    /// The password, or a live code; none only beside a violation.
    pub secret: Option<Secret>,
    /// What is wrong with the request whatever the account holds. It is not told before
    /// the caller is known, and then together with what is wrong in its country.
    pub violations: Violations,
    /// SHA-256 of the request without its secret, by which a repeat is known.
    pub request_digest: [u8; 32],
}

/// What a change comes to in an account.
struct Applied<'a> {
    profile: Profile,
    /// The fields in which it differs.
    changed: Vec<Field>,
    /// The address to set; none to leave it, and a pending one, as they are.
    email: Option<EmailAddress>,
    /// The secret that is to permit it.
    secret: &'a Secret,
}

/// The account was changed.
pub struct Updated {
    /// The account.
    pub account: Account,
    /// The challenge of the new address.
    pub challenge_id: Option<Uuid>,
}

impl Accounts {
    /// Changes an account.
    ///
    /// # Errors
    /// [`Error::Invalid`], [`Error::InvalidCredentials`],
    /// [`Error::PermissionDenied`], [`Error::EtagMismatch`], [`Error::Throttled`].
    pub async fn update(&self, command: &Update, origin: &Origin) -> Result<Updated, Error> {
        self.examine(|| self.try_update(command, origin)).await
    }

    async fn try_update(&self, command: &Update, origin: &Origin) -> Result<Updated, Error> {
        let caller = self.authenticate_machine(origin).await?;
        self.check_names(&caller, command.account_id).await?;
        let Applied { secret, email, .. } = self.apply(command, &caller.account, self.now())?;
        let secret = self.hash_secret(&caller.attempt(origin), secret).await?;
        let updated = self.change(origin, |work| work.update(command, &caller, &secret)).await;
        if let (Err(Error::Throttled { .. }), Some(email)) = (&updated, &email) {
            // A refusal left nothing, also not of what a clock that was ahead has counted.
            let mail = AskedMail::to_new_address(caller.account.id, email.clone());
            self.throttles.settle(&self.db, mail.refusing(), self.now()).await?;
        }
        updated
    }

    /// What the change comes to, or every bad field.
    fn apply<'a>(
        &self,
        command: &'a Update,
        before: &Account,
        now: Timestamp,
    ) -> Result<Applied<'a>, Error> {
        let mut violations = command.violations.clone();
        let email = command.email.as_ref().map(|email| email.instead_of(before, now));
        let email = email.and_then(|email| violations.check("account.email", email)).flatten();
        let changed = before.profile.with(&command.change, &self.nomenclature);
        match (violations.merge(changed), &command.secret) {
            (Some((profile, changed)), Some(secret)) if violations.is_empty() => {
                Ok(Applied { profile, changed, email, secret })
            }
            _ => Err(Error::Invalid(violations)),
        }
    }
}

impl Work<'_> {
    async fn update(
        mut self,
        command: &Update,
        caller: &CallingMachine,
        secret: &HashedSecret,
    ) -> Result<Updated, Error> {
        let machine = &caller.link.machine;
        let call = call_digest("Update", &[machine.id.uuid().as_bytes(), &command.request_digest]);
        let mut account = self.account_of_caller(caller).await?;
        match self.consume(Some(&account), secret, call).await? {
            Consumed::Password | Consumed::Code { .. } => {}
            Consumed::Repeat { time, .. } => {
                let challenge_id =
                    match command.email.as_ref().and_then(|email| email.address.value()) {
                        Some(email) => {
                            let (id, key) = (account.id, email.key());
                            challenge::find_email_change(&self.db, id, key, time).await?
                        }
                        None => None,
                    };
                return Ok(Updated { account, challenge_id });
            }
            Consumed::Refused => return self.refuse().await,
        }
        if command.etag.as_ref().is_some_and(|etag| *etag != account.etag()) {
            return Err(Error::EtagMismatch);
        }
        // Another machine may have moved the account to another country meanwhile.
        let Applied { profile, changed, email, .. } =
            self.accounts.apply(command, &account, self.now)?;
        account.profile = profile;
        let email = email.as_ref();
        let challenge_id = self.store_update(&mut account, changed, email, machine).await?;
        self.commit().await?;
        Ok(Updated { account, challenge_id })
    }

    async fn store_update(
        &mut self,
        account: &mut Account,
        mut changed: Vec<Field>,
        email: Option<&EmailAddress>,
        machine: &Machine,
    ) -> Result<Option<Uuid>, Error> {
        let challenge_id = match email {
            // The same mailbox, perhaps written differently: nothing to confirm,
            // and a change that was asked for is taken back.
            Some(email) if email.key() == account.email.key() => {
                if email.as_typed() != account.email.as_typed() {
                    changed.push(Field::Email);
                }
                let taken_back = account.pending_email.take().is_some();
                account.email = email.clone();
                if taken_back && !changed.contains(&Field::Email) {
                    changed.push(Field::Email);
                }
                None
            }
            Some(email) => Some(self.request_email_change(account, email, machine).await?),
            None => None,
        };
        if !changed.is_empty() {
            self.record(account.id, machine.id, &Action::UpdateFields(changed.clone())).await?;
        }
        if !changed.is_empty() || challenge_id.is_some() {
            account::update(&self.db, account, self.now).await?;
        }
        Ok(challenge_id)
    }

    /// Makes the new address pending: its mailbox gets a code, the old one a notice.
    async fn request_email_change(
        &mut self,
        account: &mut Account,
        email: &EmailAddress,
        machine: &Machine,
    ) -> Result<Uuid, Error> {
        let now = self.now;
        let mail = AskedMail::to_new_address(account.id, email.clone());
        let mut counts = self.accounts.throttles.lock(&self.db, mail.subjects()).await?;
        let send_time = mail.take(&mut counts, now)?;
        counts.store(&self.db).await?;
        let new = NewChallenge {
            id: self.accounts.randomness.uuid(),
            purpose: Purpose::ChangeEmail(account.id),
            email,
            machine,
            locale: account.locale,
            profile: &Profile::default(),
            send_time,
            delay: SignedDuration::ZERO,
            by_support: false,
        };
        self.enqueue_codes(slice::from_ref(&new)).await?;
        let notice = Notice::EmailChangeRequested {
            event: Event::new(account.id, machine.name.as_str(), now),
            new_email_masked: email.masked(),
        };
        self.notify(account, notice).await?;
        self.record(account.id, machine.id, &Action::RequestEmailChange).await?;
        let expire_time = now + self.accounts.lifetimes.code;
        account.pending_email = Some((email.as_typed().to_owned(), expire_time));
        Ok(new.id)
    }
}
