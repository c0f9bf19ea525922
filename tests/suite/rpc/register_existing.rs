//! RegisterExisting by password, and what it does to links.

use std::time::Duration;

use gestan_account_client::{
    Code, Error,
    v1::{self, ErrorReason, ViolationReason},
};
use gestan_account_server::domain::personal_code::PersonalCode;
use gestan_account_tests::{
    PASSWORD, TestServer, TestServerOptions, assert_refused, count, first_code, machine, raw_call,
    rows, text, violations,
};
use jiff::SignedDuration;
use tonic::metadata::MetadataMap;

const UNAUTHENTICATED: (Code, ErrorReason) =
    (Code::Unauthenticated, ErrorReason::InvalidCredentials);

fn request(account_id: u32, secret: &str, machine_number: u128) -> v1::RegisterExistingRequest {
    v1::RegisterExistingRequest {
        account_id,
        secret: secret.to_owned(),
        machine: Some(machine(machine_number)),
    }
}

#[tokio::test]
async fn the_password_links_another_machine_and_the_address_is_told() {
    let server = TestServer::start().await;
    let first = server.open_account("jeanne@exemple.fr", 1).await;
    let answer = server.client.register_existing(request(first.account_id, PASSWORD, 2)).await;
    let answer = answer.expect("it is linked");
    assert_eq!(answer.account.expect("an account"), first.account);
    assert_eq!(count(server.db(), "SELECT count(*) FROM link WHERE unlink_time IS NULL").await, 2);

    let notice = server.mail_to("jeanne@exemple.fr").await;
    assert_eq!(notice.subject, "Un poste a été rattaché à votre compte client Gestan");
    assert!(notice.text.contains("Caisse 2"), "{}", notice.text);
    assert_eq!(first_code(&notice.text), None);

    let second = server.client_with(&answer.link_token);
    let read = second.get(v1::GetRequest::default()).await.expect("the token works");
    let current: Vec<bool> = read.machines.iter().map(|machine| machine.current).collect();
    assert_eq!(current, [false, true]);
    assert_eq!(first.read().await.id, first.account_id, "the first machine is still linked");
}

#[tokio::test]
async fn an_unknown_id_and_a_wrong_secret_look_alike() {
    let server = TestServer::start().await;
    let member = server.open_account("jeanne@exemple.fr", 1).await;
    let code = PersonalCode::generate(&*server.accounts.randomness).display().to_string();
    let mut raw = raw_call::connect(&server).await;
    let mut refusals = Vec::new();
    for (id, secret) in [
        (member.account_id, "pas le bon mot de passe"),
        (member.account_id + 1, PASSWORD),
        (u32::MAX, PASSWORD),
        (member.account_id, code.as_str()),
        (member.account_id + 1, code.as_str()),
    ] {
        let status = raw.register_existing(request(id, secret, 2)).await.expect_err("it is wrong");
        let rejection = assert_refused(
            Err::<(), _>(Error::from(status.clone())),
            UNAUTHENTICATED.0,
            UNAUTHENTICATED.1,
        );
        assert!(rejection.violations().is_empty());
        refusals.push(status);
    }
    for other in &refusals[1..] {
        assert_eq!(raw_call::face(other), raw_call::face(&refusals[0]));
    }
    assert_eq!(count(server.db(), "SELECT count(*) FROM link").await, 1);
}

#[tokio::test]
async fn every_bad_field_is_told_in_one_answer() {
    let server = TestServer::start().await;
    let bad = v1::RegisterExistingRequest {
        account_id: 0,
        secret: String::new(),
        machine: Some(v1::Machine { id: "caisse".into(), name: " ".into() }),
    };
    let outcome = server.client.register_existing(bad).await;
    let rejection = assert_refused(outcome, Code::InvalidArgument, ErrorReason::InvalidRequest);
    assert_eq!(
        violations(&rejection),
        [
            ("account_id".to_owned(), ViolationReason::Malformed),
            ("secret".to_owned(), ViolationReason::Required),
            ("machine.id".to_owned(), ViolationReason::Malformed),
            ("machine.name".to_owned(), ViolationReason::Required),
        ]
    );
    let outcome = server.client.register_existing(v1::RegisterExistingRequest {
        machine: None,
        ..request(1, PASSWORD, 1)
    });
    let rejection =
        assert_refused(outcome.await, Code::InvalidArgument, ErrorReason::InvalidRequest);
    assert_eq!(violations(&rejection), [("machine".to_owned(), ViolationReason::Required)]);
}

#[tokio::test]
async fn registering_again_replaces_the_machines_token_and_name() {
    let server = TestServer::start().await;
    let before = server.open_account("jeanne@exemple.fr", 1).await;
    server.advance(SignedDuration::from_mins(5));
    let mut again = request(before.account_id, PASSWORD, 1);
    again.machine = Some(v1::Machine { name: "Comptoir".into(), ..machine(1) });
    let answer = server.client.register_existing(again).await.expect("it is linked");
    server.deliver_mail().await;
    assert_ne!(answer.link_token, before.link_token);

    let dead = before.client.get(v1::GetRequest::default()).await;
    assert_refused(dead, UNAUTHENTICATED.0, UNAUTHENTICATED.1);
    let read = server.client_with(&answer.link_token).get(v1::GetRequest::default()).await;
    let machines = read.expect("the new token works").machines;
    assert_eq!(machines.len(), 1);
    assert_eq!(machines[0].machine.as_ref().expect("a machine").name, "Comptoir");
    let link_time = machines[0].link_time.expect("a time").seconds;
    assert_eq!(link_time, before.account.create_time.expect("a time").seconds + 300);
    assert_eq!(count(server.db(), "SELECT count(*) FROM link").await, 1);
}

#[tokio::test]
async fn two_accounts_share_a_machine_id_and_neither_touches_the_others_link() {
    let server = TestServer::start().await;
    let jeanne = server.open_account("jeanne@exemple.fr", 1).await;
    let paul = server.open_account("paul@exemple.fr", 1).await;
    assert_ne!(jeanne.account_id, paul.account_id);
    let again = server.register(jeanne.account_id, 1).await;
    assert_eq!(again.read().await.email, "jeanne@exemple.fr");
    assert_eq!(paul.read().await.email, "paul@exemple.fr");
    let dead = jeanne.client.get(v1::GetRequest::default()).await;
    assert_refused(dead, UNAUTHENTICATED.0, UNAUTHENTICATED.1);

    again.unlink().await.expect("it is detached");
    assert_eq!(paul.read().await.email, "paul@exemple.fr");
}

#[tokio::test]
async fn a_hash_by_older_parameters_is_renewed_at_the_next_success() {
    const HASH: &str = "SELECT password_hash FROM account";
    let old = TestServer::start().await;
    let member = old.open_account("jeanne@exemple.fr", 1).await;
    let before = text(old.db(), HASH).await.expect("a hash");
    assert!(before.contains("m=64,t=1,p=1"), "{before}");

    let options = TestServerOptions {
        hash_params: (128, 2, 1),
        database_url: Some(old.database_url().to_owned()),
        ..Default::default()
    };
    let new = TestServer::start_with(options).await;
    let wrong = new.client.register_existing(request(member.account_id, "un autre texte", 2)).await;
    assert_refused(wrong, UNAUTHENTICATED.0, UNAUTHENTICATED.1);
    assert_eq!(text(new.db(), HASH).await.as_ref(), Some(&before), "a failure renews nothing");

    new.register(member.account_id, 2).await;
    let after = text(new.db(), HASH).await.expect("a hash");
    assert!(after.contains("m=128,t=2,p=1"), "{after}");
    new.register(member.account_id, 3).await;
    assert_eq!(text(new.db(), HASH).await, Some(after), "it is renewed once");
    old.register(member.account_id, 4).await;
}

#[tokio::test]
async fn a_full_hashing_queue_says_when_to_come_back_and_the_server_serves_on() {
    let options = TestServerOptions {
        hash_params: (32 * 1024, 3, 1),
        hash_threads: 1,
        hash_queue: 1,
        ..Default::default()
    };
    let server = TestServer::start_with(options).await;
    let member = server.open_account("jeanne@exemple.fr", 1).await;
    let raw = raw_call::connect(&server).await;
    let calls: Vec<_> = (2..14)
        .map(|number| {
            let (mut raw, id) = (raw.clone(), member.account_id);
            tokio::spawn(async move { raw.register_existing(request(id, PASSWORD, number)).await })
        })
        .collect();
    let (mut linked, mut busy) = (0, 0);
    for call in calls {
        match call.await.expect("the call ends") {
            Ok(_) => linked += 1,
            Err(status) => {
                busy += 1;
                let pushback = pushback_millis(status.metadata());
                let (code, reason) = (Code::ResourceExhausted, ErrorReason::HashingBusy);
                let rejection = assert_refused(Err::<(), _>(Error::from(status)), code, reason);
                let delay = rejection.retry_delay().expect("a delay");
                assert!(delay >= Duration::from_millis(50), "{delay:?}");
                assert_eq!(Some(delay.as_millis()), pushback);
            }
        }
    }
    assert!(linked > 0 && busy > 0, "{linked} linked, {busy} refused");
    let links = rows(server.db(), "SELECT id FROM link").await.len();
    assert_eq!(links, 1 + linked, "who was refused is not linked");
    server.register(member.account_id, 20).await;
}

fn pushback_millis(metadata: &MetadataMap) -> Option<u128> {
    metadata.get("grpc-retry-pushback-ms")?.to_str().ok()?.parse().ok()
}
