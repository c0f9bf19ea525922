//! The support desk: what an agent does for a customer, by a support key. One use case a
//! file, each under the name of its RPC; every one of them begins with an [`Agent`], whom
//! [`Accounts::authorize`] has let in.
//!
//! No call here reads or sets a password, a code, a ticket or a token.

mod cancel_email_change;
mod charge_time;
mod correct_time;
mod diagnose_account;
mod erase_account;
pub mod export_account;
mod find_accounts;
mod get_account;
mod grant_time;
mod list_events;
mod list_refused_recipients;
mod list_time_entries;
mod merge_accounts;
pub mod permissions;
mod send_code;
mod start_email_change;
mod unlink_machine;
mod written_time;

use std::net::IpAddr;

use sea_orm::ConnectionTrait;

pub use cancel_email_change::CancelEmailChange;
pub use charge_time::ChargeTime;
pub use correct_time::CorrectTime;
pub use diagnose_account::{
    AfterTries, CodeAsked, CodeFinding, Diagnose, DiagnoseAccount, Diagnosed, Finding, FindingKind,
    HeldUp, LookedAt, MailSent,
};
pub use erase_account::{AccountErased, EraseAccount};
pub use find_accounts::{
    AccountsFound, Behind, FindAccounts, FoundBy, Outlook, Step, StepPosition,
};
pub use get_account::{AccountShown, GetAccount};
pub use grant_time::GrantTime;
pub use list_events::{DoneBy, EventPosition, EventShown, EventsListed, ListEvents};
pub use list_refused_recipients::{
    ListRefusedRecipients, RecipientShown, RefusalPosition, RefusedListed,
};
pub use list_time_entries::{ListTimeEntries, TimeEntriesListed, TimeEntryShown};
pub use merge_accounts::{MergeAccounts, Merged};
pub use send_code::{CodeSent, CodeTo, SendCode};
pub use start_email_change::{EmailChangeStarted, StartEmailChange};
pub use unlink_machine::{UnlinkMachine, WhichMachines};
pub use written_time::TimeWritten;

use super::{
    Accounts, BearerToken, Origin,
    caller::{Caller, check_live},
    error::{DeskRefusal, Error},
    unit_of_work::Work,
};
use crate::{
    audit::{self, Action, Actor},
    domain::{
        account_id::AccountId,
        machine::{Machine, MachineId, MachineName},
        role::Role,
    },
    model::{account::Account, support_key::SupportKey},
    storage::{account, erased_account},
    telemetry::call,
};
use permissions::DeskRpc;

/// The name that stands for the desk where a machine's would, for a server of before.
const DESK_NAME: &str = "Assistance";

/// What stands for the desk where a challenge has a machine.
fn desk() -> Result<Machine, Error> {
    let name =
        MachineName::parse(DESK_NAME).map_err(|problem| Error::invalid("machine", problem))?;
    Ok(Machine { id: MachineId::SUPPORT, name })
}

/// Why there is no account with this ID: it never was, or it was erased.
async fn missing(db: &impl ConnectionTrait, id: AccountId) -> Error {
    match erased_account::find(db, id).await {
        Ok(Some(erase_time)) => DeskRefusal::AccountErased { id, erase_time }.into(),
        Ok(None) => DeskRefusal::AccountNotFound { id }.into(),
        Err(error) => error.into(),
    }
}

/// A support agent whose key permits the call.
#[derive(Debug)]
pub struct Agent {
    key: SupportKey,
    ip: Option<IpAddr>,
}

impl Agent {
    pub(super) fn of(key: SupportKey, origin: &Origin) -> Self {
        Self { key, ip: origin.ip }
    }

    fn role(&self) -> Role {
        self.key.role
    }

    fn actor(&self) -> Actor {
        Actor::support_key(self.key.id, self.ip)
    }
}

impl Accounts {
    /// The agent who makes this call, in the order in which a refusal is told: the key, its
    /// networks, its rate, its role. Fields and accounts are looked at afterwards.
    ///
    /// # Errors
    /// [`Error::InvalidCredentials`], [`Error::Desk`], [`Error::Throttled`].
    pub async fn authorize(&self, rpc: DeskRpc, origin: &Origin) -> Result<Agent, Error> {
        let key = match &origin.token {
            Some(BearerToken::SupportKey(key)) => self.authenticate_support(key, origin).await?,
            Some(BearerToken::Link(_)) => {
                if let Caller::Machine(machine) = self.find_caller(origin).await? {
                    check_live(&machine.link)?;
                }
                return Err(DeskRefusal::NotAKey.into());
            }
            None => return Err(Error::InvalidCredentials),
        };
        if !rpc.is_for(key.role) {
            return Err(DeskRefusal::RoleLacking { role: key.role, rpc }.into());
        }
        Ok(Agent::of(key, origin))
    }

    /// The account that this ID leads to.
    async fn account_for_desk(&self, id: AccountId) -> Result<Account, Error> {
        call::note_account(id);
        match account::find(&self.db.read(), id).await? {
            Some(account) => Ok(account),
            None => Err(missing(&self.db.read(), id).await),
        }
    }

    /// Writes to the trail that an agent reads the account. It comes before anything is
    /// shown: what cannot be written is not read.
    pub(super) async fn record_reading(
        &self,
        id: AccountId,
        reading: &Action,
        agent: &Agent,
    ) -> Result<(), Error> {
        call::note_account(id);
        audit::record_reading(&self.db, id, reading, agent.actor(), self.now()).await?;
        tracing::info!(support_key.id = agent.key.id, account.id = %id, "read by support");
        Ok(())
    }
}

impl Work<'_> {
    /// The account that this ID leads to, which nobody else changes until the end.
    async fn account_for_desk(&self, id: AccountId) -> Result<Account, Error> {
        call::note_account(id);
        match self.find_account(id).await? {
            Some(account) => Ok(account),
            None => Err(missing(&self.db, id).await),
        }
    }
}
