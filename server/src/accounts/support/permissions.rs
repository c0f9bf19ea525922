//! Who of the desk may do what: the one table that decides it. The test that walks it walks
//! every RPC that the proto files declare.

use crate::domain::role::Role;

/// A call of the support desk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeskRpc {
    /// Looks for accounts.
    FindAccounts,
    /// Reads an account.
    GetAccount,
    /// Tells what keeps a customer out.
    DiagnoseAccount,
    /// Reads its audit trail.
    ListEvents,
    /// Reads which recipients mail servers refuse.
    ListRefusedRecipients,
    /// Has a code mailed.
    SendCode,
    /// Detaches machines.
    UnlinkMachine,
    /// Starts a change of address.
    StartEmailChange,
    /// Takes a pending address back.
    CancelEmailChange,
    /// Merges an account into another one.
    MergeAccounts,
    /// Adds time that was bought.
    GrantTime,
    /// Charges time that was used.
    ChargeTime,
    /// Puts a charge of its own right.
    CorrectTime,
    /// The same, and what others have written, or was bought.
    CorrectTimeOfOthers,
    /// Reads the time ledger of an account.
    ListTimeEntries,
    /// The same of all accounts.
    ListTimeEntriesOfAll,
    /// Gives a copy of all that is kept of a customer.
    ExportAccount,
    /// Erases a customer's data.
    EraseAccount,
}

/// Those who help whoever calls.
const HELPERS: &[Role] = &[Role::Agent, Role::Admin];

/// Those who answer for the books.
const BOOKKEEPERS: &[Role] = &[Role::Billing, Role::Admin];

impl DeskRpc {
    /// The roles that may make the call.
    #[must_use]
    pub fn roles(self) -> &'static [Role] {
        match self {
            Self::FindAccounts
            | Self::GetAccount
            | Self::DiagnoseAccount
            | Self::ListEvents
            | Self::ListRefusedRecipients
            | Self::ListTimeEntries => &Role::ALL,
            Self::SendCode | Self::UnlinkMachine | Self::ChargeTime => HELPERS,
            Self::CorrectTime => &[Role::Agent, Role::Billing, Role::Admin],
            Self::GrantTime | Self::CorrectTimeOfOthers | Self::ListTimeEntriesOfAll => BOOKKEEPERS,
            Self::StartEmailChange
            | Self::CancelEmailChange
            | Self::MergeAccounts
            | Self::ExportAccount
            | Self::EraseAccount => &[Role::Admin],
        }
    }

    /// Whether this role may make the call.
    #[must_use]
    pub fn is_for(self, role: Role) -> bool {
        self.roles().contains(&role)
    }

    /// Its name in the proto files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::FindAccounts => "FindAccounts",
            Self::GetAccount => "GetAccount",
            Self::DiagnoseAccount => "DiagnoseAccount",
            Self::ListEvents => "ListEvents",
            Self::ListRefusedRecipients => "ListRefusedRecipients",
            Self::SendCode => "SendCode",
            Self::UnlinkMachine => "UnlinkMachine",
            Self::StartEmailChange => "StartEmailChange",
            Self::CancelEmailChange => "CancelEmailChange",
            Self::MergeAccounts => "MergeAccounts",
            Self::GrantTime => "GrantTime",
            Self::ChargeTime => "ChargeTime",
            Self::CorrectTime | Self::CorrectTimeOfOthers => "CorrectTime",
            Self::ListTimeEntries | Self::ListTimeEntriesOfAll => "ListTimeEntries",
            Self::ExportAccount => "ExportAccount",
            Self::EraseAccount => "EraseAccount",
        }
    }
}

impl Role {
    /// Whether this role sees from which IP address something was done: it is of use only to
    /// those who can act on it.
    #[must_use]
    pub fn sees_addresses(self) -> bool {
        HELPERS.contains(&self)
    }
}
