//! An authority of one's own.

use gestan_account_tests::{
    Authority, FfiHost, Identity,
    process::{Home, ServerProcess},
};
use serde_json::json;

use super::{failed, ok, says};

#[tokio::test]
async fn an_authority_of_ones_own_is_trusted_and_a_foreign_one_refused_with_its_cause() {
    let home = Home::new();
    let (ours, foreign) = (Authority::new(), Authority::new());
    ours.issue().write(home.path());
    let files = Identity::files(home.path());
    let arguments = [
        "--tls-certificate",
        files.certificate.to_str().expect("a path"),
        "--tls-key",
        files.key.to_str().expect("a path"),
    ];
    let server = ServerProcess::start(&home, &arguments).await;
    let options = |authority: &Authority| {
        let url = format!("https://localhost:{}", server.address.port());
        json!({ "url": url, "ca_pem": authority.pem(), "token_store": "none" })
    };
    let mut host = FfiHost::start();
    ok(&host.connect(&options(&ours)).await);
    ok(&host.call("ListCountries", &json!({})).await);
    ok(&host.connect(&options(&foreign)).await);
    let refused = host.call("ListCountries", &json!({})).await;
    let error = failed(&refused, "TRANSPORT");
    assert!(says(error, "causes", "invalid peer certificate"), "{error}");
    assert!(says(error, "text", "ne peut pas \u{ea}tre joint"), "{error}");
    host.end().await;
}
