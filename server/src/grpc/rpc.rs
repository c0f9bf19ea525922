//! The RPCs by name: for the log, and for the words of a refusal, which speak of what a
//! person typed on that RPC's screen.

/// An RPC of the account service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rpc {
    Create,
    Confirm,
    SetPassword,
    RegisterExisting,
    Get,
    Update,
    Unlink,
    ResendPassword,
}

impl Rpc {
    /// Its name in the proto files.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Create => "Create",
            Self::Confirm => "Confirm",
            Self::SetPassword => "SetPassword",
            Self::RegisterExisting => "RegisterExisting",
            Self::Get => "Get",
            Self::Update => "Update",
            Self::Unlink => "Unlink",
            Self::ResendPassword => "ResendPassword",
        }
    }
}
