//! TLS: versions, client certificates, and certificates that change.

#![expect(clippy::expect_used, reason = "what a test needs and does not get ends the test")]

use std::{fs, net::SocketAddr, path::Path, sync::Arc, time::Duration};

use gestan_account_client::{Client, ClientOptions, v1};
use gestan_account_server::listener::{
    Transport,
    tls::{Tls, TlsError},
};
use gestan_account_tests::{
    Authority, Identity, Regular, TestServer, TestServerOptions, Wire, frame, start_time,
};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpSocket, TcpStream},
    time::timeout,
};
use tokio_rustls::{
    TlsConnector,
    client::TlsStream,
    rustls::{
        ClientConfig, ProtocolVersion,
        pki_types::{CertificateDer, ServerName},
        version::{TLS12, TLS13},
    },
};

use super::TIMEOUT;

/// So seldom that the test does not see it.
const NEVER: Duration = Duration::from_hours(1);

async fn start(authority: &Authority, tls: Tls) -> (TestServer, Arc<Tls>) {
    let tls = Arc::new(tls);
    let transport = Transport {
        tls: Some(Arc::clone(&tls)),
        handshake_timeout: Duration::from_secs(1),
        ..Transport::default()
    };
    let client_tls = Some(authority.client_options());
    let options = TestServerOptions { transport, client_tls, ..Default::default() };
    (TestServer::start_with(options).await, tls)
}

fn load(folder: &Path) -> Tls {
    Tls::load(Identity::files(folder), start_time()).expect("the files are good")
}

async fn connect(
    server: &TestServer,
    config: ClientConfig,
) -> std::io::Result<TlsStream<TcpStream>> {
    let stream = TcpStream::connect(server.address).await?;
    let name = ServerName::try_from("localhost").expect("a name");
    TlsConnector::from(Arc::new(config)).connect(name, stream).await
}

/// The certificate that newcomers are shown.
async fn shown(server: &TestServer, authority: &Authority) -> CertificateDer<'static> {
    let stream = connect(server, authority.any_client()).await.expect("a handshake");
    stream.get_ref().1.peer_certificates().expect("a certificate")[0].clone()
}

async fn until_shown(server: &TestServer, authority: &Authority, expected: &Identity) {
    let expected = expected.der();
    let changed = async { while shown(server, authority).await != expected {} };
    timeout(TIMEOUT, changed).await.expect("the new certificate is shown");
}

#[tokio::test]
async fn tls_1_2_and_1_3_are_spoken_and_nothing_older() {
    let (authority, folder) = (Authority::new(), TempDir::new().expect("a folder"));
    authority.issue().write(folder.path());
    let (server, _) = start(&authority, load(folder.path())).await;
    let versions = [(&TLS12, ProtocolVersion::TLSv1_2), (&TLS13, ProtocolVersion::TLSv1_3)];
    for (version, expected) in versions {
        let stream =
            connect(&server, authority.rustls_client(&[version])).await.expect("a handshake");
        assert_eq!(stream.get_ref().1.protocol_version(), Some(expected));
        assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
        let (mut wire, _) = Wire::begin(stream).await;
        assert!(wire.ping().await);
    }
    // One ClientHello, of TLS 1.0, 1.1 and 1.2: only the version is at fault.
    for (minor, expected) in [(1, [21, 2, 70]), (2, [21, 2, 70]), (3, [22, 2, 0])] {
        let mut stream = TcpStream::connect(server.address).await.expect("a connection");
        stream.write_all(&client_hello(minor)).await.expect("it is sent");
        let mut answer = [0; 7];
        stream.read_exact(&mut answer).await.expect("an answer");
        // The record's kind; then "fatal: protocol_version", or ServerHello.
        assert_eq!([answer[0], answer[5], answer[6]], expected, "3.{minor}");
    }
}

/// A `ClientHello` without the extension by which versions are chosen since 1.3.
fn client_hello(minor: u8) -> Vec<u8> {
    let extensions = [
        &[0, 10, 0, 4, 0, 2, 0, 29][..],     // supported_groups: x25519
        &[0, 13, 0, 4, 0, 2, 4, 3],          // signature_algorithms: ECDSA, SHA-256
        &[0, 11, 0, 2, 1, 0],                // ec_point_formats: uncompressed
        &[0, 23, 0, 0],                      // extended_master_secret
        &[0, 16, 0, 5, 0, 3, 2, b'h', b'2'], // ALPN: h2
    ]
    .concat();
    let mut hello = vec![3, minor];
    hello.extend([7; 32]);
    // No session; ECDHE-ECDSA with AES-128, CBC and GCM; no compression.
    hello.extend([0, 0, 4, 0xc0, 0x09, 0xc0, 0x2b, 1, 0]);
    hello.extend(u16::try_from(extensions.len()).expect("a length").to_be_bytes());
    hello.extend(extensions);
    let length = u8::try_from(hello.len()).expect("a length");
    [&[22, 3, 1, 0, length + 4, 1, 0, 0, length][..], &hello].concat()
}

#[tokio::test]
async fn the_client_of_the_project_goes_through_the_screens_over_tls() {
    let (authority, folder) = (Authority::new(), TempDir::new().expect("a folder"));
    authority.issue().write(folder.path());
    let (server, _) = start(&authority, load(folder.path())).await;
    let member = server.open_account("jeanne@exemple.fr", 1).await;
    let answer = member.client.get(v1::GetRequest::default()).await.expect("Get is answered");
    assert_eq!(answer.machines.len(), 1);
    // The address of the caller is known with TLS, too.
    let sql = "SELECT count(*) FROM audit_event WHERE ip = '127.0.0.1'";
    assert!(gestan_account_tests::count(server.db(), sql).await > 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn slow_handshakes_are_cut_off() {
    let (authority, folder) = (Authority::new(), TempDir::new().expect("a folder"));
    authority.issue().write(folder.path());
    let (server, _) = start(&authority, load(folder.path())).await;
    let member = server.open_account("jeanne@exemple.fr", 1).await;
    let regular = Regular::start(&member.client);
    let mut slow = Vec::new();
    for number in 0..100 {
        let mut stream = TcpStream::connect(server.address).await.expect("a connection");
        // Silent, or in the middle of a ClientHello.
        let begun = [22, 3, 1, 1, 0, 1, 0, 0, 252, 3];
        stream.write_all(&begun[..number % begun.len()]).await.expect("it is sent");
        slow.push(Wire::new(stream));
    }
    let ends = async {
        for wire in &mut slow {
            wire.ended().await;
        }
    };
    timeout(TIMEOUT, ends).await.expect("slow handshakes end");
    regular.stop().await;
}

#[tokio::test]
async fn handshakes_under_way_are_bounded() {
    let (authority, folder) = (Authority::new(), TempDir::new().expect("a folder"));
    authority.issue().write(folder.path());
    let transport = Transport {
        tls: Some(Arc::new(load(folder.path()))),
        handshake_timeout: NEVER,
        max_handshakes: 2,
        ..Transport::default()
    };
    let client_tls = Some(authority.client_options());
    let options = TestServerOptions { transport, client_tls, ..Default::default() };
    let server = TestServer::start_with(options).await;
    // A connection that answers a call has come through its handshake.
    server.client.get(v1::GetRequest::default()).await.expect_err("no token");
    // Both have begun, so that neither can be told from a customer's.
    let mut begun = Vec::new();
    for _ in 0..2 {
        let mut stream = TcpStream::connect(server.address).await.expect("a connection");
        stream.write_all(&[22, 3, 1, 1, 0, 1]).await.expect("it is sent");
        begun.push(stream);
    }
    let refused = async { while connect(&server, authority.any_client()).await.is_ok() {} };
    timeout(TIMEOUT, refused).await.expect("a third is turned away");
    begun.pop();
    let freed = async { while connect(&server, authority.any_client()).await.is_err() {} };
    timeout(TIMEOUT, freed).await.expect("a place is free again");
}

/// The silent ones of the network that has the most make room; and nobody waits
/// long for their first byte.
#[tokio::test]
async fn silent_connections_of_six_addresses_keep_no_customer_from_its_handshake() {
    let (authority, folder) = (Authority::new(), TempDir::new().expect("a folder"));
    authority.issue().write(folder.path());
    let transport = Transport {
        tls: Some(Arc::new(load(folder.path()))),
        handshake_timeout: NEVER,
        max_handshakes: 60,
        ..Transport::default()
    };
    let client_tls = Some(authority.client_options());
    let options = TestServerOptions { transport, client_tls, ..Default::default() };
    let server = TestServer::start_with(options).await;
    let mut silent = Vec::new();
    for number in 0..240 {
        silent.push(connect_from([127, 6, 0, 1 + number % 6], server.address).await);
    }
    for customer in 0..100 {
        for number in 0..3 {
            silent.push(connect_from([127, 6, 0, 1 + number % 6], server.address).await);
        }
        let stream = connect_from([127, 7, customer, 1], server.address).await;
        let name = ServerName::try_from("localhost").expect("a name");
        let shaken = TlsConnector::from(Arc::new(authority.any_client())).connect(name, stream);
        let shaken = timeout(TIMEOUT, shaken).await.expect("an end");
        shaken.unwrap_or_else(|error| panic!("customer {customer}: {error}"));
    }
}

#[tokio::test]
async fn one_address_has_its_own_places_for_handshakes() {
    let (authority, folder) = (Authority::new(), TempDir::new().expect("a folder"));
    authority.issue().write(folder.path());
    let transport = Transport {
        tls: Some(Arc::new(load(folder.path()))),
        handshake_timeout: NEVER,
        max_handshakes_per_ip: 2,
        ..Transport::default()
    };
    let client_tls = Some(authority.client_options());
    let options = TestServerOptions { transport, client_tls, ..Default::default() };
    let server = TestServer::start_with(options).await;
    let mut silent = Vec::new();
    for _ in 0..3 {
        silent.push(connect_from([127, 6, 0, 1], server.address).await);
    }
    let mut answer = [0];
    let made_room = silent[0].read(&mut answer);
    assert!(matches!(timeout(TIMEOUT, made_room).await.expect("an end"), Ok(0) | Err(_)));
    // The two others are there, and are given up for want of a first byte.
    for stream in &mut silent[1..] {
        let end = timeout(TIMEOUT, stream.read(&mut answer)).await.expect("an end");
        assert!(matches!(end, Ok(0) | Err(_)));
    }
}

/// A connection from another address of this machine.
async fn connect_from(ip: [u8; 4], address: SocketAddr) -> TcpStream {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.bind((ip, 0).into()).expect("an address");
    socket.connect(address).await.expect("a connection")
}

#[tokio::test]
async fn changed_files_are_taken_over_and_open_connections_live_on() {
    let (authority, folder) = (Authority::new(), TempDir::new().expect("a folder"));
    let (old, new) = (authority.issue(), authority.issue());
    old.write(folder.path());
    let tls = load(folder.path()).watched_every(Duration::from_millis(20));
    let (server, _) = start(&authority, tls).await;
    let stream = connect(&server, authority.any_client()).await.expect("a handshake");
    let (mut wire, _) = Wire::begin(stream).await;
    assert_eq!(shown(&server, &authority).await, old.der());
    new.write(folder.path());
    until_shown(&server, &authority, &new).await;
    assert!(wire.ping().await, "the old connection lives on");
}

#[cfg(unix)]
#[tokio::test]
async fn changed_files_are_taken_over_on_sighup() {
    use rustix::process::{Signal, getpid, kill_process};
    use tokio::signal::unix::{SignalKind, signal};
    let (authority, folder) = (Authority::new(), TempDir::new().expect("a folder"));
    let (old, new) = (authority.issue(), authority.issue());
    old.write(folder.path());
    let (server, _) = start(&authority, load(folder.path()).watched_every(NEVER)).await;
    let stream = connect(&server, authority.any_client()).await.expect("a handshake");
    let (mut wire, _) = Wire::begin(stream).await;
    // Without a listener of its own the signal could end the tests.
    let mut seen = signal(SignalKind::hangup()).expect("a listener");
    new.write(folder.path());
    assert_eq!(shown(&server, &authority).await, old.der());
    kill_process(getpid(), Signal::HUP).expect("the signal is sent");
    seen.recv().await.expect("the signal");
    until_shown(&server, &authority, &new).await;
    assert!(wire.ping().await, "the old connection lives on");
}

#[tokio::test]
async fn files_that_cannot_be_used_leave_the_old_certificate_in_force() {
    let (authority, folder) = (Authority::new(), TempDir::new().expect("a folder"));
    let (old, new) = (authority.issue(), authority.issue());
    old.write(folder.path());
    let (server, tls) = start(&authority, load(folder.path()).watched_every(NEVER)).await;
    let files = Identity::files(folder.path());
    // Half written, of another key, gone.
    fs::write(&files.certificate, &new.certificate[..200]).expect("it is written");
    assert!(matches!(tls.reload(start_time()), Err(TlsError::NotPem { .. })));
    assert_eq!(shown(&server, &authority).await, old.der());
    fs::write(&files.certificate, &new.certificate).expect("it is written");
    assert!(matches!(tls.reload(start_time()), Err(TlsError::Unusable(_))));
    assert_eq!(shown(&server, &authority).await, old.der());
    fs::remove_file(&files.certificate).expect("it is removed");
    assert!(matches!(tls.reload(start_time()), Err(TlsError::Unreadable { .. })));
    assert_eq!(shown(&server, &authority).await, old.der());
    new.write(folder.path());
    assert!(tls.reload(start_time()).expect("the files are good"));
    assert!(!tls.reload(start_time()).expect("the files are good"), "nothing has changed");
    assert_eq!(shown(&server, &authority).await, new.der());
}

#[tokio::test]
async fn a_client_certificate_is_demanded() {
    let (authority, folder) = (Authority::new(), TempDir::new().expect("a folder"));
    let clients = Authority::new();
    authority.issue().write(folder.path());
    let mut files = Identity::files(folder.path());
    let client_ca = folder.path().join("clients.pem");
    fs::write(&client_ca, clients.pem()).expect("it is written");
    files.client_ca = Some(client_ca);
    let tls = Tls::load(files, start_time()).expect("the files are good");
    let transport = Transport { tls: Some(Arc::new(tls)), ..Transport::default() };
    let (known, stranger) = (clients.issue(), authority.issue());
    let show = |identity: &Identity| {
        authority.client_options().client_certificate_pem(&identity.certificate, &identity.key)
    };
    let client_tls = Some(show(&known));
    let options = TestServerOptions { transport, client_tls, ..Default::default() };
    let server = TestServer::start_with(options).await;
    server.open_account("jeanne@exemple.fr", 1).await;
    let url = format!("https://{}", server.address);
    for refused in [authority.client_options(), show(&stranger)] {
        let options = ClientOptions::new().max_attempts(1).tls(refused);
        // With TLS 1.3 the client learns of the refusal by its first call.
        if let Ok(client) = Client::connect(&url, options).await {
            let error = client.get(v1::GetRequest::default()).await.expect_err("it is refused");
            assert_eq!(error.reason(), None, "no call got through: {error:?}");
        }
    }
    // And one that is closed by the server says so in an alert, not in silence.
    let mut stream = connect(&server, authority.any_client()).await.expect("so far TLS 1.3 goes");
    let _ = stream.write_all(&frame(4, 0, 0, &[])).await;
    let refusal = stream.read(&mut [0; 64]).await.expect_err("an alert");
    assert!(refusal.to_string().contains("CertificateRequired"), "{refusal}");
}
