//! The files of TLS: nothing in them is left out without a word, and the operator is told
//! what they are worth before clients find out.

#![expect(clippy::expect_used, reason = "what a test needs and does not get ends the test")]

use std::{fs, path::Path, sync::Arc, time::Duration};

use gestan_account_server::{
    certificates::PemError,
    listener::{
        Transport,
        tls::{Tls, TlsError, TlsFiles},
    },
};
use gestan_account_tests::{
    Authority, Identity, Log, TestServer, TestServerOptions,
    process::{Home, ServerProcess, TIMEOUT, run_to_end},
    start_time,
};
use jiff::{SignedDuration, Timestamp};
use rcgen::{CertificateParams, date_time_ymd};
use tempfile::TempDir;
use tokio::{net::TcpStream, process::Command, time::timeout};
use tokio_rustls::{TlsConnector, rustls::pki_types::ServerName};

const BYTE_ORDER_MARK: &str = "\u{feff}";

/// The files of `identity`, with these contents in the place of its certificate.
fn written(folder: &Path, identity: &Identity, certificate: impl AsRef<[u8]>) -> TlsFiles {
    identity.write(folder);
    let files = Identity::files(folder);
    fs::write(&files.certificate, certificate).expect("it is written");
    files
}

/// What two blocks look like when files were put together by a tool that heeds no lines.
fn bad_joints(first: &str, second: &str) -> [(&'static str, String); 6] {
    let joined = format!("{}{second}", first.trim_end());
    [
        ("no line end in between", joined),
        ("a mark in the middle", format!("{first}{BYTE_ORDER_MARK}{second}")),
        ("a mark at the beginning", format!("{BYTE_ORDER_MARK}{first}{second}")),
        ("indented", format!("{first}  {second}")),
        ("text before it", format!("{first}issuer: {second}")),
        ("OpenSSL's own label", format!("{first}{}", second.replace("CERT", "TRUSTED CERT"))),
    ]
}

#[test]
fn a_file_of_which_a_certificate_would_be_left_out_is_refused() {
    let (authority, folder) = (Authority::new(), TempDir::new().expect("a folder"));
    let identity = authority.issue();
    let client_ca = folder.path().join("clients.pem");
    let good = format!("Some text\n{}more of it\r\n{}", identity.certificate, authority.pem());
    let files = written(folder.path(), &identity, &good);
    Tls::load(files, start_time()).expect("text in between does no harm");
    for (name, contents) in bad_joints(&identity.certificate, &authority.pem()) {
        let expected = |error: &TlsError, path: &Path| match error {
            TlsError::NotPem { path: at, error: PemError::ByteOrderMark } => {
                name.contains("mark") && at == path
            }
            TlsError::NotPem { path: at, error: PemError::LeftOut { begun, read, .. } } => {
                (*begun, *read) == (2, 1) && !name.contains("mark") && at == path
            }
            _ => false,
        };
        let files = written(folder.path(), &identity, &contents);
        let error = Tls::load(files.clone(), start_time()).expect_err(name);
        assert!(expected(&error, &files.certificate), "{name}: {error}");
        // The same holds for the authorities of clients.
        let files = written(folder.path(), &identity, &good);
        fs::write(&client_ca, &contents).expect("it is written");
        let files = TlsFiles { client_ca: Some(client_ca.clone()), ..files };
        let error = Tls::load(files, start_time()).expect_err(name);
        assert!(expected(&error, &client_ca), "{name}: {error}");
    }
}

#[test]
fn a_file_of_which_a_certificate_would_be_left_out_is_refused_when_it_is_read_anew() {
    let (authority, folder) = (Authority::new(), TempDir::new().expect("a folder"));
    let identity = authority.issue();
    let files = written(folder.path(), &identity, &identity.certificate);
    let tls = Tls::load(files, start_time()).expect("the files are good");
    for (name, contents) in bad_joints(&identity.certificate, &authority.pem()) {
        written(folder.path(), &identity, contents);
        let error = tls.reload(start_time()).expect_err(name);
        assert!(matches!(error, TlsError::NotPem { .. }), "{name}: {error}");
    }
    written(folder.path(), &identity, format!("{}{}", identity.certificate, authority.pem()));
    assert!(tls.reload(start_time()).expect("the files are good"));
}

#[test]
fn a_key_that_cannot_be_read_is_not_shown() {
    let (authority, folder) = (Authority::new(), TempDir::new().expect("a folder"));
    let identity = authority.issue();
    let files = written(folder.path(), &identity, &identity.certificate);
    let body: String = identity.key.lines().filter(|line| !line.starts_with("---")).collect();
    let bytes = |text: &str| format!("{:?}", text.as_bytes()).trim_matches(['[', ']']).to_owned();
    for (contents, expected) in [
        (identity.key.replace('\n', " "), PemError::Endless),
        (identity.key.replace("PRIVATE", "ENCRYPTED PRIVATE"), PemError::Encrypted),
        (format!("{BYTE_ORDER_MARK}{}", identity.key), PemError::ByteOrderMark),
        (identity.key.replace(&body[..8], "€€€"), PemError::Damaged),
        (identity.certificate.clone(), PemError::Missing("private key")),
    ] {
        fs::write(&files.key, contents).expect("it is written");
        let error = Tls::load(files.clone(), start_time()).expect_err("it is no key");
        assert!(
            matches!(&error, TlsError::NotPem { path, error } if *path == files.key && *error == expected),
            "{error}"
        );
        for part in [&body[8..40], &bytes(&body[8..40])] {
            assert!(!format!("{error} {error:?}").contains(part), "the key is shown");
        }
    }
}

fn until(year: i32, month: u8, day: u8) -> impl FnOnce(&mut CertificateParams) {
    move |params| params.not_after = date_time_ymd(year, month, day)
}

#[test]
fn what_is_read_is_told() {
    let (log, _guard) = Log::capture();
    let (authority, folder) = (Authority::new(), TempDir::new().expect("a folder"));
    let identity = authority.issue_as(until(2027, 3, 4));
    let chain = format!("{}{}", identity.certificate, authority.pem());
    let files = written(folder.path(), &identity, chain);
    let client_ca = folder.path().join("clients.pem");
    fs::write(&client_ca, Authority::new().pem()).expect("it is written");
    let files = TlsFiles { client_ca: Some(client_ca), ..files };
    Tls::load(files, start_time()).expect("the files are good");
    let log = log.text();
    for part in [
        r#"subject="CN=rcgen self signed cert" issuer="CN=authority" until=2027-03-04T00:00:00Z"#,
        r#"subject="CN=authority" issuer="CN=authority""#,
        "TLS clients are known by this authority",
    ] {
        assert!(log.contains(part), "no {part} in\n{log}");
    }
    assert!(!log.contains("WARN"), "the chain ends at its root:\n{log}");
}

#[test]
fn an_expired_certificate_is_refused_and_so_is_one_that_has_not_begun() {
    let (authority, folder) = (Authority::new(), TempDir::new().expect("a folder"));
    let identity = authority.issue_as(until(2026, 11, 24));
    let files = written(folder.path(), &identity, &identity.certificate);
    let end: Timestamp = "2026-11-24T00:00:00Z".parse().expect("a time");
    Tls::load(files.clone(), end).expect("its last moment");
    let error = Tls::load(files, start_time()).expect_err("it is over");
    assert!(matches!(error, TlsError::Expired { until, .. } if until == end), "{error}");
    let identity = authority.issue_as(|params| params.not_before = date_time_ymd(2026, 11, 25));
    let files = written(folder.path(), &identity, &identity.certificate);
    let error = Tls::load(files, start_time()).expect_err("it has not begun");
    assert!(matches!(error, TlsError::NotYetValid { .. }), "{error}");
}

#[test]
fn a_certificate_that_ends_while_the_server_runs_is_told_before_and_loudly_afterwards() {
    let (log, _guard) = Log::capture();
    let lines = |word: &str| log.text().lines().filter(|line| line.contains(word)).count();
    let (authority, folder) = (Authority::new(), TempDir::new().expect("a folder"));
    let identity = authority.issue_as(|params| {
        params.not_before = date_time_ymd(2026, 9, 1);
        params.not_after = date_time_ymd(2026, 12, 10);
    });
    let files = written(folder.path(), &identity, &identity.certificate);
    let tls = Tls::load(files, start_time()).expect("the files are good");
    let hours = |count| start_time() + SignedDuration::from_hours(count);
    // Sixteen days before its end.
    tls.look_again(false, hours(0));
    assert_eq!(lines("ends soon"), 0);
    for minutes in 0..48 * 60 {
        let now = hours(24 * 10) + SignedDuration::from_mins(minutes);
        tls.look_again(false, now);
    }
    assert_eq!(lines("ends soon"), 2, "once a day");
    assert_eq!(lines("has expired"), 0);
    for minutes in 0..5 * 60 {
        tls.look_again(false, hours(24 * 16) + SignedDuration::from_mins(minutes));
    }
    assert_eq!(lines("ERROR") - lines("refused"), 5, "once an hour:\n{}", log.text());
    assert_eq!(lines("has expired"), 5);
    // Another one that is over is not taken for it.
    let other = authority.issue_as(until(2026, 12, 1));
    written(folder.path(), &other, &other.certificate);
    assert!(matches!(tls.reload(hours(24 * 16)), Err(TlsError::Expired { .. })));
    let renewed = authority.issue_as(until(2027, 12, 1));
    written(folder.path(), &renewed, &renewed.certificate);
    tls.look_again(false, hours(24 * 17));
    tls.look_again(false, hours(24 * 18));
    assert_eq!(lines("has expired"), 5, "it is renewed");
}

#[tokio::test]
async fn the_servers_clock_decides_when_a_certificate_is_taken_over() {
    let (authority, folder) = (Authority::new(), TempDir::new().expect("a folder"));
    let old = authority.issue();
    let files = written(folder.path(), &old, &old.certificate);
    let tls = Tls::load(files, start_time()).expect("the files are good");
    let tls = Arc::new(tls.watched_every(Duration::from_millis(20)));
    let transport = Transport { tls: Some(tls), ..Transport::default() };
    let client_tls = Some(authority.client_options());
    let options = TestServerOptions { transport, client_tls, ..Default::default() };
    let server = TestServer::start_with(options).await;
    let shown = async || {
        let stream = TcpStream::connect(server.address).await.expect("a connection");
        let name = ServerName::try_from("localhost").expect("a name");
        let connector = TlsConnector::from(Arc::new(authority.any_client()));
        let stream = connector.connect(name, stream).await.expect("a handshake");
        stream.get_ref().1.peer_certificates().expect("a certificate")[0].clone()
    };
    let new = authority.issue_as(|params| params.not_before = date_time_ymd(2026, 11, 25));
    written(folder.path(), &new, &new.certificate);
    for _ in 0..20 {
        assert_eq!(shown().await, old.der());
    }
    server.clock.advance(SignedDuration::from_hours(24));
    let changed = async { while shown().await != new.der() {} };
    timeout(TIMEOUT, changed).await.expect("it is taken over");
}

/// The real program with such files, on a machine that trusts `roots` alone.
fn command(home: &Home, files: &TlsFiles, roots: &str) -> Command {
    let store = home.path().join("roots.pem");
    fs::write(&store, roots).expect("it is written");
    let mut command = home.command();
    command
        .env("SSL_CERT_FILE", store)
        .env_remove("SSL_CERT_DIR")
        .env("GESTAN_ACCOUNT_TLS_CERTIFICATE", &files.certificate)
        .env("GESTAN_ACCOUNT_TLS_KEY", &files.key);
    command
}

#[tokio::test]
async fn the_program_refuses_a_certificate_that_expired_yesterday() {
    let home = Home::on_sqlite();
    let authority = Authority::new();
    let identity = authority.issue_as(until(2026, 1, 2));
    let files = written(home.path(), &identity, &identity.certificate);
    let ended = run_to_end(&mut command(&home, &files, &authority.pem())).await;
    assert!(!ended.status.success(), "{}", ended.log);
    let error = ended.log.lines().find(|line| line.starts_with("Error:")).expect("an error");
    assert!(error.contains("expired on 2026-01-02T00:00:00Z: renew it"), "{error}");
    assert!(!home.database_url().is_empty() && !home.path().join("data").exists());
}

#[tokio::test]
async fn a_chain_that_ends_at_no_root_of_this_machine_is_told() {
    const TOLD: &str = "ends at no root";
    let (root, stranger) = (Authority::new(), Authority::new());
    let intermediate = root.intermediate();
    let leaf = intermediate.issue();
    let whole = format!("{}{}", leaf.certificate, intermediate.pem());
    for (contents, roots, is_told) in [
        (&whole, root.pem(), false),
        (&leaf.certificate, root.pem(), true),
        (&whole, stranger.pem(), true),
    ] {
        let home = Home::on_sqlite();
        let files = written(home.path(), &leaf, contents);
        let command = command(&home, &files, &roots);
        let server = ServerProcess::start_as(command, &home, &[]).await;
        assert_eq!(server.log().contains(TOLD), is_told, "{}", server.log());
    }
}

#[test]
fn a_certificate_that_signed_itself_is_told() {
    let (log, _guard) = Log::capture();
    let folder = TempDir::new().expect("a folder");
    let identity = Identity::self_signed(|_| {});
    let files = written(folder.path(), &identity, &identity.certificate);
    Tls::load(files, start_time()).expect("the files are good");
    assert!(log.text().contains("is signed by itself"), "{}", log.text());
}
