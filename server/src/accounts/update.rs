//! Update: changes the fields that the mask names, all or none. A new address
//! only becomes pending here.

use std::slice;

use jiff::Timestamp;
use sea_orm::DatabaseTransaction;
use uuid::Uuid;

use super::{
    Accounts, Origin, call_digest,
    error::Error,
    owed_mail::NewChallenge,
    secret_check::{Examined, Redeemed},
};
use crate::{
    audit::{self, Action, Actor},
    domain::{
        account_id::AccountId,
        email_address::EmailAddress,
        profile::{Field, Profile, RawProfile},
        secret::Secret,
        violation::Violations,
    },
    mail::letter::{Event, Letter},
    model::{account::Account, calling_machine::CallingMachine, challenge::Purpose},
    storage::{account, challenge},
    throttle::{AskedMail, Subject},
};

/// What Update is asked.
#[derive(Clone)]
pub struct Update {
    /// The account; none for the caller's own.
    pub account_id: Option<AccountId>,
    /// The etag that must match; none to overwrite whatever is there.
    pub etag: Option<String>,
    /// The fields to change.
    pub fields: Vec<Field>,
    /// Their values, not yet looked at: what is right depends on the country.
    pub raw: RawProfile,
    /// The new address, when it is among the fields.
    pub email: Option<EmailAddress>,
    /// The password, or a live code.
    pub secret: Option<Secret>,
    /// What was wrong with the request at first sight.
    pub violations: Violations,
    /// SHA-256 of the request without its secret, by which a repeat is known.
    pub request_digest: [u8; 32],
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
        let caller = self.authenticate_machine(origin).await?;
        caller.check_names(command.account_id)?;
        let mut violations = command.violations.clone();
        // Every bad field is told at once, also those that depend on the country.
        let _ = self.apply(command, &caller.account.profile, &mut violations);
        let Some(secret) = command.secret.as_ref().filter(|_| violations.is_empty()) else {
            return Err(Error::Invalid(violations));
        };
        let examined = self.examine(&caller.guess(origin), secret).await?;
        let updated =
            self.db.retry(|| self.update_once(command, &caller, &examined, origin)).await?;
        self.wake_mailer();
        Ok(updated)
    }

    fn apply(&self, command: &Update, before: &Profile, violations: &mut Violations) -> Profile {
        before.with(&command.raw, &command.fields, "account", &self.nomenclature, violations)
    }

    async fn update_once(
        &self,
        command: &Update,
        caller: &CallingMachine,
        examined: &Examined,
        origin: &Origin,
    ) -> Result<Updated, Error> {
        let now = self.now();
        let machine = caller.link.machine.id;
        let call = call_digest("Update", &[machine.uuid().as_bytes(), &command.request_digest]);
        let transaction = self.db.begin().await?;
        let account = account::find_for_update(&transaction, caller.account.id).await?;
        let mut account = account.ok_or(Error::InvalidCredentials)?;
        match self.redeem(&transaction, Some(&account), examined, call, now).await? {
            Redeemed::Password | Redeemed::Code { .. } => {}
            Redeemed::Repeat { time, .. } => {
                let challenge_id = match &command.email {
                    Some(email) => {
                        let (id, key) = (account.id, email.key());
                        challenge::find_email_change(&transaction, id, key, time).await?
                    }
                    None => None,
                };
                return Ok(Updated { account, challenge_id });
            }
            Redeemed::Refused => {
                transaction.commit().await?;
                return Err(Error::InvalidCredentials);
            }
        }
        if command.etag.as_ref().is_some_and(|etag| *etag != account.etag()) {
            return Err(Error::EtagMismatch);
        }
        let mut violations = Violations::default();
        let profile = self.apply(command, &account.profile, &mut violations);
        if !violations.is_empty() {
            // Another machine has moved the account to another country meanwhile.
            return Err(Error::Invalid(violations));
        }
        let change = Change { accounts: self, caller, origin, transaction: &transaction, now };
        let challenge_id = change.store(&mut account, profile, command.email.as_ref()).await?;
        transaction.commit().await?;
        Ok(Updated { account, challenge_id })
    }
}

/// A change about to be stored.
struct Change<'a> {
    accounts: &'a Accounts,
    caller: &'a CallingMachine,
    origin: &'a Origin,
    transaction: &'a DatabaseTransaction,
    now: Timestamp,
}

impl Change<'_> {
    async fn store(
        &self,
        account: &mut Account,
        profile: Profile,
        email: Option<&EmailAddress>,
    ) -> Result<Option<Uuid>, Error> {
        let mut changed = account.profile.changed(&profile);
        account.profile = profile;
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
            Some(email) => Some(self.request_email_change(account, email).await?),
            None => None,
        };
        if !changed.is_empty() {
            self.record(account.id, &Action::UpdateFields(changed.clone())).await?;
        }
        if !changed.is_empty() || challenge_id.is_some() {
            account::update(self.transaction, account, self.now).await?;
        }
        Ok(challenge_id)
    }

    /// Makes the new address pending: its mailbox gets a code, the old one a notice.
    async fn request_email_change(
        &self,
        account: &mut Account,
        email: &EmailAddress,
    ) -> Result<Uuid, Error> {
        let machine = &self.caller.link.machine;
        let named = Subject::MailsTo(email.clone());
        let mail = AskedMail::new(self.origin.ip, named, email.clone());
        let mut counts = self.accounts.throttles.lock(self.transaction, mail.subjects()).await?;
        let send_time = mail.take(&mut counts, self.now)?;
        counts.store(self.transaction).await?;
        let new = NewChallenge {
            id: self.accounts.randomness.uuid(),
            purpose: Purpose::ChangeEmail(account.id),
            email,
            machine,
            locale: account.locale,
            profile: &Profile::default(),
            send_time,
        };
        self.accounts.owe_codes(self.transaction, slice::from_ref(&new), self.now).await?;
        let notice = Letter::EmailChangeRequested {
            event: Event::new(account.id, machine.name.as_str(), self.now),
            new_email_masked: email.masked(),
        };
        self.accounts.owe_notice(self.transaction, account, &notice, self.now).await?;
        self.record(account.id, &Action::RequestEmailChange).await?;
        let expire_time = self.now + self.accounts.lifetimes.code;
        account.pending_email = Some((email.as_typed().to_owned(), expire_time));
        Ok(new.id)
    }

    async fn record(&self, account_id: AccountId, action: &Action) -> Result<(), Error> {
        let actor = Actor::machine(self.caller.link.machine.id, self.origin.ip);
        audit::record(self.transaction, account_id, action, actor, self.now).await?;
        Ok(())
    }
}
