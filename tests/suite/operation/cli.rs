//! The commands that an operator types.

use gestan_account_client::{ClientOptions, LinkToken, v1};
use gestan_account_tests::process::{Ended, Home, ServerProcess, run_to_end};

async fn run(home: &Home, arguments: &[&str]) -> Ended {
    run_to_end(home.command().args(arguments)).await
}

/// Why `Get` of an account that does not exist is refused: a live key may ask,
/// and the request is at fault when it names none.
async fn reason(server: &ServerProcess, key: &str) -> Option<v1::ErrorReason> {
    let key = LinkToken::parse(key).expect("a key");
    let client = server.connect(ClientOptions::new()).await.with_link_token(&key);
    client.get(v1::GetRequest::default()).await.expect_err("there is no account").reason()
}

#[tokio::test]
async fn a_support_key_lives_from_create_to_revoke() {
    let home = Home::new();
    // The command works on a database that a server is using.
    let server = ServerProcess::start(&home, &[]).await;
    let created = run(&home, &["support-key", "create", "Hotline Lille"]).await;
    assert!(created.status.success(), "{}", created.log);
    let key = created.printed.trim();
    assert_eq!(created.printed.lines().count(), 1, "only the key is printed");
    assert!(!created.log.contains(key), "the key is in the log");
    assert_eq!(reason(&server, key).await, Some(v1::ErrorReason::InvalidRequest));

    let listed = run(&home, &["support-key", "list"]).await;
    assert!(listed.printed.contains("Hotline Lille"), "{}", listed.printed);
    assert!(listed.printed.trim_end().ends_with("alive"), "{}", listed.printed);
    assert!(!listed.printed.contains(key), "a key is shown once");
    let id = listed.printed.split('\t').next().expect("a number").to_owned();

    let revoked = run(&home, &["support-key", "revoke", &id]).await;
    assert!(revoked.status.success(), "{}", revoked.log);
    assert_eq!(reason(&server, key).await, Some(v1::ErrorReason::InvalidCredentials));
    let listed = run(&home, &["support-key", "list"]).await;
    assert!(listed.printed.contains("revoked"), "{}", listed.printed);
    let again = run(&home, &["support-key", "revoke", &id]).await;
    assert!(!again.status.success());
    assert!(again.log.contains("no support key"), "{}", again.log);
}

#[tokio::test]
async fn a_support_key_needs_a_name() {
    let home = Home::new();
    for name in ["", "  ", &"x".repeat(101)] {
        let ended = run(&home, &["support-key", "create", name]).await;
        assert!(!ended.status.success(), "{name:?} is accepted");
        assert_eq!(ended.printed, "");
    }
}

#[tokio::test]
async fn what_cannot_be_parsed_is_refused_with_the_name_of_the_setting() {
    let home = Home::new();
    for (flag, value) in [
        ("--listen", "nowhere"),
        ("--code-lifetime", "0s"),
        ("--mail-lease", "-1s"),
        ("--time-zone", "Europe/Atlantis"),
        ("--database-connections", "0"),
        ("--hash-threads", "0"),
        ("--log-format", "xml"),
    ] {
        // With "=", so that "-1s" is not taken for another flag.
        let ended = run(&home, &[&format!("{flag}={value}")]).await;
        assert_eq!(ended.status.code(), Some(2), "{flag} {value}: {}", ended.log);
        assert!(ended.log.contains(flag), "{flag} {value}: {}", ended.log);
    }
    assert!(!home.path().join("data").exists(), "nothing was made");
}
