//! CancelEmailChange: an agent takes a pending address back, whoever has asked for it.

use super::Agent;
use crate::{
    accounts::{Accounts, Origin, error::Error, unit_of_work::Work},
    audit::{self, Action},
    domain::account_id::AccountId,
    model::account::Account,
    storage::{account, challenge},
};

/// Input of CancelEmailChange.
#[derive(Clone, Copy, Debug)]
pub struct CancelEmailChange {
    /// The account.
    pub account_id: AccountId,
}

impl Accounts {
    /// Takes a pending address back; a success when none is pending.
    ///
    /// # Errors
    /// [`Error::Desk`] when there is no such account.
    pub async fn cancel_email_change(
        &self,
        command: &CancelEmailChange,
        agent: &Agent,
    ) -> Result<Account, Error> {
        let origin = Origin { token: None, ip: agent.ip };
        self.change(&origin, |work| work.cancel_for_desk(command.account_id, agent)).await
    }
}

impl Work<'_> {
    async fn cancel_for_desk(self, id: AccountId, agent: &Agent) -> Result<Account, Error> {
        let mut account = self.account_for_desk(id).await?;
        if account.pending_email.take().is_none() {
            self.discard().await?;
            return Ok(account);
        }
        // Also those whose mail is still to be sent.
        challenge::end_email_changes(&self.db, account.id).await?;
        account::update(&self.db, &mut account, self.now).await?;
        let action = Action::CancelEmailChange;
        audit::record(&self.db, account.id, &action, agent.actor(), self.now).await?;
        self.commit().await?;
        Ok(account)
    }
}
