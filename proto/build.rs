//! Compiles the proto files with protox, so that no build needs protoc.

use std::{env, error::Error, fs, path::PathBuf};

use prost::Message as _;

const FILES: [&str; 7] = [
    "gestan/account/v1/account.proto",
    "gestan/account/v1/account_service.proto",
    "gestan/account/v1/error_reason.proto",
    "gestan/account/v1/reference_service.proto",
    "gestan/account/v1/time_entry.proto",
    "gestan/support/v1/support_service.proto",
    "gestan/support/v1/support_types.proto",
];

/// Messages that carry a secret: their `Debug` is written by hand, redacted.
const SECRET: [&str; 8] = [
    "ConfirmRequest",
    "ConfirmResponse",
    "SetPasswordRequest",
    "SetPasswordResponse",
    "RegisterExistingRequest",
    "RegisterExistingResponse",
    "UpdateRequest",
    "UnlinkRequest",
];

fn main() -> Result<(), Box<dyn Error>> {
    let descriptors = protox::compile(FILES, ["."])?;
    let out = PathBuf::from(env::var("OUT_DIR")?);
    fs::write(out.join("gestan.bin"), descriptors.encode_to_vec())?;
    tonic_prost_build::configure()
        .build_client(env::var_os("CARGO_FEATURE_CLIENT").is_some())
        .build_server(env::var_os("CARGO_FEATURE_SERVER").is_some())
        .skip_debug(SECRET.map(|name| format!(".gestan.account.v1.{name}")))
        .compile_fds(descriptors)?;
    Ok(())
}
