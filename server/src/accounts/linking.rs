//! Links a machine to an account, in the transaction of the call that may.

use jiff::Timestamp;
use sea_orm::DatabaseTransaction;

use super::error::Error;
use crate::{
    audit::{self, Action, Actor},
    credentials::token::TokenDigest,
    domain::{account_id::AccountId, machine::Machine},
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
        if link::unlink(transaction, account_id, other, now).await? {
            audit::record(transaction, account_id, &Action::UnlinkMachine(other), actor, now)
                .await?;
        }
    }
    Ok(())
}
