//! A service whose name stands for several addresses, of which the first do not answer.

use std::{error::Error as _, iter::successors, time::Duration};

use gestan_account_client::{Client, ClientOptions, Error, v1};
use gestan_account_tests::{
    TestServer,
    names::{self, DeadAddress, Names},
    process::TIMEOUT,
};
use tokio::net::TcpListener;

const HOST: &str = "compte.gestan.example";
const DEAD: [&str; 3] = ["127.0.0.2", "127.0.0.3", "127.0.0.4"];

#[tokio::test]
async fn a_call_comes_to_the_address_that_answers_within_its_deadline() {
    if let Some(url) = names::target() {
        // Each address in turn, for its part of the timeout, would take longer than the deadline.
        let options = ClientOptions::new().connect_timeout(TIMEOUT).deadline(TIMEOUT / 3);
        for client in [
            Client::connect_lazy(&url, options.clone()).expect("a client"),
            Client::connect(&url, options).await.expect("an address answers"),
        ] {
            let refused = client.get(v1::GetRequest::default()).await.expect_err("no token");
            assert_eq!(refused.reason(), Some(v1::ErrorReason::InvalidCredentials), "{refused:?}");
        }
        return;
    }
    let server = TestServer::start().await;
    let port = server.address.port();
    let _dead = DEAD.map(|ip| DeadAddress::at(ip, port));
    let names = Names::new(HOST, &[DEAD[0], DEAD[1], DEAD[2], "127.0.0.1"]);
    let test = "client::addresses::a_call_comes_to_the_address_that_answers_within_its_deadline";
    let ended = names.run_again(test, &format!("http://{HOST}:{port}")).await;
    assert!(ended.status.success(), "{}{}", ended.printed, ended.log);
}

#[tokio::test]
async fn when_no_address_answers_the_error_names_each() {
    if let Some(url) = names::target() {
        let port = url.rsplit(':').next().expect("a port");
        let options = ClientOptions::new().connect_timeout(Duration::from_secs(2));
        let error = Client::connect(&url, options).await.expect_err("nobody answers");
        assert!(matches!(error, Error::Transport(_)), "{error:?}");
        let innermost = successors(error.source(), |&cause| cause.source()).last();
        assert_eq!(
            innermost.expect("a cause").to_string(),
            format!("127.0.0.2:{port}: no answer; 127.0.0.3:{port}: connection refused")
        );
        return;
    }
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let _dead = DeadAddress::at("127.0.0.2", port);
    let names = Names::new(HOST, &["127.0.0.2", "127.0.0.3"]);
    let test = "client::addresses::when_no_address_answers_the_error_names_each";
    let ended = names.run_again(test, &format!("http://{HOST}:{port}")).await;
    assert!(ended.status.success(), "{}{}", ended.printed, ended.log);
}
