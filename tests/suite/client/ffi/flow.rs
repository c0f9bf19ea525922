//! The whole way of a customer.

use gestan_account_tests::{
    FfiHost, PASSWORD, ffi_options,
    process::{Home, ServerProcess},
    uuid,
};
use serde_json::json;

use super::{confirmed, failed, machine_json, ok, says};

#[tokio::test]
async fn a_host_in_c_goes_the_whole_way_and_holds_no_secret() {
    let home = Home::new();
    let server = ServerProcess::start(&home, &[]).await;
    let mut host = FfiHost::start();
    let options = ffi_options(&server.url(), &host.path("token"));
    assert_eq!(host.connect(&options).await, json!({ "ok": { "link_token_stored": false } }));

    let (id, ticket) = confirmed(&mut host, &server, 1).await;
    let weak = json!({ "ticket": ticket, "new_password": "azertyuiop" });
    let refused = host.call("SetPassword", &weak).await;
    let error = failed(&refused, "REJECTED");
    assert_eq!(error["code"], "INVALID_ARGUMENT");
    assert_eq!(error["reason"], "ERROR_REASON_INVALID_REQUEST");
    assert_eq!(error["violations"][0]["field"], "new_password");
    assert!(says(&error["violations"][0], "description", "mot de passe"), "{error}");
    assert!(says(&error["violations"][0], "reason", "VIOLATION_REASON_"), "{error}");
    assert!(!refused.to_string().contains("azertyuiop"), "{error}");

    let set =
        host.call("SetPassword", &json!({ "ticket": ticket, "new_password": PASSWORD })).await;
    assert!(ok(&set).get("link_token").is_none(), "{set}");
    assert!(host.path("token").exists(), "the library keeps it");
    let got = host.call("Get", &json!({})).await;
    assert_eq!(ok(&got)["account"]["id"], id);
    assert_eq!(ok(&got)["account"]["city"], "", "a field that is empty is there");

    let change = |password: &str| {
        let account = json!({ "city": "N\u{ee}mes \u{1f40c}", "postal_code": "30000" });
        json!({ "account": account, "password": password })
    };
    let refused = host.call("Update", &change("un autre mot de passe")).await;
    assert_eq!(failed(&refused, "REJECTED")["reason"], "ERROR_REASON_INVALID_CREDENTIALS");
    assert_eq!(refused["error"]["code"], "UNAUTHENTICATED");
    let updated = host.call("Update", &change(PASSWORD)).await;
    assert_eq!(ok(&updated)["account"]["city"], "N\u{ee}mes \u{1f40c}");

    assert_eq!(ok(&host.call("ListTimeEntries", &json!({})).await)["entries"], json!([]));
    let resend = json!({ "request_id": uuid(7), "machine": machine_json(1) });
    let sent_again = host.call("ResendPassword", &resend).await;
    assert!(ok(&sent_again)["code_expire_time"].as_str().expect("a time").ends_with('Z'));
    let countries = host.call("ListCountries", &json!({})).await;
    assert!(ok(&countries)["countries"].as_array().expect("a list").len() > 200);
    let trades = host.call("SearchApeCodes", &json!({ "query": "boulangerie" })).await;
    assert!(!ok(&trades)["ape_codes"].as_array().expect("a list").is_empty(), "{trades}");
    ok(&host.call("GetPrivacyNotice", &json!({})).await);

    assert_eq!(host.call("Unlink", &json!({})).await, json!({ "ok": {} }));
    assert!(!host.path("token").exists(), "it is of no use any more");
    let refused = host.call("Get", &json!({})).await;
    assert_eq!(failed(&refused, "REJECTED")["reason"], "ERROR_REASON_INVALID_CREDENTIALS");

    let registration = json!({ "account_id": id, "secret": PASSWORD, "machine": machine_json(1) });
    let registered = host.call("RegisterExisting", &registration).await;
    assert!(ok(&registered).get("link_token").is_none(), "{registered}");
    // What has been done before connects to nothing anew, and tells that the machine is linked.
    assert_eq!(host.connect(&options).await, json!({ "ok": { "link_token_stored": true } }));
    assert_eq!(ok(&host.call("Get", &json!({})).await)["account"]["city"], "N\u{ee}mes \u{1f40c}");
    host.end().await;
}

#[tokio::test]
async fn a_person_is_told_in_the_language_of_the_options() {
    let home = Home::new();
    let server = ServerProcess::start(&home, &[]).await;
    let mut host = FfiHost::start();
    let mut options = ffi_options(&server.url(), &host.path("token"));
    options["locale"] = "en-GB".into();
    ok(&host.connect(&options).await);
    let refused = host.call("Get", &json!({})).await;
    assert!(says(failed(&refused, "REJECTED"), "text", "This machine"), "{refused}");
    let misused = host.call("Gett", &json!({})).await;
    assert!(says(failed(&misused, "USAGE"), "text", "Please tell support"), "{misused}");
    options["locale"] = "fr".into();
    ok(&host.connect(&options).await);
    let misused = host.call("Gett", &json!({})).await;
    assert!(says(failed(&misused, "USAGE"), "text", "Signalez-le"), "{misused}");
}
