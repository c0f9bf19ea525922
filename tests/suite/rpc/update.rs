//! Update of the form: masks, values, and what may not be written.

use gestan_account_client::{
    Code,
    v1::{self, Account, ErrorReason, ViolationReason},
};
use gestan_account_tests::{
    Member, PASSWORD, TestServer, assert_refused, change, count, text, violations,
};
use jiff::SignedDuration;

/// A form with every field filled in, but for the address of e-mail.
fn filled() -> Account {
    Account {
        company_name: "Boulangerie Martin".into(),
        last_name: "Martin".into(),
        first_name: "Jeanne".into(),
        address: "12 rue des Lilas".into(),
        postal_code: "69001".into(),
        city: "Lyon".into(),
        country_code: "FRA".into(),
        phone: "01-58-90-49-77".into(),
        ape_code: "1071C".into(),
        ..Default::default()
    }
}

/// The form of an answer: what `filled` fills in.
fn form(account: &Account) -> Account {
    Account {
        id: 0,
        etag: String::new(),
        email: String::new(),
        pending_email: String::new(),
        create_time: None,
        update_time: None,
        ..account.clone()
    }
}

/// An account with every field filled in.
async fn open_filled(server: &TestServer) -> (Member, Account) {
    let member = server.open_account("jeanne@exemple.fr", 1).await;
    let stored = member.update(change(&[], filled())).await.account;
    let account = member.read().await;
    assert_eq!(stored.as_ref(), Some(&account));
    (member, account)
}

#[tokio::test]
async fn an_empty_mask_changes_every_field_that_is_set() {
    let server = TestServer::start().await;
    let (member, account) = open_filled(&server).await;
    assert_eq!(form(&account), filled());
    assert_eq!(
        text(server.db(), "SELECT phone_e164 FROM account").await.as_deref(),
        Some("+33158904977")
    );

    let only_city = Account { city: "Villeurbanne".into(), ..Default::default() };
    let account = member.update(change(&[], only_city)).await.account.expect("an account");
    assert_eq!(form(&account), Account { city: "Villeurbanne".into(), ..filled() });
}

#[tokio::test]
async fn a_mask_changes_its_fields_only() {
    let server = TestServer::start().await;
    let (member, _) = open_filled(&server).await;
    let all_different = Account {
        company_name: "Autre".into(),
        last_name: "Autre".into(),
        first_name: "Paul".into(),
        city: "Nantes".into(),
        ..Default::default()
    };
    let request = change(&["city", "first_name"], all_different);
    let account = member.update(request).await.account.expect("an account");
    let expected = Account { city: "Nantes".into(), first_name: "Paul".into(), ..filled() };
    assert_eq!(form(&account), expected);
    assert_eq!(form(&member.read().await), expected);
}

#[tokio::test]
async fn a_mask_clears_the_fields_that_are_not_set() {
    let server = TestServer::start().await;
    let (member, _) = open_filled(&server).await;
    let paths = [
        "company_name",
        "last_name",
        "first_name",
        "address",
        "postal_code",
        "city",
        "phone",
        "ape_code",
    ];
    let account = member.update(change(&paths, Account::default())).await.account;
    let cleared = Account { country_code: "FRA".into(), ..Default::default() };
    assert_eq!(form(&account.expect("an account")), cleared);
    assert_eq!(text(server.db(), "SELECT phone_e164 FROM account").await, None);
    assert_eq!(text(server.db(), "SELECT ape_version FROM account").await, None);
}

#[tokio::test]
async fn country_and_address_of_e_mail_cannot_be_emptied() {
    let server = TestServer::start().await;
    let (member, before) = open_filled(&server).await;
    let outcome = member.client.update(change(&["country_code", "email"], Account::default()));
    let rejection =
        assert_refused(outcome.await, Code::InvalidArgument, ErrorReason::InvalidRequest);
    let mut fields = violations(&rejection);
    fields.sort();
    assert_eq!(
        fields,
        [
            ("account.country_code".to_owned(), ViolationReason::Required),
            ("account.email".to_owned(), ViolationReason::Required),
        ]
    );
    assert_eq!(member.read().await, before);
}

#[tokio::test]
async fn unknown_and_read_only_paths_are_refused_by_name_together_with_bad_values() {
    let server = TestServer::start().await;
    let (member, before) = open_filled(&server).await;
    let paths = [
        "id",
        "etag",
        "pending_email",
        "create_time",
        "update_time",
        "couleur",
        "account.city",
        "City",
        "",
        "city",
        "phone",
        "ape_code",
        "postal_code",
        "company_name",
    ];
    let values = Account {
        city: "Nan\u{7}tes".into(),
        phone: "3949".into(),
        ape_code: "9999Z".into(),
        postal_code: "1234".into(),
        company_name: "x".repeat(121),
        ..Default::default()
    };
    let mut request = change(&paths, values);
    request.password.clear();
    let outcome = member.client.update(request).await;
    let rejection = assert_refused(outcome, Code::InvalidArgument, ErrorReason::InvalidRequest);
    let of_mask: Vec<_> = rejection
        .violations()
        .iter()
        .filter(|violation| violation.field == "update_mask")
        .map(|violation| (violation.reason, violation.description.as_str()))
        .collect();
    assert_eq!(of_mask.len(), 9);
    for (path, (reason, description)) in paths.iter().zip(of_mask) {
        let read_only =
            ["id", "etag", "pending_email", "create_time", "update_time"].contains(path);
        let expected =
            if read_only { ViolationReason::ReadOnly } else { ViolationReason::UnknownField };
        assert_eq!(reason, expected, "{path}");
        assert!(description.contains(&format!("« {path} »")), "{description}");
    }
    let mut others = violations(&rejection);
    others.retain(|(field, _)| field != "update_mask");
    others.sort();
    let expected = [
        ("account.ape_code", ViolationReason::UnknownApeCode),
        ("account.city", ViolationReason::ControlCharacter),
        ("account.company_name", ViolationReason::TooLong),
        ("account.phone", ViolationReason::InvalidPhone),
        ("account.postal_code", ViolationReason::InvalidPostalCode),
        ("password", ViolationReason::Required),
    ];
    assert_eq!(others, expected.map(|(field, reason)| (field.to_owned(), reason)));
    assert_eq!(member.read().await, before, "all or nothing");
}

#[tokio::test]
async fn a_refusal_of_many_paths_fits_into_what_clients_take() {
    let server = TestServer::start().await;
    let member = server.open_account("jeanne@exemple.fr", 1).await;

    let path = "\u{1f600}".repeat(32);
    let long = path.repeat(2);
    let paths = vec![long.as_str(); 200];
    let refused = member.client.update(change(&paths, Account::default())).await;
    let rejection = assert_refused(refused, Code::InvalidArgument, ErrorReason::InvalidRequest);
    let named = rejection.violations();
    assert!((3..20).contains(&named.len()), "{} violations", named.len());
    assert!(named.iter().all(|violation| violation.description.contains(&path)));
}

#[tokio::test]
async fn a_request_without_an_account_is_refused() {
    let server = TestServer::start().await;
    let member = server.open_account("jeanne@exemple.fr", 1).await;
    let request = v1::UpdateRequest { password: PASSWORD.into(), ..Default::default() };
    let outcome = member.client.update(request).await;
    let rejection = assert_refused(outcome, Code::InvalidArgument, ErrorReason::InvalidRequest);
    assert_eq!(violations(&rejection), [("account".to_owned(), ViolationReason::Required)]);
}

#[tokio::test]
async fn the_rules_of_france_hold_in_france_only() {
    let server = TestServer::start().await;
    let member = server.open_account("jeanne@exemple.fr", 1).await;
    let values = Account {
        postal_code: "SW1A 1AA".into(),
        ape_code: "retail".into(),
        phone: "020 7946 0958".into(),
        ..Default::default()
    };
    let outcome = member.client.update(change(&[], values.clone())).await;
    let rejection = assert_refused(outcome, Code::InvalidArgument, ErrorReason::InvalidRequest);
    assert_eq!(violations(&rejection).len(), 3, "{rejection}");
    let british = Account { country_code: "GBR".into(), ..values };
    let account = member.update(change(&[], british.clone())).await.account.expect("an account");
    assert_eq!(form(&account), british);
    assert_eq!(
        text(server.db(), "SELECT phone_e164 FROM account").await.as_deref(),
        Some("+442079460958")
    );
}

#[tokio::test]
async fn line_breaks_of_the_address_are_kept_as_line_feeds() {
    let server = TestServer::start().await;
    let member = server.open_account("jeanne@exemple.fr", 1).await;
    let typed = "  Bâtiment B\r\n12 rue des Lilas\rPorte 3\n\nfond de cour\r\n ";
    let values = Account { address: typed.into(), ..Default::default() };
    let account = member.update(change(&[], values)).await.account.expect("an account");
    let kept = "Bâtiment B\n12 rue des Lilas\nPorte 3\n\nfond de cour";
    assert_eq!(account.address, kept);
    assert_eq!(text(server.db(), "SELECT address FROM account").await.as_deref(), Some(kept));

    let values = Account { city: "Lyon\nFrance".into(), ..Default::default() };
    let outcome = member.client.update(change(&[], values)).await;
    let rejection = assert_refused(outcome, Code::InvalidArgument, ErrorReason::InvalidRequest);
    let expected = [("account.city".to_owned(), ViolationReason::ControlCharacter)];
    assert_eq!(violations(&rejection), expected);
}

#[tokio::test]
async fn a_change_moves_etag_and_update_time_and_only_a_change_does() {
    let server = TestServer::start().await;
    let (member, before) = open_filled(&server).await;
    server.advance(SignedDuration::from_hours(1));
    let same = member.update(change(&[], filled())).await.account.expect("an account");
    assert_eq!(same, before, "the same values are no change");
    assert_eq!(member.update(change(&[], Account::default())).await.account, Some(before.clone()));

    let values = Account { city: "Nantes".into(), ..Default::default() };
    let after = member.update(change(&[], values)).await.account.expect("an account");
    assert_ne!(after.etag, before.etag);
    assert_eq!(after.create_time, before.create_time);
    let moved = after.update_time.expect("a time").seconds;
    assert_eq!(moved, before.update_time.expect("a time").seconds + 3600);
    assert_eq!(member.read().await, after);
    assert_eq!(
        count(server.db(), "SELECT count(*) FROM outbox_mail WHERE state = 'pending'").await,
        0
    );
}
