//! Compiles the proto files with protox, so that no build needs protoc.

use std::{env, error::Error, fs, path::PathBuf};

use prost::Message as _;

const FILES: [&str; 8] = [
    "gestan/account/v1/account.proto",
    "gestan/account/v1/account_service.proto",
    "gestan/account/v1/error_reason.proto",
    "gestan/account/v1/reference_service.proto",
    "gestan/account/v1/time_entry.proto",
    "gestan/support/v1/support_service.proto",
    "gestan/support/v1/support_types.proto",
    "gestan/testing/v1/testing_service.proto",
];

/// The package of what only a testing server has. Its descriptors are apart, so that no other
/// server can tell them by reflection.
const TESTING: &str = "gestan.testing.v1";

/// Messages that carry a secret: their `Debug` is written by hand, redacted.
const SECRET: [&str; 9] = [
    "account.v1.ConfirmRequest",
    "account.v1.ConfirmResponse",
    "account.v1.SetPasswordRequest",
    "account.v1.SetPasswordResponse",
    "account.v1.RegisterExistingRequest",
    "account.v1.RegisterExistingResponse",
    "account.v1.UpdateRequest",
    "account.v1.UnlinkRequest",
    "testing.v1.GetCodeResponse",
];

fn main() -> Result<(), Box<dyn Error>> {
    let descriptors = protox::compile(FILES, ["."])?;
    let out = PathBuf::from(env::var("OUT_DIR")?);
    let (mut served, mut testing) = (descriptors.clone(), descriptors.clone());
    served.file.retain(|file| file.package() != TESTING);
    testing.file.retain(|file| !file.package().starts_with("gestan.") || file.package() == TESTING);
    fs::write(out.join("gestan.bin"), served.encode_to_vec())?;
    fs::write(out.join("testing.bin"), testing.encode_to_vec())?;
    tonic_prost_build::configure()
        .build_client(env::var_os("CARGO_FEATURE_CLIENT").is_some())
        .build_server(env::var_os("CARGO_FEATURE_SERVER").is_some())
        .skip_debug(SECRET.map(|name| format!(".gestan.{name}")))
        .compile_fds(descriptors)?;
    Ok(())
}
