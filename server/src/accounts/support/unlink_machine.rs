//! UnlinkMachine: an agent detaches a machine, or all of them. The customer is told by a
//! mail, since nobody at a machine has asked for it.

use super::Agent;
use crate::{
    accounts::{
        Accounts, Origin,
        error::{DeskRefusal, Error},
        unit_of_work::Work,
    },
    audit::{self, Action},
    domain::{
        account_id::AccountId,
        machine::{Machine, MachineId},
        reason::Reason,
    },
    mail::notice::{BySupport, Detached, Notice},
    storage::link,
};

/// Input of UnlinkMachine.
#[derive(Clone, Debug)]
pub struct UnlinkMachine {
    /// The account.
    pub account_id: AccountId,
    /// The machines to detach.
    pub which: WhichMachines,
    /// Why, for the trail.
    pub reason: Reason,
}

/// The machines to detach.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhichMachines {
    /// One of them.
    One(MachineId),
    /// All of them.
    All,
}

impl Accounts {
    /// Detaches machines for an agent; gives how many. One that is detached already is a
    /// success.
    ///
    /// # Errors
    /// [`Error::Desk`] when there is no such account, or it has no such machine.
    pub async fn unlink_machine(
        &self,
        command: &UnlinkMachine,
        agent: &Agent,
    ) -> Result<u32, Error> {
        let origin = Origin { token: None, ip: agent.ip };
        self.change(&origin, |work| work.unlink_for_desk(command, agent)).await
    }
}

impl Work<'_> {
    async fn unlink_for_desk(
        mut self,
        command: &UnlinkMachine,
        agent: &Agent,
    ) -> Result<u32, Error> {
        let id = command.account_id;
        let account = self.account_for_desk(id).await?;
        let detached = match command.which {
            WhichMachines::One(machine) => self.detach_one(account.id, machine).await?,
            WhichMachines::All => link::unlink_all(&self.db, account.id, self.now).await?,
        };
        if detached.is_empty() {
            self.discard().await?;
            return Ok(0);
        }
        let detach = |machine: &Machine| Action::DetachMachine {
            machine: machine.id,
            reason: command.reason.clone(),
        };
        let actions: Vec<Action> = detached.iter().map(detach).collect();
        audit::record_all(&self.db, account.id, &actions, agent.actor(), self.now).await?;
        let notice = BySupport::new(account.id, self.now, Detached::new(&detached));
        self.notify(&account, Notice::MachineUnlinked(notice)).await?;
        self.commit().await?;
        Ok(u32::try_from(detached.len()).unwrap_or(u32::MAX))
    }

    async fn detach_one(
        &self,
        account_id: AccountId,
        machine: MachineId,
    ) -> Result<Vec<Machine>, Error> {
        let found = link::find(&self.db, account_id, machine).await?;
        let found = found.ok_or(DeskRefusal::MachineNotFound { machine })?;
        let is_detached = link::unlink(&self.db, account_id, machine, self.now).await?;
        Ok(Some(found.machine).filter(|_| is_detached).into_iter().collect())
    }
}
