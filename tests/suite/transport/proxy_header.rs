//! The header of the PROXY protocol, as raw bytes: whom it is believed from, and what
//! comes of one that is malformed, slow or missing.

#![expect(clippy::expect_used, reason = "what a test needs and does not get ends the test")]

use std::{net::SocketAddr, sync::Arc, time::Duration};

use gestan_account_client::{
    Client, ClientOptions, Error,
    v1::{self, account_service_client::AccountServiceClient},
};
use gestan_account_server::{
    cli::Cli,
    listener::{Transport, proxy_header, tls::Tls},
    shutdown::signals::StopSignals,
    throttle::Throttles,
};
use gestan_account_tests::{
    Authority, Identity, Log, PREFACE, Regular, TestServer, TestServerOptions, Wire, frame,
    machine, start_time, uuid,
};
use proptest::prelude::*;
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional},
    net::{TcpListener, TcpSocket, TcpStream},
    time::timeout,
};
use tonic::{metadata::MetadataValue, transport::Channel};
use tonic_health::pb::{HealthCheckRequest, health_client::HealthClient};

use super::TIMEOUT;

/// The trusted balancer of these tests.
const BALANCER: &str = "127.0.0.8";

/// How a header of version 2 begins.
const V2: &[u8] = b"\r\n\r\n\0\r\nQUIT\n";

fn v1(from: &str) -> Vec<u8> {
    let family = if from.contains(':') { "TCP6" } else { "TCP4" };
    let to = if from.contains(':') { "2001:db8::1" } else { "203.0.113.1" };
    format!("PROXY {family} {from} {to} 4711 443\r\n").into_bytes()
}

/// A header of version 2: command and family, addresses and ports, what else is told.
fn v2(command: u8, family: u8, rest: &[&[u8]]) -> Vec<u8> {
    let rest = rest.concat();
    let length = u16::try_from(rest.len()).expect("a length").to_be_bytes();
    [V2, &[command, family], &length, &rest].concat()
}

fn v2_from(last: u8) -> Vec<u8> {
    let addresses = [198, 51, 100, last, 203, 0, 113, 1, 18, 103, 1, 187];
    // Beside the addresses, a unique ID (type 5) of four bytes.
    v2(0x21, 0x11, &[&addresses, &[5, 0, 4, 1, 2, 3, 4]])
}

async fn start(change: impl FnOnce(&mut TestServerOptions)) -> TestServer {
    let mut options =
        TestServerOptions { proxies: BALANCER.parse().expect("one"), ..Default::default() };
    options.throttles =
        Throttles { mails_per_ip: "1/1h".parse().expect("a limit"), ..options.throttles };
    options.transport = Transport { proxy_protocol: true, ..Transport::default() };
    change(&mut options);
    TestServer::start_with(options).await
}

/// A connection from an address of this machine.
async fn connect(to: SocketAddr, from: &str) -> TcpStream {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.bind(format!("{from}:0").parse().expect("an address")).expect("a port");
    socket.connect(to).await.expect("a connection")
}

/// A balancer that begins each connection to the server with `header`.
async fn balancer(server: SocketAddr, from: &'static str, header: Vec<u8>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        while let Ok((mut caller, _)) = listener.accept().await {
            let mut stream = connect(server, from).await;
            stream.write_all(&header).await.expect("it is sent");
            tokio::spawn(async move { copy_bidirectional(&mut caller, &mut stream).await });
        }
    });
    address
}

async fn channel(to: SocketAddr) -> Channel {
    let endpoint = Channel::from_shared(format!("http://{to}")).expect("a URL");
    endpoint.connect().await.expect("it answers")
}

async fn create(server: &TestServer, header: Vec<u8>, number: u128) -> Result<(), Error> {
    let channel = channel(balancer(server.address, BALANCER, header).await).await;
    let mut request = tonic::Request::new(v1::CreateRequest {
        request_id: uuid(number),
        email: format!("client{number}@exemple.fr"),
        machine: Some(machine(number)),
        ..Default::default()
    });
    // Whatever a caller says itself is not believed.
    let made_up = MetadataValue::try_from(format!("192.0.2.{number}")).expect("a header");
    request.metadata_mut().insert("x-forwarded-for", made_up);
    AccountServiceClient::new(channel).create(request).await.map(drop).map_err(Error::from)
}

#[tokio::test]
async fn behind_a_balancer_that_passes_bytes_on_each_caller_has_limits_of_its_own() {
    let server = start(|_| {}).await;
    for (number, header) in
        [v1("198.51.100.7"), v2_from(8), v1("2001:db8:1:2::1")].into_iter().enumerate()
    {
        let number = 10 * u128::try_from(number).expect("small");
        create(&server, header.clone(), number).await.expect("a caller's first");
        let refused = create(&server, header, number + 1).await.expect_err("its second");
        assert_eq!(refused.reason(), Some(v1::ErrorReason::TooManyMailsFromIp), "{refused}");
    }
    create(&server, v2_from(7), 90).await.expect_err("the first caller, by the other version");
    create(&server, v1("2001:db8:1:2::ffff"), 91).await.expect_err("the same /64");
    server.deliver_mail().await;
}

#[tokio::test]
async fn the_header_comes_before_tls() {
    let (authority, folder) = (Authority::new(), TempDir::new().expect("a folder"));
    authority.issue().write(folder.path());
    let tls = Tls::load(Identity::files(folder.path()), start_time()).expect("the files are good");
    let server = start(|options| {
        options.transport.tls = Some(Arc::new(tls));
        options.client_tls = Some(authority.client_options());
    })
    .await;
    let through = balancer(server.address, BALANCER, v2_from(7)).await;
    let options = ClientOptions::new().tls(authority.client_options()).max_attempts(1);
    let url = format!("https://{through}");
    let client = Client::connect(&url, options).await.expect("the server answers");
    let outcome = client.get(v1::GetRequest::default()).await;
    assert_eq!(outcome.expect_err("no token").reason(), Some(v1::ErrorReason::InvalidCredentials));
}

/// A balancer that looks how the server is says that the connection is its own.
#[tokio::test]
async fn a_connection_of_the_balancers_own_is_the_balancers() {
    let server = start(|_| {}).await;
    for header in [b"PROXY UNKNOWN\r\n".to_vec(), v2(0x20, 0, &[]), v2(0x20, 0x11, &[&[0; 12]])] {
        let channel = channel(balancer(server.address, BALANCER, header).await).await;
        let asked = HealthClient::new(channel).check(HealthCheckRequest::default()).await;
        asked.expect("an answer");
    }
}

/// Sends bytes from an address, and waits until the server ends the connection. It ends
/// none by itself that speaks HTTP/2, and says nothing to a balancer that it refuses.
async fn is_refused(server: &TestServer, from: &str, bytes: &[u8]) {
    let mut stream = connect(server.address, from).await;
    // It may have hung up before all is sent.
    let _ = stream.write_all(bytes).await;
    let mut answer = Vec::new();
    let ended = timeout(TIMEOUT, stream.read_to_end(&mut answer)).await;
    assert!(ended.is_ok(), "{bytes:?} is not refused: {answer:?}");
    assert!(answer.is_empty() || from != BALANCER, "{bytes:?} is answered: {answer:?}");
}

#[tokio::test]
async fn a_trusted_proxy_that_sends_no_header_or_a_bad_one_is_refused_and_told_in_the_log() {
    let (log, _guard) = Log::capture();
    let server = start(|_| {}).await;
    let member = server.open_account("jeanne@exemple.fr", 1).await;
    let regular = Regular::start(&member.client);
    let settings = frame(4, 0, 0, &[]);
    let begin = [PREFACE, &settings].concat();
    is_refused(&server, BALANCER, &begin).await;
    assert!(log.text().contains("a trusted proxy is refused"), "{}", log.text());
    let udp = v2(0x21, 0x12, &[&[0; 12]]);
    for header in [
        &b"PROXY TCP4 198.51.100.7 203.0.113.1 4711 443\n"[..],
        b"PROXY TCP4 198.51.100.700 203.0.113.1 4711 443\r\n",
        b"PROXY TCP4 2001:db8::7 203.0.113.1 4711 443\r\n",
        b"PROXY UDP4 198.51.100.7 203.0.113.1 4711 443\r\n",
        b"proxy TCP4 198.51.100.7 203.0.113.1 4711 443\r\n",
        &[&b"PROXY TCP4 "[..], &[b'1'; 200], b"\r\n"].concat(),
        &v2(0x31, 0x11, &[&[0; 12]]),
        &v2(0x21, 0x11, &[&[0; 11]]),
        &v2(0x21, 0x77, &[&[0; 12]]),
        &v2(0x21, 0x11, &[&[0; 1025]]),
        &[V2, &[0x21, 0x11, 0xff, 0xff]].concat(),
        &udp,
        &[0x16, 3, 1, 0, 200, 1, 0, 0, 196, 3, 3, 0, 0, 0, 0, 0],
    ] {
        is_refused(&server, BALANCER, &[header, &begin].concat()).await;
    }
    regular.stop().await;
    assert!(!log.text().contains(BALANCER), "{}", log.text());
}

#[tokio::test]
async fn a_header_that_does_not_come_to_its_end_ends_by_the_timeout_of_the_handshake() {
    let server = start(|options| {
        options.transport.handshake_timeout = Duration::from_millis(300);
    })
    .await;
    let partial: [&[u8]; 5] = [b"", b"PROXY TCP4 198.51.100.7 203", V2, &v2_from(7)[..20], b"P"];
    for bytes in partial {
        is_refused(&server, BALANCER, bytes).await;
    }
}

#[tokio::test]
async fn what_is_no_trusted_proxy_tells_no_address() {
    for is_on in [true, false] {
        let server = start(|options| options.transport.proxy_protocol = is_on).await;
        let member = server.open_account("jeanne@exemple.fr", 1).await;
        let regular = Regular::start(&member.client);
        for header in [v1("198.51.100.7"), v2_from(7)] {
            is_refused(&server, "127.0.0.1", &[&header, PREFACE, &frame(4, 0, 0, &[])].concat())
                .await;
        }
        // Without a header, it is served.
        let (mut wire, _) = Wire::begin(connect(server.address, "127.0.0.1").await).await;
        assert!(wire.ping().await);
        regular.stop().await;
        server.deliver_mail().await;
    }
}

#[tokio::test]
async fn the_setting_needs_a_proxy_that_is_trusted() {
    let run = async |arguments: &[&str]| {
        let all = ["server", "--database-url", "nonsense:", "--hash-memory-kib", "64"];
        let all = all.into_iter().chain(arguments.iter().copied());
        let Ok(cli) = Cli::parse(all) else { panic!("{arguments:?} are refused") };
        let error = cli.run(StopSignals::default()).await.expect_err("no such database");
        format!("{error:#}")
    };
    let alone = run(&["--proxy-protocol"]).await;
    assert!(alone.contains("--trusted-proxies"), "{alone}");
    let both = run(&["--proxy-protocol", "--trusted-proxies", "10.0.0.1"]).await;
    assert!(both.contains("cannot open the database"), "{both}");
}

/// What `read` makes of bytes, and what it leaves.
async fn read(bytes: &[u8]) -> (Option<Option<SocketAddr>>, usize) {
    let mut left = bytes;
    let told = proxy_header::read(&mut left).await.ok();
    (told, left.len())
}

proptest! {
    #[test]
    fn no_bytes_make_it_fail_and_what_follows_a_header_is_left(
        random in prop::collection::vec(any::<u8>(), 0..300),
        port in any::<u16>(),
        ip in any::<[u8; 4]>(),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        runtime.block_on(async {
            for begin in [&b""[..], b"PROXY ", V2] {
                read(&[begin, &random].concat()).await;
            }
            let source = SocketAddr::from((ip, port));
            let line = format!("PROXY TCP4 {} 203.0.113.1 {port} 443\r\n", source.ip());
            let (there, here) = (port.to_be_bytes(), [1, 187]);
            let binary = v2(0x21, 0x11, &[&ip, &[203, 0, 113, 1], &there, &here]);
            for header in [line.into_bytes(), binary] {
                let told = read(&[&header[..], &random].concat()).await;
                assert_eq!(told, (Some(Some(source)), random.len()));
            }
        });
    }
}
