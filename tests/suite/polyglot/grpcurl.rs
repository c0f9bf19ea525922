//! Other people's tools work with the service, by the proto files and by reflection:
//! the walk that the README shows, with grpcurl.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use gestan_account_tests::process::{
    Home, ServerProcess, TIMEOUT, run_to_end, server_command, workspace,
};
use tokio::{process::Command, time::timeout};

pub(crate) fn grpcurl() -> PathBuf {
    let program = env::var_os("GESTAN_TEST_GRPCURL")
        .map_or_else(|| workspace().join("tests/.venv/bin/grpcurl"), PathBuf::from);
    assert!(
        program.is_file(),
        "there is no {}: tests/run.sh installs it, or set GESTAN_TEST_GRPCURL",
        program.display()
    );
    program
}

/// The script, for a server whose mails come into this folder.
fn walk_command(server: &ServerProcess, folder: &Path) -> Command {
    let mut walk = Command::new("bash");
    walk.arg(workspace().join("tests/walkthrough.sh"))
        .env("GRPCURL", grpcurl())
        .env("SERVER", server.address.to_string())
        .env("MAILS", folder.join("data/mail"))
        .kill_on_drop(true);
    walk
}

/// Runs the script; gives what it printed and what it said to standard error.
async fn walk(server: &ServerProcess, folder: &Path, key: Option<&str>) -> (String, String) {
    let mut walk = walk_command(server, folder);
    if let Some(key) = key {
        walk.env("SUPPORT_KEY", key);
    }
    let output = timeout(TIMEOUT, walk.output()).await.expect("the walk ends");
    let output = output.expect("bash runs");
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{printed}\n{errors}");
    (printed, errors)
}

#[tokio::test]
async fn grpcurl_makes_every_call_by_the_proto_files_and_by_reflection() {
    let home = Home::new();
    let server = ServerProcess::start(&home, &[]).await;
    walk(&server, home.path(), None).await;
    let key = run_to_end(home.command().args(["support-key", "create", "Alice"])).await.printed;
    // A second time, too: the account exists then, and old mails lie in the folder.
    let (printed, errors) = walk(&server, home.path(), Some(key.trim())).await;
    for rpc in [
        "Create",
        "Confirm",
        "SetPassword",
        "RegisterExisting",
        "Update",
        "Get",
        "ListTimeEntries",
        "Unlink",
        "ResendPassword",
        "GetPrivacyNotice",
        "ListCountries",
        "SearchApeCodes",
    ] {
        let answer = format!("{rpc} {{");
        assert!(printed.lines().any(|line| line.starts_with(&answer)), "no {rpc}: {printed}");
    }
    assert!(printed.contains("\"city\": \"Lille\""), "{printed}");
    // The dead token's error, with its details in clear.
    for detail in [
        "Code: Unauthenticated",
        "type.googleapis.com/google.rpc.ErrorInfo",
        "\"reason\": \"ERROR_REASON_INVALID_CREDENTIALS\"",
        "type.googleapis.com/google.rpc.LocalizedMessage",
        "\"locale\": \"fr\"",
    ] {
        let shown = errors.replace("\":\"", "\": \"");
        assert!(shown.contains(detail), "no {detail} in {errors}");
    }
}

#[tokio::test]
async fn a_walk_whose_mails_come_elsewhere_says_what_it_waits_for_and_gives_up() {
    let home = Home::new();
    let server = ServerProcess::start(&home, &[]).await;
    let elsewhere = Home::new();
    let mut walk = walk_command(&server, elsewhere.path());
    let output = walk.env("PATIENCE", "1").output().await.expect("bash runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success(), "{said}");
    let folder = elsewhere.path().join("data/mail").display().to_string();
    assert!(said.contains(&format!("comes as a file in {folder}")), "{said}");
    assert!(said.contains("No mail with a new code has come"), "{said}");
}

#[tokio::test]
async fn the_readmes_commands_for_a_support_agent_read_an_account() {
    let home = Home::on_sqlite();
    let server = ServerProcess::start(&home, &[]).await;
    walk(&server, home.path(), None).await;
    let readme = fs::read_to_string(workspace().join("README.md")).expect("the README");
    let blocks = readme.split("```sh\n").skip(1).filter_map(|rest| rest.split("```").next());
    let shown = blocks.into_iter().find(|block| block.contains("support-key create"));
    let program = server_command(home.path()).as_std().get_program().to_owned();
    let mut script = shown.expect("the commands").to_owned();
    for (shown, here) in [
        ("target/debug/gestan-account-server", program.display().to_string()),
        ("tests/.venv/bin/grpcurl", grpcurl().display().to_string()),
        ("127.0.0.1:50051", server.address.to_string()),
    ] {
        assert!(script.contains(shown), "{script}");
        script = script.replace(shown, &here);
    }
    let mut bash = Command::new("bash");
    bash.args(["-euc", &script]).current_dir(home.path()).kill_on_drop(true);
    let output = timeout(TIMEOUT, bash.output()).await.expect("it ends").expect("bash runs");
    let printed = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(printed.contains("\"email\": \"jeanne@exemple.fr\""), "{printed}");
}

#[tokio::test]
async fn a_caller_that_asks_by_reflection_without_a_key_is_told_what_to_send() {
    let home = Home::on_sqlite();
    let server = ServerProcess::start(&home, &[]).await;
    let mut list = Command::new(grpcurl());
    list.args(["-plaintext", &server.address.to_string(), "list"]);
    let output = timeout(TIMEOUT, list.output()).await.expect("it ends").expect("grpcurl runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && said.contains("authorization: Bearer KEY"), "{said}");
}
