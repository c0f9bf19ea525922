//! A server that is gone, and one that does not answer.

use gestan_account_tests::{
    FfiHost, ffi_options,
    process::{Home, ServerProcess},
};
use serde_json::json;
use tokio::net::TcpListener;

use super::{failed, ok, says};

#[tokio::test]
async fn a_server_that_is_gone_is_told_with_the_causes_and_one_that_is_back_is_found() {
    let home = Home::new();
    let server = ServerProcess::start(&home, &[]).await;
    let mut host = FfiHost::start();
    ok(&host.connect(&ffi_options(&server.url(), &host.path("token"))).await);
    ok(&host.call("ListCountries", &json!({})).await);
    let address = server.address;
    server.kill().await;
    let gone = host.call("ListCountries", &json!({})).await;
    let error = failed(&gone, "TRANSPORT");
    assert_ne!(error["causes"], json!([]), "{error}");
    assert!(says(error, "text", "ne peut pas \u{ea}tre joint"), "{error}");

    let mut command = home.command();
    command.env("GESTAN_ACCOUNT_LISTEN", address.to_string());
    let _back = ServerProcess::spawn(command, &home.mail_folder()).await;
    ok(&host.call("ListCountries", &json!({})).await);
    host.end().await;
}

#[tokio::test]
async fn a_server_that_does_not_answer_is_left_at_the_deadline() {
    // The system takes connections for it, and nobody speaks.
    let silent = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}", silent.local_addr().expect("an address"));
    let mut host = FfiHost::start();
    let options = json!({ "url": url, "token_store": "none", "deadline_ms": 200 });
    ok(&host.connect(&options).await);
    let late = host.call("ListCountries", &json!({})).await;
    assert!(says(failed(&late, "DEADLINE"), "text", "temps"), "{late}");
    host.end().await;
}
