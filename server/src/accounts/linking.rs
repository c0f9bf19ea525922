//! Links a machine to an account, or detaches it, in the transaction of the call
//! that may, and writes it to the trail.

use jiff::Timestamp;
use sea_orm::DatabaseTransaction;

use super::error::Error;
use crate::{
    audit::{self, Action, Actor},
    credentials::token::TokenDigest,
    domain::{
        account_id::AccountId,
        machine::{Machine, MachineId},
    },
    storage::link,
};

/// Links the machine, or gives its link a new token. With one more than an account
/// may have, the one that was not seen for the longest time goes; so do all that an
/// account has too many from before there was that bound. Gives what was detached.
pub(super) async fn link_machine(
    transaction: &DatabaseTransaction,
    account_id: AccountId,
    machine: &Machine,
    digest: &TokenDigest,
    actor: Actor,
    now: Timestamp,
) -> Result<Vec<Machine>, Error> {
    link::upsert(transaction, account_id, machine, digest, now).await?;
    audit::record(transaction, account_id, &Action::LinkMachine, actor, now).await?;
    let detached = link::unlink_longest_unseen(transaction, account_id, machine.id, now).await?;
    record_unlinked(transaction, account_id, &detached, actor, now).await?;
    Ok(detached)
}

/// Kills the links of all other machines: with two statements, however many they are.
pub(super) async fn unlink_others(
    transaction: &DatabaseTransaction,
    account_id: AccountId,
    machine: MachineId,
    actor: Actor,
    now: Timestamp,
) -> Result<(), Error> {
    let detached = link::unlink_others(transaction, account_id, machine, now).await?;
    record_unlinked(transaction, account_id, &detached, actor, now).await
}

/// The trail tells of each machine.
async fn record_unlinked(
    transaction: &DatabaseTransaction,
    account_id: AccountId,
    machines: &[Machine],
    actor: Actor,
    now: Timestamp,
) -> Result<(), Error> {
    let actions: Vec<Action> =
        machines.iter().map(|machine| Action::UnlinkMachine(machine.id)).collect();
    Ok(audit::record_all(transaction, account_id, &actions, actor, now).await?)
}

/// Kills the link of a machine, if it lives.
pub(super) async fn unlink_machine(
    transaction: &DatabaseTransaction,
    account_id: AccountId,
    machine: MachineId,
    actor: Actor,
    now: Timestamp,
) -> Result<(), Error> {
    if link::unlink(transaction, account_id, machine, now).await? {
        let action = Action::UnlinkMachine(machine);
        audit::record(transaction, account_id, &action, actor, now).await?;
    }
    Ok(())
}
