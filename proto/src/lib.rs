//! The wire types of Gestan's account service, generated from the files in
//! `gestan/account/v1`, whose comments are the reference.
//!
//! Nothing is added here but a redacted `Debug` for what carries a secret.

mod redacted;

/// Package `gestan.account.v1`.
#[expect(
    clippy::all,
    clippy::pedantic,
    reason = "generated: the proto files hold the documentation"
)]
pub mod v1 {
    tonic::include_proto!("gestan.account.v1");
}

/// The compiled descriptors of every file of the API, for server reflection.
pub const FILE_DESCRIPTOR_SET: &[u8] =
    include_bytes!(concat!(env!("OUT_DIR"), "/gestan.account.v1.bin"));

/// The `domain` of every `google.rpc.ErrorInfo` that the service sends.
pub const ERROR_DOMAIN: &str = "gestan.account.v1";
