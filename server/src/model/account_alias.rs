//! The ID of an account that was merged into another one.

use crate::domain::account_id::AccountId;

/// An ID that leads to the account that another one was merged into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AccountAlias {
    /// The ID of the account that has ended.
    pub id: AccountId,
    /// The account that it leads to.
    pub account_id: AccountId,
    /// What became of its machines.
    pub machines: MergedMachines,
}

/// What becomes of the machines of an account that is merged into another one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MergedMachines {
    /// How many come over that were not linked to the other one.
    pub moved: u32,
    /// How many are linked to both and lose one of the two links.
    pub joined: u32,
}
