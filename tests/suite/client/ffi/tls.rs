//! An authority of one's own.

use gestan_account_tests::{
    Authority, FfiHost, Identity,
    process::{Home, ServerProcess},
};
use serde_json::{Value, json};

use super::{failed, ok, says};

/// A server whose certificate the authority has issued.
async fn server(home: &Home, authority: &Authority) -> ServerProcess {
    authority.issue().write(home.path());
    let files = Identity::files(home.path());
    let arguments = [
        "--tls-certificate",
        files.certificate.to_str().expect("a path"),
        "--tls-key",
        files.key.to_str().expect("a path"),
    ];
    ServerProcess::start(home, &arguments).await
}

fn options(server: &ServerProcess, authority: &Authority) -> Value {
    let url = format!("https://localhost:{}", server.address.port());
    json!({ "url": url, "ca_pem": authority.pem(), "token_store": "none" })
}

#[tokio::test]
async fn an_authority_of_ones_own_is_trusted_and_a_foreign_one_refused_with_its_cause() {
    let home = Home::new();
    let (ours, foreign) = (Authority::new(), Authority::new());
    let server = server(&home, &ours).await;
    let mut host = FfiHost::start();
    ok(&host.connect(&options(&server, &ours)).await);
    ok(&host.call("ListCountries", &json!({})).await);
    ok(&host.connect(&options(&server, &foreign)).await);
    let refused = host.call("ListCountries", &json!({})).await;
    let error = failed(&refused, "TRANSPORT");
    assert!(says(error, "causes", "invalid peer certificate"), "{error}");
    assert!(says(error, "text", "ne peut pas \u{ea}tre joint"), "{error}");
    host.end().await;
}

#[tokio::test]
async fn an_authority_of_ones_own_counts_where_the_system_has_none() {
    let home = Home::new();
    let authority = Authority::new();
    let server = server(&home, &authority).await;
    let mut host = FfiHost::start_without_authorities();
    ok(&host.connect(&options(&server, &authority)).await);
    ok(&host.call("ListCountries", &json!({})).await);
    host.end().await;
}
