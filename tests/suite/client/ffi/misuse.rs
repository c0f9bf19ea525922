//! What a host must not do, and is told so instead of dying.

use std::fs;

use gestan_account_tests::{
    FfiHost, ffi_options,
    process::{Home, ServerProcess},
};
use serde_json::{Value, json};

use super::{failed, ok, says};

/// Has `command` refused as misuse, with a text.
async fn assert_misuse(host: &mut FfiHost, command: &[&[u8]], text: &str) {
    let shown = String::from_utf8_lossy(&command.join(&b' ')).into_owned();
    let answer: Value = serde_json::from_str(&host.tell(command).await).expect("JSON");
    let error = failed(&answer, "USAGE");
    assert!(says(error, "message", text), "{shown}: {error}");
    assert!(says(error, "text", "Signalez-le"), "{error}");
}

#[tokio::test]
async fn each_function_refuses_what_it_cannot_take() {
    let mut host = FfiHost::start();
    assert_eq!(host.tell(&[b"version"]).await, "1");
    assert_eq!(host.tell(&[b"free"]).await, "freed");
    let huge = host.path("huge");
    fs::write(&huge, vec![b' '; (1 << 20) + 1]).expect("a file");
    let huge = format!("<file:{}>", huge.display());

    assert_misuse(&mut host, &[b"call", b"Get", b"{}", b"<NULL>"], "`gestan_connect`").await;
    for (options, text) in [
        (&b"<NULL>"[..], "`options_json` is NULL"),
        (b"", "`options_json` is NULL or empty"),
        (b"{\"url\":\"http://\xc3\xa9\"}", "is not ASCII"),
        (b"\xff\xfe", "is not ASCII"),
        (b"{", "cannot be read"),
        (b"[]", "is not a JSON object"),
        (b"{}", "exactly one of `url` and `urls`"),
        (b"{\"url\":\"http://a\",\"machine_id\":\"m\",\"deadline\":1}", "is `deadline_ms`"),
        (b"{\"url\":\"nowhere\",\"token_store\":\"none\"}", "must begin with http://"),
        (b"{\"urls\":[],\"token_store\":\"none\"}", "there must be a URL"),
        (b"{\"url\":\"https://a\",\"ca_pem\":\"no\",\"token_store\":\"none\"}", "no certificate"),
        (huge.as_bytes(), "has 1048577 bytes"),
    ] {
        assert_misuse(&mut host, &[b"connect", options], text).await;
    }

    let nowhere = json!({ "url": "http://127.0.0.1:1", "token_store": "none" });
    ok(&host.connect(&nowhere).await);
    for (rpc, request, token, text) in [
        (&b"<NULL>"[..], &b"{}"[..], &b"<NULL>"[..], "`rpc` is NULL"),
        (b"", b"{}", b"<NULL>", "`rpc` is NULL or empty"),
        (b"Sett", b"{}", b"<NULL>", "there is no RPC `Sett`"),
        (b"set_password", b"{}", b"<NULL>", "the nearest is `SetPassword`"),
        (b"Get\xe9", b"{}", b"<NULL>", "`rpc` is not ASCII"),
        (b"Get", b"<NULL>", b"<NULL>", "`request_json` is NULL"),
        (b"Get", b"{\"account_id\"", b"<NULL>", "cannot be read"),
        (b"Get", b"{\"account_id\":\"\xe9\"}", b"<NULL>", "is not ASCII"),
        (b"Get", b"{\"acount_id\":1}", b"<NULL>", "the nearest is `account_id`"),
        (b"Update", b"{\"account\":{\"ville\":\"\"}}", b"<NULL>", "no field `account.ville`"),
        (b"Get", b"{\"account_id\":[]}", b"<NULL>", "`account_id` is not of the type uint32"),
        (b"Get", huge.as_bytes(), b"<NULL>", "has 1048577 bytes"),
        (b"Get", b"{}", b"two words", "not one of the service's"),
        (b"Get", b"{}", b"\xc3\xa9", "`link_token` is not ASCII"),
        (b"Get", b"{}", huge.as_bytes(), "has 1048577 bytes"),
    ] {
        assert_misuse(&mut host, &[b"call", rpc, request, token], text).await;
    }
    host.end().await;
}

#[tokio::test]
async fn a_connect_that_fails_leaves_the_connection_before() {
    let home = Home::new();
    let server = ServerProcess::start(&home, &[]).await;
    let mut host = FfiHost::start();
    let mut options = ffi_options(&server.url(), &host.path("token"));
    ok(&host.connect(&options).await);
    failed(&host.connect(&json!({ "url": "nowhere", "token_store": "none" })).await, "USAGE");
    // What is there is no folder.
    fs::write(host.path("file"), "").expect("a file");
    options["token_store"]["file"] = host.path("file/token").display().to_string().into();
    options["url"] = "http://127.0.0.1:1".into();
    if !FfiHost::is_windows() {
        failed(&host.connect(&options).await, "STORE");
    }
    ok(&host.call("ListCountries", &json!({})).await);
    host.end().await;
}
