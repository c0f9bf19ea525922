//! The program itself, as far as it goes without a display: what it is told, and what it refuses.

use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

use gestan_account_tests::process::workspace;
use tempfile::TempDir;

fn program(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_gestan-account-desktop"));
    command.args(["--no-keyring", "--store"]).arg(folder.join("fenetre.json")).args(arguments);
    // No window is to open on the machine of who tests.
    for name in ["DISPLAY", "WAYLAND_DISPLAY", "WAYLAND_SOCKET"] {
        command.env_remove(name);
    }
    command.output().expect("the program runs")
}

#[test]
fn the_document_tells_every_argument_of_the_program() {
    let folder = TempDir::new().expect("a folder");
    let help = program(folder.path(), &["--help"]);
    let help = String::from_utf8(help.stdout).expect("a text");
    let document = fs::read_to_string(workspace().join("docs/DESKTOP.md")).expect("a document");
    let words = help.split_whitespace().filter(|word| word.starts_with("--") && *word != "--help");
    let arguments: Vec<&str> = words.collect();
    assert!(arguments.len() >= 5, "{help}");
    for argument in arguments {
        assert!(document.contains(&format!("| `{argument}` |")), "no row for {argument}");
    }
}

#[test]
fn what_cannot_be_used_is_told_and_ends_the_program() {
    let folder = TempDir::new().expect("a folder");
    let no_authority = folder.path().join("none.pem");
    let empty = folder.path().join("empty.pem");
    fs::write(&empty, "").expect("a file");
    let named = |path: &Path| path.to_string_lossy().into_owned();
    let secure = ["--server", "https://127.0.0.1:1", "--ca"];
    for (arguments, told) in [
        (vec!["--server", ""], "URL"),
        (vec!["--server", "ftp://127.0.0.1"], "URL"),
        ([&secure[..], &[&named(&no_authority)]].concat(), "none.pem"),
        ([&secure[..], &[&named(&empty)]].concat(), "certificate"),
    ] {
        let ended = program(folder.path(), &arguments);
        let error = String::from_utf8_lossy(&ended.stderr).into_owned();
        assert_eq!(ended.status.code(), Some(1), "{arguments:?}: {error}");
        assert!(error.starts_with('✗') && error.contains(told), "{arguments:?}: {error}");
    }
}
