//! Peppers: a stolen database alone is of no use, and one can follow another.

use gestan_account_client::{Code, v1, v1::ErrorReason};
use gestan_account_server::credentials::pepper::Peppers;
use gestan_account_tests::{
    PASSWORD, TestServer, TestServerOptions, assert_refused, machine, text,
};

const FIRST: &str = "2026:000102030405060708090a0b0c0d0e0f";
const SECOND: &str = "2027:f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff";

async fn start(peppers: &str, database_url: Option<String>) -> TestServer {
    let peppers =
        if peppers.is_empty() { Peppers::default() } else { peppers.parse().expect("peppers") };
    TestServer::start_with(TestServerOptions { peppers, database_url, ..Default::default() }).await
}

async fn register(
    server: &TestServer,
) -> Result<v1::RegisterExistingResponse, gestan_account_client::Error> {
    let request = v1::RegisterExistingRequest {
        account_id: 1,
        secret: PASSWORD.to_owned(),
        machine: Some(machine(2)),
    };
    let outcome = server.client.register_existing(request).await;
    server.deliver_mail().await;
    outcome
}

async fn stored_hash(server: &TestServer) -> String {
    text(server.db(), "SELECT password_hash FROM account").await.expect("a hash")
}

#[tokio::test]
async fn a_hash_is_renewed_when_peppers_come_and_change() {
    let bare = start("", None).await;
    let url = Some(bare.database_url().to_owned());
    bare.open_account("jeanne@exemple.fr", 1).await;
    let without = stored_hash(&bare).await;
    assert!(!without.contains("keyid"), "{without}");

    let first = start(FIRST, url.clone()).await;
    register(&first).await.expect("the password is right");
    let with_first = stored_hash(&first).await;
    assert!(with_first.contains("keyid=MjAyNg"), "{with_first}");

    let second = start(&format!("{SECOND}\n{FIRST}"), url.clone()).await;
    register(&second).await.expect("the older pepper is still known");
    let with_second = stored_hash(&second).await;
    assert!(with_second.contains("keyid=MjAyNw"), "{with_second}");

    let rotated = start(SECOND, url).await;
    register(&rotated).await.expect("the older pepper is no longer needed");
    assert_eq!(stored_hash(&rotated).await, with_second);
}

#[tokio::test]
async fn without_its_pepper_a_right_password_is_not_right_and_the_fault_is_ours() {
    let peppered = start(FIRST, None).await;
    let url = Some(peppered.database_url().to_owned());
    peppered.open_account("jeanne@exemple.fr", 1).await;
    let other = FIRST.replace("00", "ff");
    let wrong = start(&other, url.clone()).await;
    assert_refused(register(&wrong).await, Code::Unauthenticated, ErrorReason::InvalidCredentials);
    let missing = start(SECOND, url).await;
    assert_refused(register(&missing).await, Code::Internal, ErrorReason::Internal);
}

#[tokio::test]
async fn codes_take_the_pepper_too() {
    let server = start(FIRST, None).await;
    server.open_account("jeanne@exemple.fr", 1).await;
    let params = text(server.db(), "SELECT hash_params FROM challenge").await.expect("parameters");
    assert!(params.contains("keyid=MjAyNg"), "{params}");
}

#[test]
fn a_pepper_file_with_a_fault_is_refused_without_showing_it() {
    let secret = "000102030405060708090a0b0c0d0e0f";
    for (text, why) in [
        ("", "no pepper"),
        ("# nothing", "no pepper"),
        ("2026", "line 1: not of the form"),
        ("zu lang geraten:00", "line 1: the ID"),
        ("\n2026:00", "line 2: the pepper must have"),
        (&format!("2026:{secret}0g"), "line 1: the pepper is not hexadecimal"),
        (&format!("2026:{secret}0"), "line 1: the pepper is not hexadecimal"),
        (&format!("2026:{secret}\n2026:{secret}"), "line 2: this ID is there twice"),
    ] {
        let error = text.parse::<Peppers>().expect_err("a fault");
        assert!(error.contains(why), "{error}");
        assert!(!error.contains(secret));
    }
    let peppers: Peppers = format!("2026:{secret}").parse().expect("a pepper");
    assert_eq!(format!("{peppers:?}"), r#"Peppers(["2026"])"#);
}
