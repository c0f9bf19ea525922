//! Files of secrets that others may read are told at start.

use std::{
    fs::{Permissions, set_permissions, write},
    os::unix::fs::PermissionsExt as _,
};

use gestan_account_server::private_file::wanted_mode;
use gestan_account_tests::{
    Authority, Identity,
    process::{Home, ServerProcess},
};

#[tokio::test]
async fn a_key_or_a_pepper_file_that_others_may_read_is_told_at_start_with_what_to_type() {
    let home = Home::new();
    Authority::new().issue().write(home.path());
    let files = Identity::files(home.path());
    let pepper = home.path().join("pepper");
    write(&pepper, "p1:00112233445566778899aabbccddeeff\n").expect("a file");
    let path = |path: &std::path::Path| path.display().to_string();
    let (certificate, key, pepper) = (path(&files.certificate), path(&files.key), path(&pepper));
    let arguments =
        ["--tls-certificate", &certificate, "--tls-key", &key, "--pepper-file", &pepper];
    for (mode, is_told) in [(0o644, true), (0o640, true), (0o600, false), (0o400, false)] {
        for file in [&key, &pepper] {
            set_permissions(file, Permissions::from_mode(mode)).expect("a mode");
        }
        let server = ServerProcess::start(&home, &arguments).await;
        let log = server.log();
        let told = |file: &str, what: &str| {
            log.lines().any(|line| {
                let says = |text: &str| line.contains(text);
                says("WARN")
                    && says(file)
                    && says(what)
                    && says("chmod 600")
                    && says(&format!("{mode:o}"))
            })
        };
        assert_eq!(told(&key, "the key of the certificate"), is_told, "{mode:o}: {log}");
        assert_eq!(told(&pepper, "the peppers"), is_told, "{mode:o}: {log}");
    }
}

#[test]
fn a_file_of_somebody_else_may_be_read_by_its_group() {
    for (mode, is_own, wanted) in [
        (0o100_600, true, None),
        (0o100_400, true, None),
        (0o100_640, true, Some(0o600)),
        (0o100_604, true, Some(0o600)),
        (0o100_640, false, None),
        (0o100_440, false, None),
        (0o100_660, false, Some(0o640)),
        (0o100_644, false, Some(0o640)),
    ] {
        assert_eq!(wanted_mode(mode, is_own), wanted, "{mode:o}, {is_own}");
    }
}
