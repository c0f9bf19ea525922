//! The limits of HTTP/2, and where the server listens.

#![expect(clippy::expect_used, reason = "what a test needs and does not get ends the test")]

use gestan_account_client::{Code, v1};
use gestan_account_server::{cli::Cli, shutdown::signals::StopSignals};
use gestan_account_tests::{
    FrameKind, PREFACE, Regular, TestServer, Wire, assert_refused, count, frame, headers, machine,
    reset, uuid,
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

async fn connect(server: &TestServer) -> TcpStream {
    TcpStream::connect(server.address).await.expect("a connection")
}

#[tokio::test]
async fn a_message_over_64_kib_is_refused() {
    let server = TestServer::start().await;
    let member = server.open_account("jeanne@exemple.fr", 1).await;
    let regular = Regular::start(&member.client);
    let request = |bytes| v1::CreateRequest {
        request_id: uuid(1),
        email: "jean@exemple.fr".into(),
        machine: Some(v1::Machine { name: "a".repeat(bytes), ..machine(1) }),
        ..Default::default()
    };
    let error = server.client.create(request(65 * 1024)).await.expect_err("it is too large");
    let told = error.to_string();
    assert_refused(Err::<(), _>(error), Code::InvalidArgument, v1::ErrorReason::RequestTooLarge);
    assert!(told.contains("64 Kio"), "{told}");
    // One that fits is read, and judged field by field.
    let error = server.client.create(request(60 * 1024)).await.expect_err("the name is long");
    assert_eq!(error.reason(), Some(v1::ErrorReason::InvalidRequest));
    assert_eq!(
        count(server.db(), "SELECT count(*) FROM challenge WHERE email LIKE 'jean@%'").await,
        0
    );
    regular.stop().await;
}

#[tokio::test]
async fn headers_over_16_kib_are_refused() {
    let server = TestServer::start().await;
    let member = server.open_account("jeanne@exemple.fr", 1).await;
    let regular = Regular::start(&member.client);
    for (bytes, status) in [(20_000, 431), (10_000, 200)] {
        let (mut requests, connection) =
            h2::client::handshake(connect(&server).await).await.expect("a handshake");
        tokio::spawn(connection);
        let uri = "http://localhost/gestan.account.v1.AccountService/Get";
        let request = http::Request::post(uri)
            .header("content-type", "application/grpc")
            .header("x-filler", "f".repeat(bytes));
        let request = request.body(()).expect("a request");
        let (response, _) = requests.send_request(request, true).expect("it is sent");
        assert_eq!(response.await.expect("an answer").status().as_u16(), status, "{bytes}");
    }
    regular.stop().await;
}

#[tokio::test]
async fn a_frame_over_16_kib_ends_the_connection() {
    let server = TestServer::start().await;
    let member = server.open_account("jeanne@exemple.fr", 1).await;
    let regular = Regular::start(&member.client);
    let (mut wire, settings) = Wire::begin(connect(&server).await).await;
    let announced: Vec<(u16, u32)> = settings
        .payload
        .chunks(6)
        .map(|setting| {
            let number = setting[2..].try_into().expect("four bytes");
            (u16::from_be_bytes([setting[0], setting[1]]), u32::from_be_bytes(number))
        })
        .collect();
    // MAX_CONCURRENT_STREAMS, MAX_FRAME_SIZE, MAX_HEADER_LIST_SIZE
    for setting in [(3, 100), (5, 16 * 1024), (6, 16 * 1024)] {
        assert!(announced.contains(&setting), "{setting:?} is not in {announced:?}");
    }
    wire.send(&headers(1, "Create")).await;
    wire.send(&frame(0, 0, 1, &vec![0; 16 * 1024 + 1])).await;
    let away = wire.next_of(FrameKind::GoAway).await.expect("GOAWAY");
    assert_eq!(away.number(4), 6, "FRAME_SIZE_ERROR");
    regular.stop().await;
}

#[tokio::test]
async fn more_than_100_concurrent_calls_are_refused() {
    let server = TestServer::start().await;
    let member = server.open_account("jeanne@exemple.fr", 1).await;
    let regular = Regular::start(&member.client);
    let (mut wire, _) = Wire::begin(connect(&server).await).await;
    for number in 0..101 {
        wire.send(&headers(2 * number + 1, "Create")).await;
    }
    let refused = wire.next_of(FrameKind::RstStream).await.expect("a refusal");
    assert_eq!((refused.stream, refused.number(0)), (201, 7), "REFUSED_STREAM");
    regular.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_burst_of_ten_thousand_reset_streams_ends_its_connection() {
    let server = TestServer::start().await;
    let member = server.open_account("jeanne@exemple.fr", 1).await;
    let regular = Regular::start(&member.client);
    let flood: Vec<u8> = (0..10_000)
        .map(|number| 2 * number + 1)
        .flat_map(|stream| [headers(stream, "Create"), reset(stream)].concat())
        .collect();
    for _ in 0..3 {
        let (mut wire, _) = Wire::begin(connect(&server).await).await;
        // The server may have hung up before all is sent.
        wire.send(&flood).await;
        if let Some(away) = wire.next_of(FrameKind::GoAway).await {
            assert_eq!(away.number(4), 11, "ENHANCE_YOUR_CALM");
            assert!(away.number(0) < 2_000, "it came to stream {}", away.number(0));
        }
        wire.ended().await;
    }
    regular.stop().await;
}

#[tokio::test]
async fn bytes_that_are_no_http2_end_their_connection() {
    let server = TestServer::start().await;
    let member = server.open_account("jeanne@exemple.fr", 1).await;
    let regular = Regular::start(&member.client);
    for garbage in [&b"GET / HTTP/1.1\r\nhost: a\r\n\r\n"[..], &[0; 64]] {
        let mut stream = connect(&server).await;
        stream.write_all(garbage).await.expect("it is sent");
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        assert!(!answer.starts_with(b"HTTP/"), "HTTP/1.1 is spoken");
    }
    let mut wire = Wire::new(connect(&server).await);
    wire.send(&[PREFACE, &[0xff; 64]].concat()).await;
    wire.ended().await;
    regular.stop().await;
}

async fn serve(arguments: &[&str]) -> String {
    let mut all = vec!["server", "--database-url", "nonsense:", "--hash-memory-kib", "64"];
    all.extend(arguments);
    let Ok(cli) = Cli::parse(all) else { panic!("{arguments:?} are refused") };
    let error =
        cli.run(StopSignals::default()).await.expect_err("this database cannot be served from");
    format!("{error:#}")
}

#[tokio::test]
async fn secrets_do_not_cross_a_network_in_the_clear_unless_told_so() {
    for address in ["0.0.0.0:0", "[::]:0", "192.0.2.1:0", "[::ffff:192.0.2.1]:0"] {
        let refusal = serve(&["--listen", address]).await;
        assert!(refusal.contains("--dangerously-listen-in-clear"), "{address}: {refusal}");
    }
    for arguments in [
        &["--listen", "127.0.0.1:0"][..],
        &["--listen", "[::1]:0"],
        &["--listen", "0.0.0.0:0", "--dangerously-listen-in-clear"],
    ] {
        let refusal = serve(arguments).await;
        assert!(refusal.contains("cannot open the database"), "{arguments:?}: {refusal}");
    }
}

#[test]
fn a_certificate_goes_with_its_key() {
    for arguments in
        [["--tls-certificate", "a.pem"], ["--tls-key", "a.pem"], ["--tls-client-ca", "a.pem"]]
    {
        assert!(Cli::parse(["server"].into_iter().chain(arguments)).is_err());
    }
}
