//! SendCode: an agent has a code mailed to a customer who cannot get in. The code proves the
//! mailbox, and so it answers whatever window of it waits, on whichever machine: the agent
//! need not ask which.

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
        account_id::AccountId,
        email_address::EmailAddress,
        machine::{MachineId, MachineName},
        profile::Profile,
    },
    model::{
        account::Account,
        challenge::{Challenge, Purpose},
    },
    storage::{account, challenge},
    telemetry::call,
    throttle::AskedMail,
};

/// For how long after it was opened a window is taken for one that still waits. A day less
/// than until its challenge is purged.
const WAITS: SignedDuration = SignedDuration::from_hours(6 * 24);

/// Input of SendCode.
#[derive(Clone)]
pub struct SendCode {
    /// Whose mailbox.
    pub to: CodeTo,
}

/// Whose mailbox gets a code.
#[derive(Clone)]
pub enum CodeTo {
    /// That of the account with this ID.
    Account(AccountId),
    /// This one, of an account or of one that is being opened.
    Address(EmailAddress),
}

/// A code is on its way.
pub struct CodeSent {
    /// The account; none while it is being opened.
    pub account_id: Option<AccountId>,
    /// Where it goes, masked.
    pub masked_recipient: String,
    /// Until when the code is valid.
    pub code_expire_time: Timestamp,
    /// From when on another one can be sent.
    pub resend_time: Timestamp,
    /// The machine whose window waits for a code.
    pub machine: Option<MachineName>,
}

impl Accounts {
    /// Has a code mailed for an agent. Within a minute it is a repeat: the same answer, and
    /// no other mail.
    ///
    /// # Errors
    /// [`Error::Desk`] when there is no such account, or none and none that is being
    /// opened; [`Error::Throttled`].
    pub async fn send_code(&self, command: &SendCode, agent: &Agent) -> Result<CodeSent, Error> {
        let origin = Origin { token: None, ip: agent.ip };
        self.change(&origin, |work| work.send_code_for_desk(&command.to, agent)).await
    }
}

impl Work<'_> {
    async fn send_code_for_desk(mut self, to: &CodeTo, agent: &Agent) -> Result<CodeSent, Error> {
        let (account, email) = self.mailbox(to).await?;
        let account_id = account.as_ref().map(|account| account.id);
        account_id.inspect(|id| call::note_account(*id));
        let window = self.waiting_window(&email, account_id).await?;
        if account.is_none() && window.is_none() {
            return Err(DeskRefusal::NothingToSend.into());
        }
        let sent_at = |time: Timestamp| CodeSent {
            account_id,
            masked_recipient: email.masked(),
            code_expire_time: time + self.accounts.lifetimes.code,
            resend_time: time + self.accounts.lifetimes.resend,
            machine: window.as_ref().map(|window| window.machine.name.clone()),
        };
        let mail = AskedMail::by_desk(account_id, email.clone());
        let mut counts = self.accounts.throttles.lock(&self.db, mail.subjects()).await?;
        let last = counts.last(mail.named()).filter(|last| *last <= self.now);
        if let Some(last) = last.filter(|last| self.now < *last + self.accounts.lifetimes.resend) {
            let repeated = sent_at(last);
            self.discard().await?;
            return Ok(repeated);
        }
        let taken = mail.take_at_once(&mut counts, self.now);
        let sent = sent_at(self.now);
        // Also of a refusal: what a clock that was ahead has counted is put right.
        counts.store(&self.db).await?;
        if let Err(throttled) = taken {
            self.commit().await?;
            return Err(throttled.into());
        }
        self.enqueue_code_for_desk(account.as_ref(), &email, window.as_ref()).await?;
        if let Some(id) = account_id {
            audit::record(&self.db, id, &Action::SendCode, agent.actor(), self.now).await?;
        }
        tracing::info!(support_key.id = agent.key.id, "code sent by support");
        self.commit().await?;
        Ok(sent)
    }

    /// The mailbox, and its account, locked before its challenges are.
    async fn mailbox(&self, to: &CodeTo) -> Result<(Option<Account>, EmailAddress), Error> {
        match to {
            CodeTo::Account(id) => {
                let account = self.account_for_desk(*id).await?;
                let email = account.email.clone();
                Ok((Some(account), email))
            }
            CodeTo::Address(email) => {
                let found = account::find_by_email_for_update(&self.db, email.key()).await?;
                let email = found.as_ref().map_or(email, |account| &account.email).clone();
                Ok((found, email))
            }
        }
    }

    /// The newest window of the mailbox that can be answered, or could be if its time were
    /// not over.
    async fn waiting_window(
        &self,
        email: &EmailAddress,
        account_id: Option<AccountId>,
    ) -> Result<Option<Challenge>, Error> {
        let since = self.now - WAITS;
        let windows = challenge::find_waiting(&self.db, email.key(), since).await?;
        let serves = |window: &Challenge| {
            let opens = window.purpose == Purpose::Create;
            window.machine.id != MachineId::SUPPORT && (account_id.is_some() || opens)
        };
        Ok(windows.into_iter().find(serves))
    }

    /// Has the window wait longer, and the mailbox get a code of its own: a second mail for
    /// the window's own challenge would bring the code that was mailed before.
    async fn enqueue_code_for_desk(
        &mut self,
        account: Option<&Account>,
        email: &EmailAddress,
        window: Option<&Challenge>,
    ) -> Result<(), Error> {
        if let Some(window) = window {
            // First: the new challenge takes the salt of those that serve.
            let until = self.now + self.accounts.lifetimes.code;
            challenge::prolong(&self.db, window.id, until).await?;
        }
        let locale = account.map(|account| account.locale);
        let new = NewChallenge {
            id: self.accounts.randomness.uuid(),
            purpose: if account.is_some() { Purpose::ResendPassword } else { Purpose::Create },
            email,
            machine: &desk()?,
            locale: locale.or(window.map(|window| window.locale)).unwrap_or_default(),
            profile: &Profile::default(),
            send_time: Some(self.now),
            delay: SignedDuration::ZERO,
            by_support: true,
        };
        self.enqueue_codes(std::slice::from_ref(&new)).await?;
        Ok(())
    }
}
