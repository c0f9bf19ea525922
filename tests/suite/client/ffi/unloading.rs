//! A host that unloads the library, as a single `AppelDLL32` does.

use gestan_account_tests::{
    FfiHost, ffi_options,
    process::{Home, ServerProcess},
};
use serde_json::json;

use super::ok;

#[tokio::test]
async fn a_host_that_unloads_the_library_after_a_call_lives_on_and_finds_its_connection() {
    let home = Home::new();
    let server = ServerProcess::start(&home, &[]).await;
    let mut host = FfiHost::start();
    ok(&host.connect(&ffi_options(&server.url(), &host.path("token"))).await);
    ok(&host.call("ListCountries", &json!({})).await);
    assert_eq!(host.tell(&[b"unload"]).await, "pinned");
    // The thread of the connection hears of its end, in code that must still be there.
    server.kill().await;
    assert_eq!(host.tell(&[b"load"]).await, "loaded");
    let gone = host.call("ListCountries", &json!({})).await;
    assert_eq!(gone["error"]["kind"], "TRANSPORT", "the connection of before is there: {gone}");
    assert_eq!(host.tell(&[b"unload"]).await, "pinned");
    host.end().await;
}
