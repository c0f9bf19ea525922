//! Clients in the languages of Gestan's world, with the packages of
//! `client/packages`, which are generated from the proto files: each makes the calls of one table against the live server, and
//! must see what the table says; and each has an example that goes the whole way.
//!
//! A language that is not there fails its tests. Nothing here may know what an
//! answer ought to be: that is in `tests/polyglot/cases.json` alone.

mod cases;
mod control;
mod crossing;
mod go;
pub(crate) mod grpcurl;
mod java;
mod packages;
mod program;
pub(crate) mod python;
mod retries;
mod rust;
mod typescript;

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
};

use gestan_account_server::{
    listener::{Transport, tls::Tls},
    throttle::Throttles,
};
use gestan_account_tests::{
    Authority, Identity, TestServer, TestServerOptions,
    process::{Ended, Home, ServerProcess, workspace},
    start_time,
};
use tempfile::TempDir;

use self::{cases::Cases, control::Control, program::Program};

/// The lines that every example prints, whatever its language; the last number
/// is at most this.
const EXAMPLE: &str = "\
linked to account 1
updated: 30000 Nîmes
refused: account.country_code VIOLATION_REASON_UNKNOWN_COUNTRY
throttled: ERROR_REASON_TOO_MANY_PASSWORD_TRIES, retry in 60 s
unlinked
";

/// The folder with a folder for each language.
fn polyglot() -> PathBuf {
    workspace().join("tests/polyglot")
}

/// A fresh certificate in `folder`; gives the file of the authority to trust.
fn write_certificates(folder: &Path) -> (Authority, PathBuf) {
    let authority = Authority::new();
    authority.issue().write(folder);
    let ca = folder.join("ca.pem");
    std::fs::write(&ca, authority.pem()).expect("the authority is written");
    (authority, ca)
}

/// Where a runner finds what it works with.
struct Places {
    /// The server, by its name and port.
    server: String,
    /// The file of the authority to trust.
    ca: PathBuf,
    /// The control channel.
    control: SocketAddr,
}

/// Has a program make the calls of the table.
async fn assert_sees_what_the_table_says(program: Program) {
    Box::pin(assert_prints_the_table(async |cases, places| {
        let arguments = [
            ("--server", places.server.clone()),
            ("--ca", places.ca.display().to_string()),
            ("--control", places.control.to_string()),
            ("--cases", cases.path.display().to_string()),
        ];
        program.run(&arguments).await
    }))
    .await;
}

/// Has the calls of the table made, over TLS, with throttles in force and a
/// clock that only the table moves.
async fn assert_prints_the_table(run: impl AsyncFnOnce(&Cases, &Places) -> Ended) {
    let folder = TempDir::new().expect("a folder");
    let (authority, ca) = write_certificates(folder.path());
    let tls = Tls::load(Identity::files(folder.path()), start_time()).expect("the files are good");
    let server = TestServer::start_with(TestServerOptions {
        transport: Transport { tls: Some(Arc::new(tls)), ..Transport::default() },
        client_tls: Some(authority.client_options()),
        throttles: Throttles::default(),
        ..Default::default()
    })
    .await;
    let cases = Cases::read(&polyglot().join("cases.json"));
    let control = Control::open().await;
    let server_name = format!("localhost:{}", server.address.port());
    let places = Places { server: server_name, ca, control: control.address };
    let ended = tokio::select! {
        ended = run(&cases, &places) => ended,
        () = control.serve(&server) => unreachable!("the control channel is served for ever"),
    };
    cases.assert_table(&ended);
    server.deliver_mail().await;
}

/// Runs an example against the real program, whose mails are files.
async fn assert_goes_the_whole_way(program: Program) {
    let home = Home::new();
    let (_, ca) = write_certificates(home.path());
    let files = Identity::files(home.path());
    let arguments = [
        "--tls-certificate",
        files.certificate.to_str().expect("a path"),
        "--tls-key",
        files.key.to_str().expect("a path"),
    ];
    let server = ServerProcess::start(&home, &arguments).await;
    let arguments = [
        ("--server", format!("localhost:{}", server.address.port())),
        ("--ca", ca.display().to_string()),
        ("--mails", home.mail_folder().display().to_string()),
    ];
    let ended = program.run(&arguments).await;
    // The wait shrinks while the program runs.
    let (before, rest) = ended.printed.split_once("retry in ").expect("it is throttled");
    let (seconds, after) = rest.split_once(' ').expect("for some time");
    assert!((1..=60).contains(&seconds.parse().unwrap_or(0)), "{seconds} s");
    assert_eq!(format!("{before}retry in 60 {after}"), EXAMPLE, "{}", ended.log);
}

/// Asserts that a file has no more lines than a reader takes in at a glance.
fn assert_is_short(file: &str) {
    let text = std::fs::read_to_string(polyglot().join(file)).expect("the example");
    assert!(text.lines().count() <= 150, "{file} has {} lines", text.lines().count());
}
