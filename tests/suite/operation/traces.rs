//! Traces: what a collector gets, by real OTLP over gRPC, and what follows when there is none.

use std::time::Duration;

use gestan_account_client::{Client, ClientOptions, v1};
use gestan_account_proto::v1::account_service_client::AccountServiceClient;
use gestan_account_tests::{
    Collector, http_get, machine,
    process::{Home, ServerProcess, TIMEOUT, run_to_end},
};
use opentelemetry_proto::tonic::{
    common::v1::any_value::Value,
    trace::v1::{Span, span::SpanKind, status::StatusCode},
};
use tokio::{
    io::AsyncReadExt as _,
    net::TcpListener,
    time::{Instant, timeout},
};
use tonic::{Request, transport::Channel};

/// An attribute of a span, if it is a text.
fn attribute<'a>(span: &'a Span, key: &str) -> Option<&'a str> {
    let found = span.attributes.iter().find(|attribute| attribute.key == key)?;
    match found.value.as_ref()?.value.as_ref()? {
        Value::StringValue(text) => Some(text),
        other => panic!("{key} is {other:?}"),
    }
}

async fn wrong_password(client: &Client) {
    let request = v1::RegisterExistingRequest {
        account_id: 1,
        secret: "pas le bon mot de passe".into(),
        machine: Some(machine(2)),
    };
    client.register_existing(request).await.expect_err("a wrong password");
}

#[tokio::test]
async fn a_call_is_a_span_with_its_hashes_and_transactions_and_tells_of_nobody() {
    let mut collector = Collector::start().await;
    let home = Home::new();
    let arguments = ["--traces-url", &collector.url(), "--admin-listen", "127.0.0.1:0"];
    let server = ServerProcess::start(&home, &arguments).await;
    let client = server.connect(ClientOptions::new()).await;
    server.open_account(&client, 1).await;
    wrong_password(&client).await;
    let (call, parts) = collector.wait_for("AccountService/RegisterExisting").await;
    assert_eq!((call.trace_id.len(), call.span_id.len()), (16, 8));
    assert!(call.parent_span_id.is_empty());
    assert_eq!(call.kind, i32::from(SpanKind::Server));
    assert_eq!(attribute(&call, "rpc.system.name"), Some("grpc"));
    assert_eq!(attribute(&call, "rpc.method"), Some("AccountService/RegisterExisting"));
    assert_eq!(attribute(&call, "rpc.response.status_code"), Some("UNAUTHENTICATED"));
    assert_eq!(attribute(&call, "gestan.reason"), Some("ERROR_REASON_INVALID_CREDENTIALS"));
    let correlation_id = attribute(&call, "gestan.correlation_id").expect("what it is called");
    assert!(server.log().contains(correlation_id), "the log and the trace name the same call");
    // What a caller did wrong is no error of the server.
    assert_eq!(call.status.as_ref().expect("a status").code, i32::from(StatusCode::Unset));
    let mut names: Vec<&str> = parts.iter().map(|part| part.name.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["hashing", "unit of work"]);
    for part in &parts {
        assert_eq!(part.trace_id, call.trace_id);
        assert!(part.start_time_unix_nano >= call.start_time_unix_nano);
        assert!(part.end_time_unix_nano >= part.start_time_unix_nano);
        assert!(part.end_time_unix_nano <= call.end_time_unix_nano);
        assert!(part.attributes.is_empty());
    }
    let (confirm, parts) = collector.wait_for("AccountService/Confirm").await;
    assert_eq!(attribute(&confirm, "rpc.response.status_code"), Some("OK"));
    assert_eq!(attribute(&confirm, "gestan.reason"), None);
    assert!(!parts.is_empty());
    let all = collector.spans();
    assert!(all.iter().all(|span| !span.name.starts_with("Health")), "balancers hide nothing");
    let text = format!("{:?}", collector.requests());
    for personal in ["client1", "exemple", "127.0.0.1", "account.id", "machine"] {
        assert!(!text.contains(personal), "{personal}: {text}");
    }
    let log = server.log();
    let line = log.lines().find(|line| line.contains("admin address")).expect("a line");
    let admin = line.split_once("address=").expect("an address").1.parse().expect("an address");
    let figures = http_get(admin, "/metrics").await.body;
    assert!(figures.contains("gestan_account_trace_spans_total{result=\"dropped\"} 0\n"));
    server.terminate().await;
    server.wait().await;
}

#[tokio::test]
async fn spans_that_have_ended_are_brought_before_the_server_ends() {
    let collector = Collector::start().await;
    let home = Home::new();
    let server = ServerProcess::start(&home, &["--traces-url", &collector.url()]).await;
    let client = server.connect(ClientOptions::new().max_attempts(1)).await;
    for _ in 0..20 {
        client.get(v1::GetRequest::default()).await.expect_err("no token");
    }
    server.terminate().await;
    assert!(server.wait().await.0.success());
    let gets = collector.spans().into_iter().filter(|span| span.name == "AccountService/Get");
    assert_eq!(gets.count(), 20);
}

/// Makes a call with these lines of `traceparent`.
async fn call_with(server: &ServerProcess, lines: &[&str]) {
    let endpoint = Channel::from_shared(server.url()).expect("a URL");
    let channel = endpoint.connect().await.expect("the server answers");
    let mut client = AccountServiceClient::new(channel);
    let mut request = Request::new(v1::GetRequest::default());
    for line in lines {
        request.metadata_mut().append("traceparent", line.parse().expect("a text"));
    }
    client.get(request).await.expect_err("no token");
}

#[tokio::test]
async fn the_trace_of_a_caller_is_believed_from_a_trusted_proxy_only() {
    const SAMPLED: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let theirs = |span: &Span| span.trace_id.starts_with(&[0x0a, 0xf7, 0x65]);
    let collector = Collector::start().await;
    let home = Home::new();
    let url = collector.url();
    let server = ServerProcess::start(&home, &["--traces-url", &url]).await;
    call_with(&server, &[SAMPLED]).await;
    call_with(&server, &["00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00"]).await;
    server.terminate().await;
    server.wait().await;
    let spans = collector.spans();
    assert_eq!(spans.len(), 2, "no stranger decides whether its calls are traced");
    assert!(!spans.iter().any(theirs), "a stranger chose its trace");

    let collector = Collector::start().await;
    let url = collector.url();
    let trusting =
        ["--traces-url", &url, "--traces-one-in", "0", "--trusted-proxies", "127.0.0.0/8"];
    let server = ServerProcess::start(&home, &trusting).await;
    call_with(&server, &[SAMPLED]).await;
    // A later version may say more.
    call_with(&server, &["01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-03-more"]).await;
    let huge = "0".repeat(4_000);
    for lines in [
        &["00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00"][..],
        &[],
        &[""],
        &[SAMPLED, SAMPLED],
        &["ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"],
        &["00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01"],
        &["00-00000000000000000000000000000000-b7ad6b7169203331-01"],
        &["00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01"],
        &["00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331"],
        &["00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more"],
        &["00-0af7651916cd43dd8448eb211c8031-b7ad6b7169203331-01"],
        &["00-+af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"],
        &[huge.as_str()],
    ] {
        call_with(&server, lines).await;
    }
    server.terminate().await;
    server.wait().await;
    let spans = collector.spans();
    assert_eq!(spans.iter().filter(|span| span.name == "AccountService/Get").count(), 2);
    assert!(spans.iter().all(theirs));
    assert!(spans.iter().any(|span| span.parent_span_id[..2] == [0xb7, 0xad]));
}

#[tokio::test]
async fn a_collector_that_is_away_costs_nothing_and_is_told_once() {
    let home = Home::new();
    // Nobody listens there.
    let gone = TcpListener::bind("127.0.0.1:0").await.expect("a port").local_addr();
    let url = format!("http://{}", gone.expect("an address"));
    let server = ServerProcess::start(&home, &["--traces-url", &url]).await;
    let client = server.connect(ClientOptions::new().max_attempts(1)).await;
    client.get(v1::GetRequest::default()).await.expect_err("no token");
    server.wait_for_log("the collector takes no traces").await;
    for _ in 0..20 {
        client.get(v1::GetRequest::default()).await.expect_err("no token");
    }
    server.terminate().await;
    let (status, log) = server.wait().await;
    assert!(status.success(), "{log}");
    assert_eq!(log.matches("the collector takes no traces").count(), 1, "{log}");
}

#[tokio::test]
async fn a_collector_that_never_reads_holds_up_neither_a_call_nor_the_end() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let silent = tokio::spawn(async move {
        let mut open = Vec::new();
        loop {
            open.push(listener.accept().await.expect("a connection"));
        }
    });
    let home = Home::new();
    let url = format!("http://{address}");
    let arguments = ["--traces-url", &url, "--shutdown-grace", "3s", "--call-burst", "100000"];
    let arguments = [&arguments[..], &["--calls-per-second", "100000"]].concat();
    let server = ServerProcess::start(&home, &arguments).await;
    let client = server.connect(ClientOptions::new().max_attempts(1)).await;
    // More than may wait.
    for _ in 0..60 {
        let calls = (0..50).map(|_| {
            let client = client.clone();
            tokio::spawn(async move { client.get(v1::GetRequest::default()).await.is_err() })
        });
        for call in calls.collect::<Vec<_>>() {
            assert!(timeout(TIMEOUT, call).await.expect("an answer").expect("no panic"));
        }
    }
    server.wait_for_log("the collector takes no traces").await;
    let begun = Instant::now();
    server.terminate().await;
    let (status, log) = timeout(TIMEOUT, server.wait()).await.expect("it ends");
    assert!(status.success(), "{log}");
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
    assert!(!log.contains("workers cut off"), "{log}");
    silent.abort();
}

#[tokio::test]
async fn a_collector_that_talks_nonsense_is_no_trouble() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let nonsense = tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.expect("a connection");
            let _ = stream.read_u8().await;
            let _ =
                tokio::io::AsyncWriteExt::write_all(&mut stream, b"HTTP/1.1 200 OK\r\n\r\n").await;
        }
    });
    let home = Home::new();
    let server = ServerProcess::start(&home, &["--traces-url", &format!("http://{address}")]).await;
    let client = server.connect(ClientOptions::new().max_attempts(1)).await;
    client.get(v1::GetRequest::default()).await.expect_err("no token");
    server.wait_for_log("the collector takes no traces").await;
    server.terminate().await;
    assert!(server.wait().await.0.success());
    nonsense.abort();
}

#[tokio::test]
async fn a_url_that_is_no_collectors_is_refused() {
    let home = Home::new();
    for url in [
        "collector",
        "ftp://collector",
        "http://collector/v1/traces",
        "http://collector?jeton=1",
        "http://collector#1",
        "http://jeanne:s3cr3t@collector",
        "http://collector:0",
        "http://",
    ] {
        for command in [&["config", "check"][..], &["--listen", "127.0.0.1:0"]] {
            let mut server = home.command();
            let ended = run_to_end(server.args(command).args(["--traces-url", url])).await;
            assert_eq!(ended.status.code(), Some(1), "{url}: {}", ended.log);
            assert!(ended.log.contains("TRACES_URL"), "{url}: {}", ended.log);
        }
    }
}
