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

/// How many machines an account has at once. With one more, the one that was
/// not seen for the longest time goes: whatever reads or detaches all of them
/// must have an end.
pub const MAX_MACHINES: u64 = 1_000;

/// Links the machine, or gives its link a new token.
pub(super) async fn link_machine(
    transaction: &DatabaseTransaction,
    account_id: AccountId,
    machine: &Machine,
    digest: &TokenDigest,
    actor: Actor,
    now: Timestamp,
) -> Result<(), Error> {
    link::upsert(transaction, account_id, machine, digest, now).await?;
    audit::record(transaction, account_id, &Action::LinkMachine, actor, now).await?;
    for other in link::find_longest_unseen(transaction, account_id, MAX_MACHINES).await? {
        unlink_machine(transaction, account_id, other, actor, now).await?;
    }
    Ok(())
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
