//! GetAccount: an agent reads an account and its machines.

use std::sync::Arc;

use super::Agent;
use crate::{
    accounts::{AccountRead, Accounts, error::Error},
    audit::Action,
    domain::account_id::AccountId,
    storage::{account_alias, link},
};

/// Input of GetAccount.
#[derive(Clone, Copy, Debug)]
pub struct GetAccount {
    /// The account.
    pub account_id: AccountId,
}

/// An account as an agent reads it.
pub struct AccountShown {
    /// The account and its machines.
    pub read: AccountRead,
    /// The IDs of the accounts that were merged into it.
    pub merged: Vec<AccountId>,
}

impl Accounts {
    /// Reads an account for an agent.
    ///
    /// # Errors
    /// [`Error::Desk`] when there is no such account.
    pub async fn get_account(
        &self,
        query: &GetAccount,
        agent: &Agent,
    ) -> Result<AccountShown, Error> {
        let account = self.account_for_desk(query.account_id).await?;
        self.record_reading(account.id, &Action::ReadAccount, agent).await?;
        let machines = Arc::new(link::list(&self.db.read(), account.id).await?);
        let merged = account_alias::list(&self.db.read(), account.id).await?;
        Ok(AccountShown { read: AccountRead { account, machines, current: None }, merged })
    }
}
