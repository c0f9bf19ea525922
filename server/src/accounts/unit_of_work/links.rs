//! Links a machine to an account, or detaches machines, and writes it to the trail.

use super::Work;
use crate::{
    audit::{self, Action, Actor},
    credentials::token::TokenDigest,
    domain::{
        account_id::AccountId,
        machine::{Machine, MachineId},
    },
    network::narrowest,
    storage::{error::StorageError, link},
};

impl Work<'_> {
    /// Links the machine, or gives its link a new token. With one more than an account
    /// may have, the one that was not seen for the longest time goes; so do all that an
    /// account has too many from before there was that bound. Gives what was detached.
    pub(in crate::accounts) async fn link(
        &self,
        account_id: AccountId,
        machine: &Machine,
        digest: &TokenDigest,
    ) -> Result<Vec<Machine>, StorageError> {
        let (db, now) = (&self.db, self.now);
        let network = self.ip.map(narrowest);
        link::upsert(db, account_id, machine, digest, network, now).await?;
        self.record(account_id, machine.id, &Action::LinkMachine).await?;
        let detached = link::unlink_longest_unseen(db, account_id, machine.id, now).await?;
        self.record_unlinked(account_id, machine.id, &detached).await?;
        Ok(detached)
    }

    /// Kills the link of `target`, if it lives, for `machine`, which asks for it.
    pub(in crate::accounts) async fn unlink(
        &self,
        account_id: AccountId,
        machine: MachineId,
        target: MachineId,
    ) -> Result<(), StorageError> {
        if link::unlink(&self.db, account_id, target, self.now).await? {
            self.record(account_id, machine, &Action::UnlinkMachine(target)).await?;
        }
        Ok(())
    }

    /// Kills the links of all machines but `machine`, which asks for it: with two
    /// statements, however many they are.
    pub(in crate::accounts) async fn unlink_others(
        &self,
        account_id: AccountId,
        machine: MachineId,
    ) -> Result<(), StorageError> {
        let detached = link::unlink_others(&self.db, account_id, machine, self.now).await?;
        self.record_unlinked(account_id, machine, &detached).await
    }

    /// The trail has an event for each machine.
    async fn record_unlinked(
        &self,
        account_id: AccountId,
        machine: MachineId,
        detached: &[Machine],
    ) -> Result<(), StorageError> {
        let actions: Vec<Action> =
            detached.iter().map(|machine| Action::UnlinkMachine(machine.id)).collect();
        let actor = Actor::machine(machine, self.ip);
        audit::record_all(&self.db, account_id, &actions, actor, self.now).await
    }
}
