//! The packages of `client/packages` are whole: each was installed from its own file
//! into an empty project, by `tests/polyglot/install.sh`, and the program that its
//! README shows asks there for an account.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use gestan_account_server::listener::{Transport, tls::Tls};
use gestan_account_tests::{
    Identity, TestServer, TestServerOptions,
    process::{run_to_end, workspace},
    start_time,
};
use tempfile::TempDir;
use tokio::process::Command;

use super::{Program, write_certificates};

/// The empty project of a language.
fn project(language: &str) -> PathBuf {
    workspace().join("target/packages/installed").join(language)
}

/// Has the program ask for an account, over TLS, whose authority only it trusts.
async fn assert_asks_for_an_account(program: impl FnOnce(&[&str]) -> Program) {
    let folder = TempDir::new().expect("a folder");
    let (authority, ca) = write_certificates(folder.path());
    let tls = Tls::load(Identity::files(folder.path()), start_time()).expect("the files are good");
    let server = TestServer::start_with(TestServerOptions {
        transport: Transport { tls: Some(Arc::new(tls)), ..Transport::default() },
        client_tls: Some(authority.client_options()),
        ..Default::default()
    })
    .await;
    let at = format!("localhost:{}", server.address.port());
    let ended = program(&[&at, ca.to_str().expect("a path")]).run(&[]).await;
    let challenge = ended.printed.trim_end().strip_prefix("challenge ");
    let challenge = challenge.and_then(|id| uuid::Uuid::parse_str(id).ok());
    assert!(challenge.is_some(), "{}\n{}", ended.printed, ended.log);
    server.deliver_mail().await;
    let recipients: Vec<String> = server.mails().into_iter().map(|mail| mail.to).collect();
    assert_eq!(recipients, ["jeanne@exemple.fr"]);
}

#[tokio::test]
async fn the_package_of_python_is_installed_from_its_file_and_asks_for_an_account() {
    let project = project("python");
    assert_asks_for_an_account(|arguments| {
        let arguments = [&["open.py"], arguments].concat();
        let python = project.join("bin/python");
        Program::new(&python, &arguments, &project, &["open.py"], "Python 3.11 or newer")
    })
    .await;
}

#[tokio::test]
async fn the_package_of_npm_is_installed_from_its_file_and_asks_for_an_account() {
    assert_asks_for_an_account(|arguments| {
        let arguments = [&["open.mjs"], arguments].concat();
        let needs = ["node_modules/@gestan/account"];
        Program::new(Path::new("node"), &arguments, &project("npm"), &needs, "Node 20 or newer")
    })
    .await;
}

#[tokio::test]
async fn the_package_of_java_is_installed_from_its_file_and_asks_for_an_account() {
    assert_asks_for_an_account(|arguments| {
        let arguments = [&["-cp", "target/classes:target/libraries/*", "Open"], arguments].concat();
        let needs = ["target/classes/Open.class", "target/libraries"];
        let toolchain = "a JDK of Java 17 or newer, and Maven";
        Program::new(Path::new("java"), &arguments, &project("java"), &needs, toolchain)
    })
    .await;
}

#[tokio::test]
async fn the_module_of_go_is_installed_from_its_file_and_asks_for_an_account() {
    let project = project("go");
    assert_asks_for_an_account(|arguments| {
        Program::new(&project.join("open"), arguments, &project, &["open"], "Go 1.26 or newer")
    })
    .await;
}

/// A request of another call, and a number for a text.
const MISTYPED: &str = "\
from gestan.account import connect
from gestan.account.v1.account_service_pb2 import CreateRequest, GetRequest
from gestan.account.v1.account_service_pb2_grpc import AccountServiceStub

accounts = AccountServiceStub(connect('localhost:50051'))
accounts.Create(GetRequest())
accounts.Create(CreateRequest(email=5))
print(accounts.Create(CreateRequest()).challenge)
";

#[tokio::test]
async fn the_package_of_python_tells_a_type_checker_its_types() {
    let folder = TempDir::new().expect("a folder");
    std::fs::write(folder.path().join("mistyped.py"), MISTYPED).expect("it is written");
    let ended = run_to_end(
        Command::new(workspace().join("tests/.venv/bin/mypy"))
            .args(["--strict", "--no-error-summary", "mistyped.py", "--python-executable"])
            .arg(project("python").join("bin/python"))
            .current_dir(folder.path()),
    )
    .await;
    let lines: Vec<&str> = ended.printed.lines().collect();
    let said = |number: usize, text: &str| {
        let start = format!("mistyped.py:{number}: error: ");
        lines.iter().any(|line| line.starts_with(&start) && line.contains(text))
    };
    let all_are_said = said(6, "\"GetRequest\"; expected \"CreateRequest\"")
        && said(7, "\"email\"")
        && said(8, "no attribute \"challenge\"");
    assert!(all_are_said && lines.len() == 3, "{}\n{}", ended.printed, ended.log);
}
