//! Get: reads an account and its machines. Reading by support leaves an event.

use super::{Accounts, Origin, caller::Caller, error::Error};
use crate::{
    audit::{self, Action, Actor},
    domain::{account_id::AccountId, machine::MachineId, violation::Problem},
    storage::{
        account::{self, Account},
        link::{self, Link},
        link_reads::Linked,
    },
};

/// What Get is asked.
#[derive(Clone, Copy, Debug)]
pub struct Get {
    /// The account; none for the caller's own.
    pub account_id: Option<AccountId>,
}

/// An account as it was read.
pub struct AccountRead {
    /// The account.
    pub account: Account,
    /// Its living links, the oldest first.
    pub links: Vec<Link>,
    /// The machine that reads; none for a support agent.
    pub current: Option<MachineId>,
}

impl Accounts {
    /// Reads an account.
    ///
    /// # Errors
    /// [`Error::InvalidCredentials`], also when a support key names an account
    /// that does not exist; [`Error::PermissionDenied`] when a machine names
    /// another account than its own; [`Error::Invalid`] when a support key
    /// names none.
    pub async fn get(&self, query: &Get, origin: &Origin) -> Result<AccountRead, Error> {
        match self.authenticate(origin).await? {
            Caller::Machine(machine) => {
                machine.account.check_is(query.account_id)?;
                let Linked { link, account, links } = *machine;
                Ok(AccountRead { account, links, current: Some(link.machine.id) })
            }
            Caller::Support(key) => {
                let id = query.account_id;
                let id = id.ok_or_else(|| Error::invalid("account_id", Problem::Required))?;
                let found = account::find(&self.db.read(), id).await?;
                let account = found.ok_or(Error::InvalidCredentials)?;
                // Before anything is shown: what cannot be written is not read.
                let actor = Actor::support_key(key.id, origin.ip);
                let read = Action::ReadAccount;
                audit::record(&self.db.write(), id, &read, actor, self.now()).await?;
                tracing::info!(support_key.id = key.id, account.id = %id, "read by support");
                let links = link::list(&self.db.read(), id).await?;
                Ok(AccountRead { account, links, current: None })
            }
        }
    }
}

impl Account {
    /// Whether this is the account that a machine names, if it names one.
    pub(super) fn check_is(&self, named: Option<AccountId>) -> Result<(), Error> {
        match named {
            Some(id) if id != self.id => Err(Error::PermissionDenied),
            _ => Ok(()),
        }
    }
}
