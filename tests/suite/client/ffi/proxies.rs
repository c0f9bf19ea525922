//! A host names the proxy by which the library goes.

use gestan_account_tests::{
    FfiHost, ForwardProxy, Manner,
    process::{Home, ServerProcess},
};
use serde_json::json;

use super::{failed, ok};

/// A name that no name server knows: only the proxy gets there.
const URL: &str = "http://compte.exemple.invalid:50051";

/// "caisse:s3cr3t" in base64.
const CREDENTIALS: &str = "proxy-authorization: Basic Y2Fpc3NlOnMzY3IzdA==";

#[tokio::test]
async fn the_proxy_that_a_host_names_leads_to_the_service() {
    let home = Home::new();
    let server = ServerProcess::start(&home, &[]).await;
    let proxy = ForwardProxy::start(Manner::LeadsIf(server.address, CREDENTIALS)).await;
    let mut host = FfiHost::start();
    let named = json!({ "url": proxy.url(), "user": "caisse", "password": "s3cr3t" });
    let options = json!({ "url": URL, "token_store": "none", "proxy": named });
    ok(&host.connect(&options).await);
    ok(&host.call("ListCountries", &json!({})).await);
    assert_eq!(proxy.asked().len(), 1);

    // Without it, there is no way.
    let options = json!({ "url": URL, "token_store": "none", "proxy": "none" });
    ok(&host.connect(&options).await);
    failed(&host.call("ListCountries", &json!({})).await, "TRANSPORT");
    host.end().await;
}
