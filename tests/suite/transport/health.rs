//! What load balancers and tools ask: health and reflection.

use std::time::{Duration, Instant};

use gestan_account_client::{ClientOptions, v1};
use gestan_account_server::{
    domain::role::Role, grpc::Reflection, storage::support_key, throttle::calls::CallRate,
};
use gestan_account_tests::{TestDatabase, TestServer, TestServerOptions, process::TIMEOUT};
use jiff::SignedDuration;
use sea_orm::{ConnectOptions, ConnectionTrait as _, Database};
use tokio::time::timeout;
use tonic::{
    Code, Streaming,
    transport::{Channel, Endpoint},
};
use tonic_health::pb::{
    HealthCheckRequest, HealthCheckResponse, health_check_response::ServingStatus,
    health_client::HealthClient,
};
use tonic_reflection::pb::{v1 as reflection, v1alpha as reflection_alpha};

const SERVICE: &str = "gestan.account.v1.AccountService";
const SUPPORT: &str = "gestan.support.v1.SupportService";
const REFERENCE: &str = "gestan.account.v1.ReferenceService";

async fn channel(server: &TestServer) -> Channel {
    let endpoint = Endpoint::from_shared(format!("http://{}", server.address)).expect("a URL");
    endpoint.connect().await.expect("the server answers")
}

async fn watch(server: &TestServer, service: &str) -> Streaming<HealthCheckResponse> {
    let mut client = HealthClient::new(channel(server).await);
    let request = HealthCheckRequest { service: service.to_owned() };
    client.watch(request).await.expect("health can be watched").into_inner()
}

/// Waits until the status is `wanted`.
async fn becomes(watched: &mut Streaming<HealthCheckResponse>, wanted: ServingStatus) {
    let changes = async {
        while watched.message().await.expect("a status").expect("a status").status() != wanted {}
    };
    timeout(TIMEOUT, changes).await.unwrap_or_else(|_| panic!("it never is {wanted:?}"));
}

#[tokio::test]
async fn the_server_and_the_service_are_serving() {
    let server = TestServer::start().await;
    for service in ["", SERVICE, SUPPORT, REFERENCE] {
        becomes(&mut watch(&server, service).await, ServingStatus::Serving).await;
    }
    let mut client = HealthClient::new(channel(&server).await);
    let request = HealthCheckRequest { service: "no.such.Service".to_owned() };
    assert_eq!(client.check(request).await.expect_err("unknown").code(), Code::NotFound);
}

#[tokio::test]
async fn without_its_database_the_server_says_so_and_comes_back_by_itself() {
    let database = TestDatabase::sqlite();
    let options =
        TestServerOptions { database_url: Some(database.url().to_owned()), ..Default::default() };
    let server = TestServer::start_with(options).await;
    let member = server.open_account("jeanne@exemple.fr", 1).await;
    let mut all = watch(&server, "").await;
    let mut service = watch(&server, SERVICE).await;
    becomes(&mut all, ServingStatus::Serving).await;
    becomes(&mut service, ServingStatus::Serving).await;

    // Somebody else holds the file: no transaction that writes can begin.
    let mut options = ConnectOptions::new(server.database_url());
    options.max_connections(1).sqlx_logging(false);
    let other = Database::connect(options).await.expect("the database opens");
    other.execute_unprepared("BEGIN EXCLUSIVE").await.expect("the lock");
    becomes(&mut all, ServingStatus::NotServing).await;
    becomes(&mut service, ServingStatus::NotServing).await;
    // What needs no database goes on.
    becomes(&mut watch(&server, REFERENCE).await, ServingStatus::Serving).await;
    let request = v1::GetPrivacyNoticeRequest::default();
    server.client.get_privacy_notice(request).await.expect("it is answered");
    let options = ClientOptions::new().max_attempts(1).deadline(Duration::from_mins(5));
    let client = server.connect(options).await;
    let request = v1::CreateRequest {
        request_id: gestan_account_tests::uuid(1),
        email: "paul@exemple.fr".to_owned(),
        machine: Some(gestan_account_tests::machine(2)),
        ..Default::default()
    };
    let asked = Instant::now();
    let refused = client.create(request.clone()).await.expect_err("nothing can be stored");
    let waited = asked.elapsed();
    let rejection = refused.rejection().unwrap_or_else(|| panic!("{refused:?}"));
    assert_eq!(rejection.reason(), v1::ErrorReason::DatabaseUnavailable);
    assert_eq!(rejection.code(), Code::Unavailable);
    assert!(rejection.retry_delay().is_some());
    assert!(waited < Duration::from_secs(15), "it took {waited:?}");

    other.execute_unprepared("ROLLBACK").await.expect("the lock is given back");
    becomes(&mut all, ServingStatus::Serving).await;
    becomes(&mut service, ServingStatus::Serving).await;
    client.create(request).await.expect("Create is answered");
    member.client.get(v1::GetRequest::default()).await.expect("Get is answered");
    server.deliver_mail().await;
}

async fn reflecting(reflection: Reflection) -> TestServer {
    TestServer::start_with(TestServerOptions { reflection, ..Default::default() }).await
}

/// The gRPC code that reflection is refused with; `Ok` when it answers.
async fn reflection_code(server: &TestServer, token: Option<&str>) -> Code {
    use reflection::{
        ServerReflectionRequest, server_reflection_client::ServerReflectionClient,
        server_reflection_request::MessageRequest,
    };
    let list = ServerReflectionRequest {
        host: String::new(),
        message_request: Some(MessageRequest::ListServices(String::new())),
    };
    let mut request = tonic::Request::new(tokio_stream::once(list));
    if let Some(token) = token {
        let bearer = format!("Bearer {token}").parse().expect("a header");
        request.metadata_mut().insert("authorization", bearer);
    }
    let mut client = ServerReflectionClient::new(channel(server).await);
    let answer = client.server_reflection_info(request).await;
    answer.map_or_else(|refused| refused.code(), |_| Code::Ok)
}

#[tokio::test]
async fn reflection_answers_by_default_whoever_sends_a_support_key() {
    let server = TestServer::start().await;
    let member = server.open_account("jeanne@exemple.fr", 1).await;
    let (id, key) = server.support_key("Alice", Role::Reader, None).await;
    let now = server.accounts.clock.now();
    assert_eq!(reflection_code(&server, None).await, Code::Unauthenticated);
    assert_eq!(reflection_code(&server, Some(&member.link_token)).await, Code::Unauthenticated);
    assert_eq!(reflection_code(&server, Some(key.reveal())).await, Code::Ok);
    support_key::revoke(server.db(), id, now).await.expect("it is revoked");
    assert_eq!(reflection_code(&server, Some(key.reveal())).await, Code::Unauthenticated);
    let server = reflecting(Reflection::Off).await;
    assert_eq!(reflection_code(&server, Some(key.reveal())).await, Code::Unimplemented);
}

/// A call of any service but that of the accounts is a stranger's.
#[tokio::test]
async fn health_and_reflection_are_counted_like_calls_of_strangers() {
    let call_rate = CallRate { burst: 3, per_second: 1 };
    let reflection = Reflection::On;
    let options = TestServerOptions { call_rate, reflection, ..Default::default() };
    let server = TestServer::start_with(options).await;
    let mut client = HealthClient::new(channel(&server).await);
    for _ in 0..2 {
        client.check(HealthCheckRequest::default()).await.expect("it is answered");
    }
    assert_eq!(reflection_code(&server, None).await, Code::Ok);
    assert_eq!(reflection_code(&server, None).await, Code::ResourceExhausted);
    let refused = client.check(HealthCheckRequest::default()).await.expect_err("one too many");
    assert_eq!(refused.code(), Code::ResourceExhausted);
    server.advance(SignedDuration::from_secs(1));
    client.check(HealthCheckRequest::default()).await.expect("a second later");
}

#[tokio::test]
async fn reflection_in_both_versions_lists_the_service() {
    use reflection::{
        server_reflection_client::ServerReflectionClient,
        server_reflection_request::MessageRequest, server_reflection_response::MessageResponse,
    };
    use reflection_alpha::{
        server_reflection_client::ServerReflectionClient as AlphaClient,
        server_reflection_request::MessageRequest as AlphaRequest,
        server_reflection_response::MessageResponse as AlphaResponse,
    };
    let server = reflecting(Reflection::On).await;
    let list = reflection::ServerReflectionRequest {
        host: String::new(),
        message_request: Some(MessageRequest::ListServices(String::new())),
    };
    let mut client = ServerReflectionClient::new(channel(&server).await);
    let answers =
        client.server_reflection_info(tokio_stream::once(list)).await.expect("v1 answers");
    let answer = answers.into_inner().message().await.expect("an answer").expect("an answer");
    let Some(MessageResponse::ListServicesResponse(services)) = answer.message_response else {
        panic!("{answer:?}");
    };
    for name in [SERVICE, SUPPORT] {
        assert!(services.service.iter().any(|service| service.name == name), "{services:?}");
    }

    let list = reflection_alpha::ServerReflectionRequest {
        host: String::new(),
        message_request: Some(AlphaRequest::ListServices(String::new())),
    };
    let mut client = AlphaClient::new(channel(&server).await);
    let answers =
        client.server_reflection_info(tokio_stream::once(list)).await.expect("v1alpha answers");
    let answer = answers.into_inner().message().await.expect("an answer").expect("an answer");
    let Some(AlphaResponse::ListServicesResponse(services)) = answer.message_response else {
        panic!("{answer:?}");
    };
    for name in [SERVICE, SUPPORT] {
        assert!(services.service.iter().any(|service| service.name == name), "{services:?}");
    }
}

#[tokio::test]
async fn reflection_takes_no_larger_messages_than_the_service() {
    use reflection::{
        ServerReflectionRequest, server_reflection_client::ServerReflectionClient,
        server_reflection_request::MessageRequest,
    };
    let server = reflecting(Reflection::On).await;
    let endpoint = Endpoint::from_shared(format!("http://{}", server.address)).expect("a URL");
    let channel = endpoint.connect().await.expect("the server answers");
    let mut client = ServerReflectionClient::new(channel);
    let ask = |host: String| ServerReflectionRequest {
        host,
        message_request: Some(MessageRequest::ListServices(String::new())),
    };
    let large = tokio_stream::once(ask("x".repeat(70_000)));
    // The service ends the stream without a word.
    let answer = match client.server_reflection_info(large).await {
        Err(_) => None,
        Ok(answers) => answers.into_inner().message().await.ok().flatten(),
    };
    assert!(answer.is_none(), "a message that is too large is answered");
    let usual = tokio_stream::once(ask("x".repeat(60_000)));
    let answers = client.server_reflection_info(usual).await.expect("an answer");
    answers.into_inner().message().await.expect("an answer").expect("an answer");
}
