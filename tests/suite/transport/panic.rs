//! A bug in one call.

use std::sync::Arc;

use gestan_account_client::{Code, v1};
use gestan_account_tests::{
    FragileClock, Log, TestServer, TestServerOptions, count, machine, uuid,
};

/// On one thread, so that the test hears everything the server logs.
#[tokio::test(flavor = "current_thread")]
async fn a_panic_is_answered_internal_and_the_server_lives_on() {
    let (log, _logging) = Log::capture();

    let clock = FragileClock::new("2026-11-24T08:00:00Z".parse().expect("a time"));
    let clock_of_server = Some(Arc::new(clock.clone()) as _);
    let options = TestServerOptions { clock: clock_of_server, ..Default::default() };
    let mut server = TestServer::start_with(options).await;
    server.leaves_mail();
    let request = v1::CreateRequest {
        request_id: uuid(1),
        email: "jeanne@exemple.fr".into(),
        machine: Some(machine(1)),
        ..Default::default()
    };

    clock.set_broken(true);
    for _ in 0..3 {
        let error = server.client.create(request.clone()).await.expect_err("the clock is broken");
        let rejection = error.rejection().expect("the service's own refusal");
        assert_eq!(rejection.code(), Code::Internal);
        assert_eq!(rejection.reason(), v1::ErrorReason::Internal);
        let told = format!("{error:?}");
        assert!(!told.contains("payload"), "{told}");
        let correlation_id = rejection.correlation_id().expect("a correlation ID").to_owned();
        let logged = log.text();
        assert!(logged.contains(&correlation_id), "{correlation_id} is not in the log:\n{logged}");
        assert!(!logged.contains("payload"), "the log tells what the panic said:\n{logged}");
    }
    assert_eq!(count(server.db(), "SELECT count(*) FROM challenge").await, 0);

    clock.set_broken(false);
    server.client.create(request).await.expect("the server lives on");
    assert_eq!(count(server.db(), "SELECT count(*) FROM challenge").await, 1);
}
