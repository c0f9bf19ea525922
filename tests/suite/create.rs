//! Create: asks for the proof of a mailbox, and tells nobody anything.

use std::collections::HashSet;

use gestan_account_client::{
    Client, ClientOptions, Code, Error,
    v1::{self, ErrorReason, ViolationReason as Why},
};
use gestan_account_tests::{
    TestServer, assert_refused, code_in, count, first_code, machine, text, uuid, violations,
};

const EMAIL: &str = "jeanne@exemple.fr";

fn request(number: u128, email: &str) -> v1::CreateRequest {
    v1::CreateRequest {
        request_id: uuid(number),
        email: email.to_owned(),
        machine: Some(machine(number)),
        ..Default::default()
    }
}

fn profile() -> v1::Account {
    v1::Account {
        company_name: " Cave Dupont ".to_owned(),
        last_name: "Dupont".to_owned(),
        first_name: "Jeanne".to_owned(),
        address: "12, rue du Port\r\nBâtiment B".to_owned(),
        postal_code: "44 000".to_owned(),
        city: "Nantes".to_owned(),
        phone: "01-58-90-49-77".to_owned(),
        ape_code: "11.07b".to_owned(),
        ..Default::default()
    }
}

async fn bad_fields(client: &Client, request: v1::CreateRequest) -> Vec<(String, Why)> {
    let outcome = client.create(request).await;
    let reason = ErrorReason::InvalidRequest;
    violations(&assert_refused(outcome, Code::InvalidArgument, reason))
}

#[tokio::test]
async fn create_leads_through_confirm_and_set_password_to_a_linked_machine() {
    let server = TestServer::start().await;
    let member = server.open_account(EMAIL, 1).await;
    let answer = member.client.get(v1::GetRequest::default()).await.expect("Get is answered");
    assert_eq!(answer.account.expect("an account").email, EMAIL);
    assert_eq!(answer.machines.len(), 1);
    assert!(answer.machines[0].current);
    assert_eq!(count(server.db(), "SELECT count(*) FROM account").await, 1);
}

#[tokio::test]
async fn create_makes_no_account_and_mails_a_code() {
    let server = TestServer::start().await;
    let created = server.client.create(request(1, EMAIL)).await.expect("it is answered");
    let now = server.accounts.clock.now().as_second();
    assert_eq!(created.code_expire_time.expect("a time").seconds, now + 24 * 3600);
    assert_eq!(created.resend_time.expect("a time").seconds, now + 60);
    assert_eq!(count(server.db(), "SELECT count(*) FROM account").await, 0);
    assert_eq!(count(server.db(), "SELECT count(*) FROM personal_code").await, 0);
    let mail = server.mail_to(EMAIL).await;
    assert_eq!(mail.subject, "Votre code pour ouvrir votre compte client Gestan");
    assert!(mail.text.contains("Caisse 1"), "{}", mail.text);
    assert!(first_code(&mail.text).is_some());
    assert_eq!(count(server.db(), "SELECT count(*) FROM account").await, 0);
    assert_eq!(count(server.db(), "SELECT count(*) FROM personal_code").await, 1);
}

#[tokio::test]
async fn create_takes_the_profile_along_as_it_is_parsed() {
    let server = TestServer::start().await;
    let create = v1::CreateRequest { profile: Some(profile()), ..request(1, EMAIL) };
    let created = server.client.create(create).await.expect("it is answered");
    let code = server.code_to(EMAIL).await;
    let confirmed = server.confirm(&created.challenge_id, &code).await;
    let set = server.set_password(&confirmed.ticket, gestan_account_tests::PASSWORD).await;
    let account = set.account.expect("an account");
    assert_eq!(account.company_name, "Cave Dupont");
    assert_eq!(account.address, "12, rue du Port\nBâtiment B");
    assert_eq!(account.postal_code, "44000");
    assert_eq!(account.country_code, "FRA");
    assert_eq!(account.phone, "01-58-90-49-77");
    assert_eq!(account.ape_code, "1107B");
    let e164 = text(server.db(), "SELECT phone_e164 FROM account").await;
    assert_eq!(e164.as_deref(), Some("+33158904977"));
    server.deliver_mail().await;
}

#[tokio::test]
async fn create_for_an_address_with_an_account_leads_on_to_that_account_and_changes_nothing() {
    let server = TestServer::start().await;
    let member = server.open_account(EMAIL, 1).await;
    let create = v1::CreateRequest { profile: Some(profile()), ..request(2, "Jeanne@Exemple.FR") };
    let created = server.client.create(create).await.expect("it is answered");
    let mail = server.mail_to(EMAIL).await;
    assert!(mail.text.contains(&member.account_id.to_string()), "{}", mail.text);
    assert!(mail.text.contains("déjà"), "{}", mail.text);
    let confirmed = server.confirm(&created.challenge_id, &code_in(&mail.text)).await;
    assert_eq!((confirmed.account_id, confirmed.account_existed), (member.account_id, true));
    server.set_password(&confirmed.ticket, "douze lampes pour la fanfare").await;
    let read = member.read().await;
    assert_eq!(read, member.account, "the profile changed the account that was there");
    let answer = member.client.get(v1::GetRequest::default()).await.expect("Get is answered");
    assert_eq!(answer.machines.len(), 2);
    server.deliver_mail().await;
}

#[tokio::test]
async fn create_repeated_with_its_request_id_has_one_answer_and_one_mail() {
    let server = TestServer::start().await;
    let calls = (0..20).map(|_| {
        let client = server.client.clone();
        tokio::spawn(async move { client.create(request(1, EMAIL)).await })
    });
    let mut answers = HashSet::new();
    for call in calls.collect::<Vec<_>>() {
        let created = call.await.expect("no panic").expect("it is answered");
        answers.insert((created.challenge_id, created.code_expire_time, created.resend_time));
    }
    server.advance(jiff::SignedDuration::from_hours(1));
    let late = server.client.create(request(1, EMAIL)).await.expect("it is answered");
    answers.insert((late.challenge_id, late.code_expire_time, late.resend_time));
    assert_eq!(answers.len(), 1);
    assert_eq!(server.deliver_mail().await, 1);
    assert_eq!(count(server.db(), "SELECT count(*) FROM challenge").await, 1);
}

#[tokio::test]
async fn create_refuses_a_request_id_that_was_used_for_something_else() {
    let server = TestServer::start().await;
    server.client.create(request(1, EMAIL)).await.expect("it is answered");
    let other = v1::CreateRequest { email: "autre@exemple.fr".to_owned(), ..request(1, EMAIL) };
    let bad = bad_fields(&server.client, other).await;
    assert_eq!(bad, [("request_id".to_owned(), Why::RequestIdReused)]);
    assert_eq!(server.deliver_mail().await, 1);
}

#[tokio::test]
async fn a_hundred_creates_of_one_address_make_one_account() {
    let server = TestServer::start().await;
    let calls = (1..=100).map(|number| {
        let client = server.client.clone();
        tokio::spawn(async move { client.create(request(number, EMAIL)).await })
    });
    let mut challenges = Vec::new();
    for call in calls.collect::<Vec<_>>() {
        challenges.push(call.await.expect("no panic").expect("it is answered").challenge_id);
    }
    assert_eq!(server.deliver_mail().await, 100);
    let codes: Vec<String> = server.mails().iter().map(|mail| code_in(&mail.text)).collect();
    // Whose code belongs to which challenge, only the customer knows: each tries its own mails.
    let confirms = challenges.into_iter().flat_map(|challenge_id| {
        let (client, codes) = (server.client.clone(), codes.clone());
        let machine_id = challenge_id.clone();
        [tokio::spawn(async move {
            let mut accounts = Vec::new();
            for code in codes.into_iter().take(3) {
                let request = v1::ConfirmRequest { challenge_id: machine_id.clone(), code };
                accounts.extend(client.confirm(request).await.ok().map(|c| c.account_id));
            }
            accounts
        })]
    });
    let mut accounts = HashSet::new();
    for confirm in confirms.collect::<Vec<_>>() {
        accounts.extend(confirm.await.expect("no panic"));
    }
    assert_eq!(accounts.len(), 1);
    assert_eq!(count(server.db(), "SELECT count(*) FROM account").await, 1);
}

#[tokio::test]
async fn create_names_every_bad_field_at_once() {
    let server = TestServer::start().await;
    let bad = v1::CreateRequest {
        request_id: "nicht so".to_owned(),
        email: "jeanne@localhost".to_owned(),
        machine: Some(v1::Machine { id: String::new(), name: "Caisse\u{7}1".to_owned() }),
        locale: "f".repeat(36),
        profile: Some(v1::Account {
            id: 7,
            etag: "v1".to_owned(),
            company_name: "x".repeat(121),
            country_code: "FRX".to_owned(),
            postal_code: "4400".to_owned(),
            phone: "3949".to_owned(),
            ape_code: "0000Z".to_owned(),
            ..Default::default()
        }),
    };
    let expected = [
        ("request_id", Why::Malformed),
        ("email", Why::InvalidEmail),
        ("machine.id", Why::Required),
        ("machine.name", Why::ControlCharacter),
        ("locale", Why::TooLong),
        ("profile.id", Why::ReadOnly),
        ("profile.etag", Why::ReadOnly),
        ("profile.company_name", Why::TooLong),
        ("profile.country_code", Why::UnknownCountry),
        ("profile.phone", Why::InvalidPhone),
        ("profile.postal_code", Why::InvalidPostalCode),
        ("profile.ape_code", Why::UnknownApeCode),
    ];
    let expected: Vec<_> = expected.map(|(field, why)| (field.to_owned(), why)).into();
    assert_eq!(bad_fields(&server.client, bad).await, expected);
    let nothing = bad_fields(&server.client, v1::CreateRequest::default()).await;
    let required =
        ["request_id", "email", "machine"].map(|field| (field.to_owned(), Why::Required));
    assert_eq!(nothing, required);
    assert_eq!(count(server.db(), "SELECT count(*) FROM challenge").await, 0);
}

#[tokio::test]
async fn create_speaks_the_language_of_the_request_then_of_the_call_then_french() {
    let server = TestServer::start().await;
    let english = server.connect(ClientOptions::new().locale("en-GB").max_attempts(1)).await;
    let words = |outcome: Result<v1::CreateResponse, Error>| {
        let reason = ErrorReason::InvalidRequest;
        let rejection = assert_refused(outcome, Code::InvalidArgument, reason);
        (rejection.message().to_owned(), rejection.violations()[0].description.clone())
    };
    let empty = |locale: &str| v1::CreateRequest {
        locale: locale.to_owned(),
        email: String::new(),
        ..request(1, "")
    };
    let (message, description) = words(server.client.create(empty("")).await);
    assert_eq!(message, "Certains champs sont à corriger.");
    assert_eq!(description, "Ce champ est obligatoire.");
    for outcome in [server.client.create(empty("en-US")).await, english.create(empty("")).await] {
        let (message, description) = words(outcome);
        assert_eq!(message, "Some fields need to be corrected.");
        assert_eq!(description, "This field is required.");
    }
    let (message, _) = words(english.create(empty("fr-FR")).await);
    assert_eq!(message, "Certains champs sont à corriger.");
}

#[tokio::test]
async fn create_mails_an_international_domain_in_ascii_and_shows_it_as_typed() {
    let server = TestServer::start().await;
    let created = server.client.create(request(1, "Jean@été.fr")).await.expect("it is answered");
    server.deliver_mail().await;
    let mail = server.mails().pop().expect("a mail");
    assert_eq!(mail.to, "Jean@xn--t-9fab.fr");
    let confirmed = server.confirm(&created.challenge_id, &code_in(&mail.text)).await;
    let set = server.set_password(&confirmed.ticket, gestan_account_tests::PASSWORD).await;
    assert_eq!(set.account.expect("an account").email, "Jean@été.fr");
    server.deliver_mail().await;
}

#[tokio::test]
async fn create_refuses_a_request_over_64_kib_and_serves_on() {
    let server = TestServer::start().await;
    let huge = v1::CreateRequest { email: "x".repeat(70_000), ..request(1, EMAIL) };
    let error = server.client.create(huge).await.expect_err("it is too large");
    assert!(matches!(error, Error::Unexpected { code: Code::OutOfRange, .. }), "{error:?}");
    server.client.create(request(2, EMAIL)).await.expect("it is answered");
    let mail = server.mail_to(EMAIL).await;
    assert!(first_code(&mail.text).is_some());
}
