//! The wire types of Gestan's account service, generated from the files in
//! `gestan/account/v1`, `gestan/support/v1` and `gestan/testing/v1`, whose comments are the
//! reference.
//!
//! Nothing is added here but a redacted `Debug` for what carries a secret.

mod redacted;

pub use account::v1;

/// What installations call.
pub mod account {
    /// Package `gestan.account.v1`.
    #[expect(
        clippy::all,
        clippy::pedantic,
        reason = "generated: the proto files hold the documentation"
    )]
    pub mod v1 {
        tonic::include_proto!("gestan.account.v1");
    }
}

/// What the support desk calls.
pub mod support {
    /// Package `gestan.support.v1`.
    #[expect(
        clippy::all,
        clippy::pedantic,
        reason = "generated: the proto files hold the documentation"
    )]
    pub mod v1 {
        tonic::include_proto!("gestan.support.v1");
    }
}

/// What tests call, of a server that was started for them.
pub mod testing {
    /// Package `gestan.testing.v1`.
    #[expect(
        clippy::all,
        clippy::pedantic,
        reason = "generated: the proto files hold the documentation"
    )]
    pub mod v1 {
        tonic::include_proto!("gestan.testing.v1");
    }
}

/// The compiled descriptors of every file of the API, for server reflection. Those of
/// `gestan.testing.v1` are not among them.
pub const FILE_DESCRIPTOR_SET: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/gestan.bin"));

/// The compiled descriptors of `gestan.testing.v1`, for the reflection of a testing server.
pub const TESTING_FILE_DESCRIPTOR_SET: &[u8] =
    include_bytes!(concat!(env!("OUT_DIR"), "/testing.bin"));

/// The `domain` of every `google.rpc.ErrorInfo` that the services send.
pub const ERROR_DOMAIN: &str = "gestan.account.v1";
