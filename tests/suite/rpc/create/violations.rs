//! Create with bad fields.

use gestan_account_client::{
    ClientOptions, Code, Timestamp,
    v1::{self, ErrorReason, ViolationReason},
};
use gestan_account_tests::{Stored, TestServer, assert_refused, stored, uuid, violations};

use super::request;

async fn refusal(
    server: &TestServer,
    create: v1::CreateRequest,
) -> gestan_account_client::Rejection {
    let outcome = server.client.create(create).await;
    let rejection = assert_refused(outcome, Code::InvalidArgument, ErrorReason::InvalidRequest);
    assert_eq!(stored(server).await, Stored::default(), "a refused call stores nothing");
    rejection
}

fn sorted(rejection: &gestan_account_client::Rejection) -> Vec<(String, ViolationReason)> {
    let mut violations = violations(rejection);
    violations.sort_by(|left, right| left.0.cmp(&right.0));
    violations
}

fn named(expected: &[(&str, ViolationReason)]) -> Vec<(String, ViolationReason)> {
    let mut expected: Vec<_> =
        expected.iter().map(|(field, reason)| ((*field).to_owned(), *reason)).collect();
    expected.sort_by(|left, right| left.0.cmp(&right.0));
    expected
}

#[tokio::test]
async fn create_names_every_bad_field_in_one_answer() {
    let server = TestServer::start().await;
    let profile = v1::Account {
        id: 7,
        etag: "x".to_owned(),
        email: String::new(),
        pending_email: "autre@exemple.fr".to_owned(),
        company_name: "c".repeat(121),
        last_name: "Du\u{7}pont".to_owned(),
        first_name: "p".repeat(81),
        address: "1 rue\tHaute".to_owned(),
        postal_code: "7500".to_owned(),
        city: "v".repeat(101),
        country_code: "ZZZ".to_owned(),
        phone: "01-58".to_owned(),
        ape_code: "9999Z".to_owned(),
        create_time: Some(Timestamp::default()),
        update_time: Some(Timestamp::default()),
    };
    let create = v1::CreateRequest {
        request_id: "0198-nope".to_owned(),
        email: "jeanne à exemple.fr".to_owned(),
        machine: Some(v1::Machine { id: "7".to_owned(), name: "Caisse\n1".to_owned() }),
        locale: "français !".to_owned(),
        profile: Some(profile),
    };
    let rejection = refusal(&server, create).await;
    let fields: Vec<_> = sorted(&rejection);
    let expected = named(&[
        ("request_id", ViolationReason::Malformed),
        ("email", ViolationReason::InvalidEmail),
        ("machine.id", ViolationReason::Malformed),
        ("machine.name", ViolationReason::ControlCharacter),
        ("locale", ViolationReason::Malformed),
        ("profile.id", ViolationReason::ReadOnly),
        ("profile.etag", ViolationReason::ReadOnly),
        ("profile.pending_email", ViolationReason::ReadOnly),
        ("profile.create_time", ViolationReason::ReadOnly),
        ("profile.update_time", ViolationReason::ReadOnly),
    ]);
    assert_eq!(fields, expected);
    assert!(rejection.violations().iter().all(|violation| !violation.description.is_empty()));
}

#[tokio::test]
async fn create_asks_for_what_is_missing() {
    let server = TestServer::start().await;
    let rejection = refusal(&server, v1::CreateRequest::default()).await;
    let required = ViolationReason::Required;
    let expected = named(&[("request_id", required), ("email", required), ("machine", required)]);
    assert_eq!(sorted(&rejection), expected);

    let nameless = v1::Machine { id: String::new(), name: " \u{a0} ".to_owned() };
    let create = v1::CreateRequest { machine: Some(nameless), ..request("jeanne@exemple.fr", 1) };
    let rejection = refusal(&server, create).await;
    assert_eq!(sorted(&rejection), named(&[("machine.id", required), ("machine.name", required)]));
}

#[tokio::test]
async fn create_refuses_texts_beyond_their_bounds_and_takes_those_within() {
    let server = TestServer::start().await;
    let address = |last_label: usize| {
        let (local, label, last) = ("j".repeat(64), "d".repeat(63), "e".repeat(last_label));
        format!("{local}@{label}.{label}.{last}.fr")
    };
    let (longest, too_long) = (address(58), address(59));
    assert_eq!(longest.len(), 254);
    let create = v1::CreateRequest {
        machine: Some(v1::Machine { id: uuid(1), name: "é".repeat(101) }),
        locale: "fr-".to_owned() + &"abcdefgh-".repeat(4),
        ..request(&too_long, 1)
    };
    let rejection = refusal(&server, create).await;
    let reason = ViolationReason::TooLong;
    let expected = named(&[("email", reason), ("machine.name", reason), ("locale", reason)]);
    assert_eq!(sorted(&rejection), expected);

    let create = v1::CreateRequest {
        machine: Some(v1::Machine { id: uuid(1), name: "é".repeat(100) }),
        locale: "fr-abcdefgh-abcdefgh-abcdefgh-abcde".to_owned(),
        ..request(&longest, 1)
    };
    server.client.create(create).await.expect("all within bounds");
    assert_eq!(server.deliver_mail().await, 1);
}

#[tokio::test]
async fn create_refuses_a_machine_name_that_could_mislead_the_reader_of_the_mail() {
    let server = TestServer::start().await;
    for name in ["Caisse\u{0}1", "Caisse\r\n1", "Caisse \u{202e}1 essiaC", "Caisse\u{2028}1"] {
        let machine = v1::Machine { id: uuid(1), name: name.to_owned() };
        let create =
            v1::CreateRequest { machine: Some(machine), ..request("jeanne@exemple.fr", 1) };
        let rejection = refusal(&server, create).await;
        let expected = named(&[("machine.name", ViolationReason::ControlCharacter)]);
        assert_eq!(sorted(&rejection), expected, "{name:?}");
    }
}

#[tokio::test]
async fn create_refuses_addresses_that_mail_cannot_be_sent_to() {
    let server = TestServer::start().await;
    let bad = [
        "jeanne",
        "@exemple.fr",
        "jeanne@",
        "jeanne@localhost",
        "jeanne@[192.0.2.1]",
        "jeanne@exemple..fr",
        "jeanne m@exemple.fr",
        "a@b@exemple.fr",
        "jeanne@exemple.fr\r\nBcc: x@y.fr",
        "Jeanne <jeanne@exemple.fr>",
        "jeanne@-exemple.fr",
        ".jeanne@exemple.fr",
        "\"jeanne m\"@exemple.fr",
    ];
    for email in bad {
        let rejection = refusal(&server, request(email, 1)).await;
        assert_eq!(
            sorted(&rejection),
            named(&[("email", ViolationReason::InvalidEmail)]),
            "{email:?}"
        );
    }
}

#[tokio::test]
async fn create_says_what_is_wrong_in_the_callers_language() {
    const FRENCH: (&str, &str) = (
        "Certains champs sont à corriger.",
        "Cette adresse de courriel n’est pas valable : vérifiez-la, par exemple nom@exemple.fr.",
    );
    const ENGLISH: (&str, &str) = (
        "Some fields need to be corrected.",
        "This e-mail address is not valid: check it, for example name@example.com.",
    );
    let server = TestServer::start().await;
    let cases = [
        ("", "", FRENCH),
        ("en", "", ENGLISH),
        ("en-US", "", ENGLISH),
        ("de-DE", "", FRENCH),
        ("", "en-GB", ENGLISH),
        ("", "de, en;q=0.8, fr;q=0.5", ENGLISH),
        ("", "fr-FR, en;q=0.8", FRENCH),
        ("fr", "en", FRENCH),
        ("en", "fr", ENGLISH),
    ];
    for (locale, accept_language, (message, description)) in cases {
        let options = ClientOptions::new().max_attempts(1).locale(accept_language);
        let client = server.connect(options).await;
        let create = v1::CreateRequest { locale: locale.to_owned(), ..request("jeanne", 1) };
        let outcome = client.create(create).await;
        let rejection = assert_refused(outcome, Code::InvalidArgument, ErrorReason::InvalidRequest);
        let case = (locale, accept_language);
        assert_eq!(rejection.message(), message, "{case:?}");
        let descriptions: Vec<_> =
            rejection.violations().iter().map(|violation| &*violation.description).collect();
        assert_eq!(descriptions, [description], "{case:?}");
    }
}

#[tokio::test]
async fn create_refuses_a_huge_request_and_the_server_goes_on_serving() {
    let server = TestServer::start().await;
    let profile = v1::Account { address: "a".repeat(70 * 1024), ..Default::default() };
    let create = v1::CreateRequest { profile: Some(profile), ..request("jeanne@exemple.fr", 1) };
    let outcome = server.client.create(create).await;
    // It is refused unread, so no field is named.
    let rejection = assert_refused(outcome, Code::InvalidArgument, ErrorReason::RequestTooLarge);
    assert_eq!(violations(&rejection), []);
    assert_eq!(stored(&server).await, Stored::default());

    let profile = v1::Account { address: "a".repeat(60 * 1024), ..Default::default() };
    let create = v1::CreateRequest { profile: Some(profile), ..request("jeanne@exemple.fr", 1) };
    let created = server.client.create(create).await.expect("it fits, and is left out");
    assert_eq!(created.skipped_profile_fields, ["profile.address"]);
    assert_eq!(server.deliver_mail().await, 1);
}
