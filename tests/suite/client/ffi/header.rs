//! The header is the one that the functions have.

use std::{fs, path::PathBuf, process::Command};

use gestan_account_tests::process::workspace;
use tempfile::TempDir;

#[test]
fn the_header_is_what_cbindgen_writes_of_the_library() {
    let installed = workspace().join("tests/.cbindgen/bin/cbindgen");
    let cbindgen = if installed.exists() { installed } else { PathBuf::from("cbindgen") };
    let library = workspace().join("client/ffi");
    // cbindgen passes over every convention but that of C; GESTAN_API tells the one of Windows.
    let source = fs::read_to_string(library.join("src/lib.rs")).expect("the library");
    assert_eq!(source.matches("extern \"system\"").count(), 4);
    let folder = TempDir::new().expect("a folder");
    let copy = folder.path().join("lib.rs");
    fs::write(&copy, source.replace("extern \"system\"", "extern \"C\"")).expect("a file");
    let written = Command::new(cbindgen)
        .arg("--config")
        .arg(library.join("cbindgen.toml"))
        .arg(copy)
        .output()
        .expect("cbindgen is there; tests/run.sh installs it");
    assert!(written.status.success(), "{}", String::from_utf8_lossy(&written.stderr));
    let header = library.join("include/gestan_compte.h");
    if std::env::var_os("GESTAN_TEST_WRITE").is_some() {
        fs::write(&header, &written.stdout).expect("the header is written");
    }
    let header = fs::read_to_string(header).expect("the header");
    assert_eq!(header, String::from_utf8_lossy(&written.stdout));
}
