//! The RPCs by name: for the log, and for the words of a refusal, which speak of what a
//! person typed on that RPC's screen.

use crate::accounts::support::permissions::DeskRpc;

/// An RPC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rpc {
    Create,
    Confirm,
    /// The same, with the ID of an account in place of a challenge's.
    ConfirmByAccount,
    SetPassword,
    RegisterExisting,
    Get,
    Update,
    Unlink,
    ResendPassword,
    ListTimeEntries,
    ListCountries,
    SearchApeCodes,
    GetPrivacyNotice,
    GetCode,
    AdvanceClock,
    Reset,
    /// One of the support service.
    Desk(DeskRpc),
}

impl Rpc {
    /// Its name in the proto files.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Create => "Create",
            Self::Confirm | Self::ConfirmByAccount => "Confirm",
            Self::SetPassword => "SetPassword",
            Self::RegisterExisting => "RegisterExisting",
            Self::Get => "Get",
            Self::Update => "Update",
            Self::Unlink => "Unlink",
            Self::ResendPassword => "ResendPassword",
            Self::ListTimeEntries => "ListTimeEntries",
            Self::ListCountries => "ListCountries",
            Self::SearchApeCodes => "SearchApeCodes",
            Self::GetPrivacyNotice => "GetPrivacyNotice",
            Self::GetCode => "GetCode",
            Self::AdvanceClock => "AdvanceClock",
            Self::Reset => "Reset",
            Self::Desk(rpc) => rpc.name(),
        }
    }
}
