//! Python, with grpcio.

use gestan_account_tests::process::workspace;

use super::{
    Program, assert_goes_the_whole_way, assert_is_short, assert_sees_what_the_table_says, polyglot,
};

pub(crate) fn program(script: &str) -> Program {
    let python = workspace().join("tests/.venv/bin/python");
    let needs = ["../../../target/packages/python"];
    Program::new(&python, &[script], &polyglot().join("python"), &needs, "Python 3.11 or newer")
        .with_env("PYTHONUTF8", "1")
}

#[tokio::test]
async fn python_sees_what_the_table_says() {
    assert_sees_what_the_table_says(program("conformance.py")).await;
}

#[tokio::test]
async fn the_python_example_goes_the_whole_way() {
    assert_is_short("python/example.py");
    assert_goes_the_whole_way(program("example.py")).await;
}
