//! Where the link token is, and which one a call bears.

use std::{fs, path::Path};

use gestan_account_tests::{
    FfiHost, PASSWORD, ffi_options,
    process::{Home, ServerProcess},
    uuid,
};
use serde_json::{Value, json};

use super::{failed, machine_json, ok, opened};

/// Links machine `number`; gives what RegisterExisting answered.
async fn registered(host: &mut FfiHost, id: u64, number: u128) -> Value {
    let request = json!({ "account_id": id, "secret": PASSWORD, "machine": machine_json(number) });
    host.call("RegisterExisting", &request).await
}

#[tokio::test]
async fn without_a_store_the_host_gets_the_token_and_gives_it() {
    let home = Home::new();
    let server = ServerProcess::start(&home, &[]).await;
    let mut host = FfiHost::start();
    let options = json!({ "url": server.url(), "token_store": "none" });
    assert_eq!(host.connect(&options).await, json!({ "ok": { "link_token_stored": false } }));
    let (id, set) = opened(&mut host, &server, 1).await;
    let token = ok(&set)["link_token"].as_str().expect("a token").to_owned();
    failed(&host.call("Get", &json!({})).await, "REJECTED");
    let got = host.call_with("Get", &json!({}), &token).await;
    assert_eq!(ok(&got)["account"]["id"], id);
    ok(&host.call_with("Unlink", &json!({}), &token).await);
    failed(&host.call_with("Get", &json!({}), &token).await, "REJECTED");
}

#[tokio::test]
async fn a_token_that_is_given_goes_before_the_stored_one_and_only_a_dead_one_is_forgotten() {
    let home = Home::new();
    let server = ServerProcess::start(&home, &[]).await;
    let mut host = FfiHost::start();
    let file = host.path("token");
    ok(&host.connect(&json!({ "url": server.url(), "token_store": "none" })).await);
    let (id, set) = opened(&mut host, &server, 1).await;
    let first = ok(&set)["link_token"].as_str().expect("a token").to_owned();
    let second = registered(&mut host, id, 2).await;
    let second = ok(&second)["link_token"].as_str().expect("a token").to_owned();
    fs::write(&file, &first).expect("the file of the store");
    ok(&host.connect(&ffi_options(&server.url(), &file)).await);

    let current = async |host: &mut FfiHost, token: &str| {
        let got = host.call_with("Get", &json!({}), token).await;
        let machines = ok(&got)["machines"].as_array().expect("a list").clone();
        let current = machines.into_iter().find(|machine| machine["current"] == true);
        current.expect("one")["machine"]["id"].as_str().expect("an ID").to_owned()
    };
    assert_eq!(current(&mut host, "<NULL>").await, uuid(1));
    assert_eq!(current(&mut host, "").await, uuid(1));
    assert_eq!(current(&mut host, &second).await, uuid(2));

    let kept = |file: &Path| fs::read_to_string(file).is_ok_and(|text| text == first);
    // The other machine is detached by its own token, then by that of this one.
    ok(&host.call_with("Unlink", &json!({}), &second).await);
    assert!(kept(&file), "the token of this machine lives");
    ok(&registered(&mut host, id, 2).await);
    fs::write(&file, &first).expect("the file of the store");
    let other = json!({ "machine_id": uuid(2), "password": PASSWORD });
    ok(&host.call("Unlink", &other).await);
    assert!(kept(&file), "the token of this machine lives");
    // A call that is refused changes nothing.
    failed(&host.call("Unlink", &json!({ "machine_id": "nonsense" })).await, "REJECTED");
    assert!(kept(&file), "nothing was done");
    // This machine, by its name.
    ok(&host.call("Unlink", &json!({ "machine_id": uuid(1) })).await);
    assert!(!file.exists(), "the token is dead");
}

#[tokio::test]
async fn a_token_that_cannot_be_stored_is_left_to_the_host() {
    let home = Home::new();
    let server = ServerProcess::start(&home, &[]).await;
    let mut host = FfiHost::start();
    // The folder cannot be made.
    let options = ffi_options(&server.url(), Path::new("/proc/nowhere/token"));
    ok(&host.connect(&options).await);
    let (id, set) = opened(&mut host, &server, 1).await;
    let token = ok(&set)["link_token"].as_str().expect("a token").to_owned();
    assert_ne!(set["token_store"]["causes"], json!([]), "{set}");
    assert!(!set["token_store"].to_string().contains(&token), "{set}");
    let got = host.call_with("Get", &json!({}), &token).await;
    assert_eq!(ok(&got)["account"]["id"], id);
}

#[tokio::test]
async fn the_system_keeps_the_token_from_one_process_to_the_next() {
    let home = Home::new();
    let server = ServerProcess::start(&home, &[]).await;
    let mut host = FfiHost::start_with_keyring();
    // By default, under the machine that is named, which no other test has.
    let options = |machine: u128| json!({ "url": server.url(), "machine_id": uuid(machine) });
    let stored = |answer: Value| ok(&answer)["link_token_stored"] == true;
    assert!(!stored(host.connect(&options(77)).await));
    let (id, set) = opened(&mut host, &server, 77).await;
    assert!(ok(&set).get("link_token").is_none(), "{set}");
    assert!(stored(host.connect(&options(77)).await));
    assert_eq!(ok(&host.call("Get", &json!({})).await)["account"]["id"], id);
    assert!(!stored(host.connect(&options(78)).await), "another machine's is another");
    assert!(stored(host.connect(&options(77)).await));
    ok(&host.call("Unlink", &json!({})).await);
    assert!(!stored(host.connect(&options(77)).await));
    host.end().await;
}

#[tokio::test]
async fn where_the_system_keeps_no_secrets_connect_says_so() {
    if FfiHost::is_windows() {
        return;
    }
    let mut host = FfiHost::start();
    let options = json!({ "url": "http://127.0.0.1:1", "machine_id": uuid(1) });
    let refused = host.connect(&options).await;
    assert_ne!(failed(&refused, "STORE")["causes"], json!([]), "{refused}");
}
