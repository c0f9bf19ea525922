//! The line that every call leaves in the log, and the name by which a customer and an
//! operator speak of the same call.

use std::{fmt::Debug, sync::Arc};

use gestan_account_client::{ClientOptions, v1};
use gestan_account_proto::support::v1::{GetAccountRequest, SendCodeRequest};
use gestan_account_server::{domain::role::Role, throttle::calls::CallRate};
use gestan_account_tests::{
    FragileClock, Log, PASSWORD, TestServer, TestServerOptions, Told, Wire, creation, headers,
    machine,
    process::{Home, ServerProcess},
    raw_call::{self, authorized, forwarded},
    reset, start_time, uuid,
};
use jiff::SignedDuration;
use tokio::net::TcpStream;
use tonic::{Code, Request, Response, Status, codegen::http::uri::PathAndQuery};

const HEADER: &str = "x-correlation-id";

/// The lines of calls, without what comes before their fields.
fn lines(log: &str) -> Vec<&str> {
    let lines = log.lines().filter_map(|line| line.split_once("layers::line: "));
    lines.map(|(_, line)| line).collect()
}

/// The last of them.
fn last(log: &Log) -> String {
    let text = log.text();
    (*lines(&text).last().unwrap_or_else(|| panic!("no line: {text}"))).to_owned()
}

/// The value of a field of a line.
fn field<'a>(line: &'a str, name: &str) -> Option<&'a str> {
    let fields = line.split(' ').filter_map(|field| field.split_once('='));
    let value = fields.filter(|(field, _)| *field == name).map(|(_, value)| value).next();
    value.map(|value| value.trim_matches('"'))
}

fn assert_fields(line: &str, expected: &[(&str, Option<&str>)]) {
    for (name, value) in expected {
        assert_eq!(field(line, name), *value, "{name}: {line}");
    }
}

#[tokio::test(flavor = "current_thread")]
async fn the_line_of_a_call_tells_rpc_outcome_duration_address_and_who_called() {
    let (log, _logging) = Log::capture();
    let server = TestServer::start().await;
    let member = server.open_account("jeanne@exemple.fr", 1).await;
    let account = member.account_id.to_string();
    let linked = [
        ("rpc", Some("AccountService/SetPassword")),
        ("code", Some("OK")),
        ("account.id", Some(&*account)),
        ("machine.id", Some(&*uuid(1))),
    ];
    assert_fields(&last(&log), &linked);
    member.client.get(v1::GetRequest::default()).await.expect("its own account");
    let line = last(&log);
    assert!(line.starts_with("answered "), "{line}");
    let read = [
        ("rpc", Some("AccountService/Get")),
        ("code", Some("OK")),
        ("reason", None),
        ("ip", Some("127.0.0.1")),
        ("account.id", Some(&*account)),
        ("machine.id", Some(&*uuid(1))),
        ("support_key.id", None),
    ];
    assert_fields(&line, &read);
    field(&line, "duration_ms").expect("a duration").parse::<f64>().expect("a number");
    assert_eq!(field(&line, "correlation_id").expect("a name").len(), 16, "{line}");

    // Whom a stranger names is not told by its call.
    let request = v1::RegisterExistingRequest {
        account_id: member.account_id,
        secret: "pas le bon mot de passe".into(),
        machine: Some(machine(2)),
    };
    server.client.register_existing(request.clone()).await.expect_err("a wrong password");
    let line = last(&log);
    assert!(line.starts_with("refused "), "{line}");
    let refused = [
        ("rpc", Some("AccountService/RegisterExisting")),
        ("code", Some("UNAUTHENTICATED")),
        ("reason", Some("ERROR_REASON_INVALID_CREDENTIALS")),
        ("ip", Some("127.0.0.1")),
        ("account.id", None),
        ("machine.id", None),
    ];
    assert_fields(&line, &refused);
    let text = log.text();
    let wrong = text.lines().find(|line| line.contains("wrong password")).expect("a line");
    assert_eq!(field(wrong, "correlation_id"), field(&line, "correlation_id"), "the same call");
    let request = v1::RegisterExistingRequest { secret: PASSWORD.into(), ..request };
    server.client.register_existing(request).await.expect("the right one");
    let joined = [("account.id", Some(&*account)), ("machine.id", Some(&*uuid(2)))];
    assert_fields(&last(&log), &joined);
    server.deliver_mail().await;

    let (key, secret) = server.support_key("Luc", Role::Admin, None).await;
    let mut desk = server.desk_with(Some(secret.reveal()), None).await;
    let id = member.account_id;
    let key = key.to_string();
    let by_support = |code| {
        let who = [("account.id", Some(&*account)), ("support_key.id", Some(&*key))];
        [[("code", Some(code)), ("machine.id", None)], who].concat()
    };
    desk.get_account(GetAccountRequest { account_id: id }).await.expect("it may read");
    assert_fields(&last(&log), &by_support("OK"));
    let send = SendCodeRequest { account_id: id, email: String::new() };
    desk.send_code(send).await.expect("it may send");
    assert_fields(&last(&log), &by_support("OK"));
    server.deliver_mail().await;
    for personal in ["jeanne", "Luc", PASSWORD, "pas le bon"] {
        assert!(!log.text().contains(personal), "{personal}: {}", log.text());
    }
}

#[tokio::test(flavor = "current_thread")]
async fn behind_a_trusted_proxy_the_line_has_the_callers_address() {
    let (log, _logging) = Log::capture();
    let proxies = "127.0.0.1".parse().expect("an address");
    let options = TestServerOptions { proxies, ..Default::default() };
    let server = TestServer::start_with(options).await;
    let mut client = raw_call::connect(&server).await;
    let request = forwarded(v1::GetRequest::default(), "203.0.113.7", None);
    client.get(request).await.expect_err("no token");
    assert_fields(&last(&log), &[("ip", Some("203.0.113.7"))]);
}

/// A call of a path that no service knows.
async fn call_unknown(server: &TestServer, id: Option<&str>) -> Result<Response<()>, Status> {
    let mut grpc = tonic::client::Grpc::new(server.channel().await);
    grpc.ready().await.expect("the server answers");
    let path = PathAndQuery::from_static("/gestan.account.v1.AccountService/Mot-de-passe");
    grpc.unary(named((), id), path, tonic_prost::ProstCodec::<(), ()>::default()).await
}

/// A request that says what its call is called.
fn named<T>(message: T, id: Option<&str>) -> Request<T> {
    let mut request = Request::new(message);
    if let Some(id) = id {
        request.metadata_mut().insert(HEADER, id.parse().expect("a value of metadata"));
    }
    request
}

/// What the refusal says that its call is called.
fn told<T: Debug>(outcome: Result<Response<T>, Status>) -> Option<String> {
    Told::by(outcome).variable("correlation_id").map(str::to_owned)
}

#[tokio::test(flavor = "current_thread")]
async fn every_refusal_tells_what_its_call_is_called_to_a_caller_who_asks() {
    let (log, _logging) = Log::capture();
    let server = TestServer::start().await;
    let mut client = raw_call::connect(&server).await;
    let mut desk = server.desk(Role::Reader).await;
    for (sent, is_taken) in [
        (Some("appel-42_b.7"), true),
        (Some(&*"x".repeat(64)), true),
        (Some(&*"x".repeat(65)), false),
        (Some("jeanne@exemple.fr"), false),
        (Some(""), false),
        (None, false),
    ] {
        let bad = v1::CreateRequest { email: "personne".into(), ..creation(1) };
        let large = v1::CreateRequest { locale: "x".repeat(70_000), ..creation(1) };
        let refusals = [
            told(client.create(named(bad, sent)).await),
            told(client.get(named(v1::GetRequest::default(), sent)).await),
            told(client.create(named(large, sent)).await),
            told(call_unknown(&server, sent).await),
            told(desk.get_account(named(GetAccountRequest { account_id: 99 }, sent)).await),
        ];
        let text = log.text();
        let written = lines(&text).into_iter().rev().take(5).collect::<Vec<_>>();
        for (told, line) in refusals.iter().zip(written.into_iter().rev()) {
            let logged = field(line, "correlation_id").expect("a name");
            match sent {
                Some(sent) if is_taken => assert_eq!(told.as_deref(), Some(sent)),
                Some(_) => assert_eq!(told.as_ref().map(String::len), Some(16), "one of ours"),
                None => assert_eq!(*told, None),
            }
            assert!(told.as_ref().is_none_or(|told| told == logged), "{told:?}: {line}");
        }
    }
    let text = log.text();
    assert!(!text.contains("exemple.fr") && !text.contains("Mot-de-passe"), "{text}");
    let unknown = lines(&text).iter().any(|line| field(line, "rpc") == Some("other"));
    assert!(unknown, "{text}");
}

#[tokio::test(flavor = "current_thread")]
async fn an_internal_error_is_told_under_the_name_that_its_caller_gave() {
    let (log, _logging) = Log::capture();
    let clock = FragileClock::new(start_time());
    let clock_of_server = Some(Arc::new(clock.clone()) as _);
    let options = TestServerOptions { clock: clock_of_server, ..Default::default() };
    let server = TestServer::start_with(options).await;
    let mut client = raw_call::connect(&server).await;
    clock.set_broken(true);
    for sent in [Some("appel-42"), None] {
        let before = log.text().len();
        let refusal = client.create(named(creation(1), sent)).await;
        let refusal = Told::by(refusal);
        assert_eq!(refusal.code, Code::Internal);
        let told = refusal.variable("correlation_id").expect("always told");
        assert!(sent.is_none_or(|sent| sent == told), "{told}");
        let text = log.text().split_off(before);
        for what in ["internal error", "refused "] {
            let line = text.lines().find(|line| line.contains(what));
            let line = line.unwrap_or_else(|| panic!("no {what}: {text}"));
            assert_eq!(field(line, "correlation_id"), Some(told), "{line}");
        }
    }
}

#[tokio::test(flavor = "current_thread")]
async fn a_flood_of_refused_calls_becomes_ten_lines_a_second_and_a_count() {
    let (log, _logging) = Log::capture();
    let call_rate = CallRate { burst: 1, per_second: 1 };
    let server =
        TestServer::start_with(TestServerOptions { call_rate, ..Default::default() }).await;
    let mut client = raw_call::connect(&server).await;
    let mut call = async || client.get(Request::new(v1::GetRequest::default())).await;
    for _ in 0..51 {
        call().await.expect_err("no token");
    }
    let text = log.text();
    let of_flood = "ERROR_REASON_TOO_MANY_CALLS_FROM_IP";
    assert_eq!(text.matches(of_flood).count(), 10, "{text}");
    assert!(!text.contains("left_out"), "{text}");
    server.advance(SignedDuration::from_secs(1));
    for _ in 0..2 {
        call().await.expect_err("no token");
    }
    assert_fields(&last(&log), &[("reason", Some(of_flood)), ("left_out", Some("40"))]);
}

#[tokio::test]
async fn one_in_so_many_answered_calls_is_logged_and_every_refused_one() {
    for (one_in, answered) in [("3", 3), ("0", 0)] {
        let home = Home::new();
        let server = ServerProcess::start(&home, &["--log-answered-one-in", one_in]).await;
        let client = server.connect(ClientOptions::new()).await;
        for number in 1..=9 {
            client.create(creation(number)).await.expect("Create is answered");
        }
        for _ in 0..9 {
            client.get(v1::GetRequest::default()).await.expect_err("no token");
        }
        server.terminate().await;
        let (_, log) = server.wait().await;
        let count = |what: &str| lines(&log).iter().filter(|line| line.starts_with(what)).count();
        assert_eq!((count("answered "), count("refused ")), (answered, 9), "{log}");
    }
}

#[tokio::test]
async fn a_call_that_its_caller_gives_up_leaves_a_line() {
    let home = Home::new();
    let server = ServerProcess::start(&home, &[]).await;
    let stream = TcpStream::connect(server.address).await.expect("a connection");
    let (mut wire, _) = Wire::begin(stream).await;
    // Its message never comes. The answer to the ping says that the call has.
    wire.send(&headers(1, "Create")).await;
    assert!(wire.ping().await);
    wire.send(&reset(1)).await;
    server.wait_for_log("code=\"CANCELLED\"").await;
}

#[tokio::test(flavor = "current_thread")]
async fn the_line_of_a_dead_token_tells_whose_it_was() {
    let (log, _logging) = Log::capture();
    let server = TestServer::start().await;
    let member = server.open_account("jeanne@exemple.fr", 1).await;
    member.client.unlink(v1::UnlinkRequest::default()).await.expect("it leaves");
    member.client.get(v1::GetRequest::default()).await.expect_err("a dead token");
    let account = member.account_id.to_string();
    let of_dead = [
        ("code", Some("UNAUTHENTICATED")),
        ("account.id", Some(&*account)),
        ("machine.id", Some(&*uuid(1))),
    ];
    assert_fields(&last(&log), &of_dead);
    // What looks like a token, and is none, tells nothing.
    let mut client = raw_call::connect(&server).await;
    let request = authorized(v1::GetRequest::default(), "Bearer gestan_link_jeanne");
    client.get(request).await.expect_err("no token");
    assert_fields(&last(&log), &[("account.id", None), ("machine.id", None)]);
}
