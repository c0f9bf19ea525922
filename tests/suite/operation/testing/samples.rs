//! What the documents show to integrators is run.

use std::fs;

use gestan_account_tests::process::{run_to_end, server_program, workspace};
use tempfile::TempDir;
use tokio::process::Command;

use crate::polyglot::{grpcurl::grpcurl, python};

#[tokio::test]
async fn the_sample_of_an_integrators_own_tests_passes() {
    let program = python::program("-m")
        .with_env("ACCOUNT_SERVER", &server_program().to_string_lossy())
        .with_env("PYTHONPATH", "generated");
    let ended = program.run(&[("unittest", "integrator_test".to_owned())]).await;
    assert!(ended.log.contains("Ran 3 tests"), "{}", ended.log);
}

#[tokio::test]
async fn the_commands_of_the_guide_to_testing_do_what_it_says() {
    let guide = fs::read_to_string(workspace().join("docs/TESTING.md")).expect("the guide");
    let block = guide.split("```sh\n").nth(1).and_then(|rest| rest.split("```").next());
    let mut script = block.expect("the commands").to_owned();
    for (shown, here) in [
        ("target/debug/gestan-account-server", server_program()),
        ("tests/.venv/bin/grpcurl", grpcurl()),
    ] {
        assert!(script.contains(shown), "{script}");
        script = script.replace(shown, &here.display().to_string());
    }
    let folder = TempDir::new().expect("a folder");
    let mut bash = Command::new("bash");
    bash.args(["-euc", &script]).current_dir(folder.path()).env("TMPDIR", folder.path());
    let ended = run_to_end(bash.kill_on_drop(true)).await;
    assert!(ended.status.success(), "{}\n{}", ended.printed, ended.log);
    let printed = ended.printed.replace("\":\"", "\": \"");
    for words in ["\"kind\": \"CODE_KIND_OPEN_ACCOUNT\"", "\"code\": \"", "\"now\": \""] {
        assert!(printed.contains(words), "no {words} in {printed}");
    }
    assert_eq!(folder.path().read_dir().expect("a folder").count(), 0, "nothing is left");
}
