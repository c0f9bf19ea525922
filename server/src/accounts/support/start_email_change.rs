//! StartEmailChange: an agent has a customer get another address who reaches neither the old
//! mailbox nor has the password. It is the way to take an account over: the old address is
//! told immediately, and the code goes to the new one only after a while, in which the owner
//! of the old one can object.

use std::slice;

use jiff::{SignedDuration, Timestamp};

use super::{Agent, desk};
use crate::{
    accounts::{
        Accounts, Origin,
        error::{DeskRefusal, Error},
        unit_of_work::{NewChallenge, Work},
    },
    audit::{self, Action},
    domain::{
        account_id::AccountId, email_address::EmailAddress, profile::Profile, reason::Reason,
        violation::Problem,
    },
    mail::notice::{AddressBySupport, Notice},
    model::{
        account::Account,
        challenge::{Challenge, Purpose},
    },
    storage::{account, challenge},
    throttle::AskedMail,
};

/// Input of StartEmailChange.
#[derive(Clone)]
pub struct StartEmailChange {
    /// The account.
    pub account_id: AccountId,
    /// The address that it is to have.
    pub email: EmailAddress,
    /// How the agent made sure who calls, for the trail.
    pub reason: Reason,
    /// The etag that must match; none to change whatever is there.
    pub etag: Option<String>,
    /// Whether the code goes out immediately.
    pub without_delay: bool,
}

/// A new address waits for its confirmation.
pub struct EmailChangeStarted {
    /// The account.
    pub account: Account,
    /// When the code is mailed, or was.
    pub send_time: Timestamp,
    /// Until when it is valid.
    pub code_expire_time: Timestamp,
}

impl Accounts {
    /// Starts a change of address for an agent. While the same address waits for its
    /// confirmation it is a success, and starts nothing anew.
    ///
    /// # Errors
    /// [`Error::Desk`] when there is no such account, or the address is another one's;
    /// [`Error::Invalid`] when it is the one in place; [`Error::EtagMismatch`],
    /// [`Error::Throttled`].
    pub async fn start_email_change(
        &self,
        command: &StartEmailChange,
        agent: &Agent,
    ) -> Result<EmailChangeStarted, Error> {
        let origin = Origin { token: None, ip: agent.ip };
        self.change(&origin, |work| work.start_for_desk(command, agent)).await
    }
}

impl Work<'_> {
    async fn start_for_desk(
        mut self,
        command: &StartEmailChange,
        agent: &Agent,
    ) -> Result<EmailChangeStarted, Error> {
        let (asked, email) = (command.account_id, &command.email);
        let mut account = self.account_for_desk(asked).await?;
        // Counted and recorded under the ID that the one which was asked for leads to.
        let id = account.id;
        if account.email.key() == email.key() {
            return Err(Error::invalid("email", Problem::AlreadyInPlace));
        }
        if let Some(owner) = account::find_id_by_email(&self.db, email.key()).await? {
            return Err(DeskRefusal::EmailTaken { owner }.into());
        }
        // Before the etag: what was done has changed it, and is repeated with the old one.
        if let Some(waiting) = self.waiting_change(&account, email).await? {
            let send_time = waiting.expire_time - self.accounts.lifetimes.code;
            self.discard().await?;
            let code_expire_time = waiting.expire_time;
            return Ok(EmailChangeStarted { account, send_time, code_expire_time });
        }
        if command.etag.as_ref().is_some_and(|etag| *etag != account.etag()) {
            return Err(Error::EtagMismatch);
        }
        let mail = AskedMail::to_new_address_by_desk(id, email.clone());
        let mut counts = self.accounts.throttles.lock(&self.db, mail.subjects()).await?;
        let taken = mail.take_at_once(&mut counts, self.now);
        // Also of a refusal: what a clock that was ahead has counted is put right.
        counts.store(&self.db).await?;
        if let Err(throttled) = taken {
            self.commit().await?;
            return Err(throttled.into());
        }
        let lifetimes = self.accounts.lifetimes;
        let delay =
            if command.without_delay { SignedDuration::ZERO } else { lifetimes.email_delay };
        let send_time = self.now + delay;
        self.make_pending(&mut account, email, delay).await?;
        let (reason, without_delay) = (command.reason.clone(), command.without_delay);
        let action = Action::StartEmailChange { reason, without_delay };
        audit::record(&self.db, id, &action, agent.actor(), self.now).await?;
        tracing::info!(support_key.id = agent.key.id, account.id = %id, "change of address started by support");
        self.commit().await?;
        Ok(EmailChangeStarted { account, send_time, code_expire_time: send_time + lifetimes.code })
    }

    /// The challenge by which this address can be confirmed already, whoever asked for it. One
    /// that wrong codes have ended is none: the customer would wait for nothing.
    async fn waiting_change(
        &self,
        account: &Account,
        email: &EmailAddress,
    ) -> Result<Option<Challenge>, Error> {
        if account.shown_pending_email(self.now).is_none()
            || account.pending_address().as_ref().map(EmailAddress::key) != Some(email.key())
        {
            return Ok(None);
        }
        let keys = [email.key(); 2];
        let changes =
            challenge::find_changes_with_codes(&self.db, account.id, keys, self.now).await?;
        Ok(changes.into_iter().find(|change| change.state_by_account(self.now).is_open()))
    }

    /// Makes the address pending, in place of another one that was, and tells the old one.
    async fn make_pending(
        &mut self,
        account: &mut Account,
        email: &EmailAddress,
        delay: SignedDuration,
    ) -> Result<(), Error> {
        // Also those whose mail is still to be sent.
        challenge::end_email_changes(&self.db, account.id).await?;
        let send_time = self.now + delay;
        let new = NewChallenge {
            id: self.accounts.randomness.uuid(),
            purpose: Purpose::ChangeEmail(account.id),
            email,
            machine: &desk()?,
            locale: account.locale,
            profile: &Profile::default(),
            send_time: Some(send_time),
            delay,
            by_support: true,
        };
        self.enqueue_codes(slice::from_ref(&new)).await?;
        let notice = AddressBySupport::new(account.id, self.now, email, send_time);
        self.notify(account, Notice::EmailChangeStarted(notice)).await?;
        let expire_time = send_time + self.accounts.lifetimes.code;
        account.pending_email = Some((email.as_typed().to_owned(), expire_time));
        account::update(&self.db, account, self.now).await?;
        Ok(())
    }
}
