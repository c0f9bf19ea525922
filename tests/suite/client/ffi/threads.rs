//! Many threads of one host.

use gestan_account_tests::{
    FfiHost, ffi_options,
    process::{Home, ServerProcess},
};
use serde_json::json;

use super::{ok, opened};

#[tokio::test]
async fn many_threads_call_while_others_connect_and_each_gets_its_answer() {
    let home = Home::new();
    let server = ServerProcess::start(&home, &[]).await;
    let mut host = FfiHost::start();
    let options = ffi_options(&server.url(), &host.path("token"));
    ok(&host.connect(&options).await);
    let (id, set) = opened(&mut host, &server, 1).await;
    ok(&set);
    let answers = host.threads(32, 20, None, "Get", &json!({})).await;
    assert!(answers.iter().all(|answer| ok(answer)["account"]["id"] == id));

    // Options that differ each time they are given in turn: each connect is another connection.
    let mut other = options.clone();
    other["deadline_ms"] = 30_000.into();
    for options in [&other, &options] {
        let answers = host.threads(16, 10, Some(options), "Get", &json!({})).await;
        assert!(answers.iter().all(|answer| ok(answer)["account"]["id"] == id));
    }
    host.end().await;
}
