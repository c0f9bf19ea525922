//! The address for operators: figures, probes, and neighbours who may be hostile.

use std::{net::SocketAddr, time::Duration};

use gestan_account_client::v1;
use gestan_account_server::{
    listener::tls::TlsFiles, mail::mailer::SendError, throttle::calls::CallRate,
};
use gestan_account_tests::{
    Authority, Identity, TestServer, TestServerOptions, creation, http_get, http_send, machine,
    process::{Home, ServerProcess, TIMEOUT},
    raw_call,
};
use jiff::SignedDuration;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::{sleep, timeout},
};
use tonic::{Request, codegen::http::uri::PathAndQuery};

/// The figures of a server, as text.
async fn figures(server: &TestServer) -> String {
    let answer = http_get(server.admin_address, "/metrics").await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.body
}

/// Where the program answers operators.
fn admin_address(server: &ServerProcess) -> SocketAddr {
    let log = server.log();
    let line = log.lines().find(|line| line.contains("admin address")).expect("a line");
    let (_, address) = line.split_once("address=").expect("an address");
    address.parse().expect("an address")
}

/// The value of a series, by its name and its labels as they are written.
fn value(figures: &str, series: &str) -> Option<f64> {
    let line = figures.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
    line.map(|value| value.parse().expect("a number"))
}

fn assert_figures(figures: &str, expected: &[(&str, f64)]) {
    for (series, number) in expected {
        let series = format!("gestan_account_{series}");
        assert_eq!(value(figures, &series), Some(*number), "{series}:\n{figures}");
    }
}

/// Waits until a series has this value.
async fn becomes(server: &TestServer, series: &str, number: f64) {
    let series = format!("gestan_account_{series}");
    let asked = async {
        while value(&figures(server).await, &series) != Some(number) {
            sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(TIMEOUT, asked).await.unwrap_or_else(|_| panic!("{series} is never {number}"));
}

#[tokio::test]
async fn calls_are_counted_by_rpc_code_and_reason() {
    let server = TestServer::start().await;
    let member = server.open_account("jeanne@exemple.fr", 1).await;
    for _ in 0..3 {
        member.client.get(v1::GetRequest::default()).await.expect("its own account");
    }
    let request = v1::RegisterExistingRequest {
        account_id: member.account_id,
        secret: "pas le bon mot de passe".into(),
        machine: Some(machine(2)),
    };
    server.client.register_existing(request).await.expect_err("a wrong password");
    let mut grpc = tonic::client::Grpc::new(server.channel().await);
    for path in ["/gestan.account.v1.AccountService/Jeanne", "/jeanne/exemple"] {
        grpc.ready().await.expect("the server answers");
        let path = PathAndQuery::from_static(path);
        let codec = tonic_prost::ProstCodec::<(), ()>::default();
        grpc.unary(Request::new(()), path, codec).await.expect_err("no such RPC");
    }
    let figures = figures(&server).await;
    let get = "rpc=\"AccountService/Get\"";
    let refused = "rpc=\"AccountService/RegisterExisting\",code=\"UNAUTHENTICATED\",\
                   reason=\"ERROR_REASON_INVALID_CREDENTIALS\"";
    let unknown = "rpc=\"other\",code=\"UNIMPLEMENTED\",reason=\"ERROR_REASON_UNIMPLEMENTED\"";
    assert_figures(
        &figures,
        &[
            (&format!("calls_total{{{get},code=\"OK\",reason=\"\"}}"), 3.0),
            (&format!("calls_total{{{refused}}}"), 1.0),
            (&format!("calls_total{{{unknown}}}"), 2.0),
            (&format!("call_duration_seconds_count{{{get}}}"), 3.0),
            // Its code, typed and mailed; its password, and the wrong one from its network.
            ("hashing_wait_seconds_count{class=\"stranger\"}", 1.0),
            ("hashing_wait_seconds_count{class=\"mail\"}", 1.0),
            ("hashing_wait_seconds_count{class=\"known\"}", 2.0),
            ("hashing_queue_length{class=\"stranger\"}", 0.0),
            ("database_up", 1.0),
        ],
    );
    for personal in ["eanne", "exemple", "127.0.0.1"] {
        assert!(!figures.contains(personal), "{personal}:\n{figures}");
    }
}

#[tokio::test]
async fn what_is_refused_for_a_limit_is_counted_by_the_limit() {
    let call_rate = CallRate { burst: 1, per_second: 1 };
    let server =
        TestServer::start_with(TestServerOptions { call_rate, ..Default::default() }).await;
    let mut client = raw_call::connect(&server).await;
    for _ in 0..5 {
        client.get(v1::GetRequest::default()).await.expect_err("no token");
    }
    let series = "throttled_calls_total{limit=\"ERROR_REASON_TOO_MANY_CALLS_FROM_IP\"}";
    assert_figures(&figures(&server).await, &[(series, 4.0)]);
}

#[tokio::test]
async fn the_outbox_tells_how_many_mails_wait_and_since_when_the_oldest_is_due() {
    let server = TestServer::start().await;
    let look = async || {
        // Nobody makes the database look more often.
        server.advance(SignedDuration::from_secs(1));
        figures(&server).await
    };
    assert_figures(&look().await, &[("outbox_mails", 0.0), ("mails_total{result=\"sent\"}", 0.0)]);
    server.client.create(creation(1)).await.expect("Create is answered");
    server.advance(SignedDuration::from_mins(10));
    let waiting = [("outbox_mails", 1.0), ("outbox_oldest_due_age_seconds", 601.0)];
    assert_figures(&look().await, &waiting);
    // What was tried in vain is not younger for it, although it is not due now.
    let away = SendError::Temporary { detail: "connection".to_owned(), definite: true };
    server.mailbox().fail_next(away);
    server.deliver_mail().await;
    let deferred = [
        ("outbox_mails", 1.0),
        ("outbox_oldest_due_age_seconds", 602.0),
        ("mails_total{result=\"deferred\"}", 1.0),
    ];
    assert_figures(&look().await, &deferred);
    server.advance(SignedDuration::from_mins(15));
    server.deliver_mail().await;
    let sent = [
        ("outbox_mails", 0.0),
        ("outbox_oldest_due_age_seconds", 0.0),
        ("mails_total{result=\"sent\"}", 1.0),
    ];
    assert_figures(&look().await, &sent);
    server.client.create(creation(2)).await.expect("Create is answered");
    server.mailbox().fail_next(SendError::Permanent { detail: "550 5.1.1".to_owned() });
    server.deliver_mail().await;
    assert_figures(&look().await, &[("mails_total{result=\"refused\"}", 1.0)]);
}

#[tokio::test]
async fn connections_are_counted_by_what_they_do() {
    let server = TestServer::start().await;
    server.client.get(v1::GetRequest::default()).await.expect_err("no token");
    becomes(&server, "connections{state=\"idle\"}", 1.0).await;
    let silent = TcpStream::connect(server.address).await.expect("a connection");
    becomes(&server, "connections{state=\"handshake\"}", 1.0).await;
    drop(silent);
    becomes(&server, "connections{state=\"handshake\"}", 0.0).await;
    let locked = server.keep_others_from_writing().await;
    let client = server.client.clone();
    let call = tokio::spawn(async move { client.create(creation(1)).await });
    becomes(&server, "connections{state=\"active\"}", 1.0).await;
    locked.commit().await.expect("it ends");
    call.await.expect("no panic").expect("Create is answered");
    becomes(&server, "connections{state=\"active\"}", 0.0).await;
    server.deliver_mail().await;
}

#[tokio::test]
async fn probes_tell_that_it_lives_and_whether_it_serves() {
    let mut server = TestServer::start().await;
    server.leaves_mail();
    let status = async |path| http_get(server.admin_address, path).await.status;
    becomes(&server, "database_up", 1.0).await;
    assert_eq!((status("/healthz").await, status("/readyz").await), (200, 200));
    // A call that lasts keeps the server that is asked to stop.
    let locked = server.keep_others_from_writing().await;
    let client = server.client.clone();
    let call = tokio::spawn(async move { client.create(creation(1)).await });
    becomes(&server, "connections{state=\"active\"}", 1.0).await;
    server.shutdown.begin();
    let not_ready = async {
        while status("/readyz").await != 503 {
            sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(TIMEOUT, not_ready).await.expect("it says that it serves no more");
    assert_eq!(status("/healthz").await, 200);
    locked.commit().await.expect("it ends");
    call.await.expect("no panic").expect("Create is answered");
}

#[tokio::test]
async fn a_hostile_neighbour_takes_neither_memory_nor_the_place_of_others() {
    let home = Home::on_sqlite();
    let server = ServerProcess::start(&home, &["--admin-listen", "127.0.0.1:0"]).await;
    let address = admin_address(&server);
    let before = server.open_files();
    let mut silent = Vec::new();
    for number in 0..100 {
        let mut stream = TcpStream::connect(address).await.expect("a connection");
        // Some say nothing, others begin and do not go on, others never read.
        let said: &[u8] = match number % 3 {
            0 => b"",
            1 => b"GET /metrics HTT",
            _ => b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n",
        };
        stream.write_all(said).await.expect("it is sent");
        silent.push(stream);
    }
    assert_eq!(http_get(address, "/healthz").await.status, 200, "there is room");
    // The older ones have made room. Its database may have opened a file or two meanwhile.
    let more = server.open_files().saturating_sub(before);
    assert!(more <= 16 + 4, "{more} files more are open");
    let mut nothing = [0; 1];
    let read = timeout(TIMEOUT, silent[0].read(&mut nothing)).await.expect("it is closed in time");
    assert!(!matches!(read, Ok(1)), "it was answered");

    let long = format!("GET /{} HTTP/1.1\r\nHost: localhost\r\n\r\n", "x".repeat(64 * 1024));
    let refused = http_send(address, long.as_bytes()).await.status;
    assert!((400..500).contains(&refused), "{refused}");
    let head = format!(
        "GET /metrics HTTP/1.1\r\nHost: localhost\r\nX: {}\r\n\r\n",
        "x".repeat(1024 * 1024)
    );
    let refused = http_send(address, head.as_bytes()).await.status;
    assert!((400..500).contains(&refused), "{refused}");
    let mut body =
        b"POST /metrics HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9000000\r\n\r\n".to_vec();
    body.extend(vec![b'x'; 9_000_000]);
    assert_eq!(http_send(address, &body).await.status, 405);
    for path in ["/", "/metrics/", "/gestan.account.v1.AccountService/Get"] {
        assert_eq!(http_get(address, path).await.status, 404, "{path}");
    }
}

#[tokio::test]
async fn the_program_answers_operators_where_it_is_told_to_and_nowhere_else() {
    let home = Home::on_sqlite();
    let server = ServerProcess::start(&home, &[]).await;
    assert!(!server.log().contains("admin address"), "{}", server.log());
    server.terminate().await;
    server.wait().await;

    Authority::new().issue().write(home.path());
    let TlsFiles { certificate, key, .. } = Identity::files(home.path());
    let arguments = [
        ["--admin-listen", "127.0.0.1:0"],
        ["--tls-certificate", certificate.to_str().expect("a path")],
        ["--tls-key", key.to_str().expect("a path")],
    ];
    let server = ServerProcess::start(&home, &arguments.concat()).await;
    let answer = http_get(admin_address(&server), "/metrics").await;
    assert!(answer.head.contains("content-type: application/openmetrics-text; version=1.0.0"));
    let figures = answer.body;
    assert!(figures.ends_with("# EOF\n"), "{figures}");
    let build =
        format!("build_info{{version=\"{}\",commit=\"debug build\"}}", env!("CARGO_PKG_VERSION"));
    let until = "certificate_expiry_timestamp_seconds";
    assert_figures(
        &figures,
        &[(&build, 1.0), (until, 67_090_118_400.0), ("log_lines_dropped_total", 0.0)],
    );
    for name in ["disk_free_bytes", "disk_size_bytes"] {
        let bytes = value(&figures, &format!("gestan_account_{name}"));
        assert!(bytes.is_some_and(|bytes| bytes > 0.0), "{name}:\n{figures}");
    }
}
