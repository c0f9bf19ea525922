//! Update of a form that comes back as it was shown: nothing in it is judged anew.

use gestan_account_client::{
    Code,
    v1::{Account, ErrorReason, ViolationReason},
};
use gestan_account_tests::{
    Member, TestServer, assert_refused, change, change_email, execute, text, violations,
};

/// Every field that a form shows and can write.
const FORM: [&str; 10] = [
    "email",
    "company_name",
    "last_name",
    "first_name",
    "address",
    "postal_code",
    "city",
    "country_code",
    "phone",
    "ape_code",
];

fn filled() -> Account {
    Account {
        company_name: "Boulangerie Martin".into(),
        last_name: "Martin".into(),
        address: "Bâtiment B\n12 rue des Lilas".into(),
        postal_code: "69001".into(),
        city: "Lyon".into(),
        phone: "01-58-90-49-77".into(),
        ape_code: "1071C".into(),
        ..Default::default()
    }
}

async fn moved(member: &Member, country: &str) -> Account {
    let country = Account { country_code: country.to_owned(), ..Default::default() };
    member.update(change(&["country_code"], country)).await.account.expect("an account")
}

/// Sends what Get shows, with a mask of everything and with none, as programs do.
async fn assert_sent_back(server: &TestServer, member: &Member) {
    let shown = member.read().await;
    let trail = server.audit_trail().await;
    for mask in [&FORM[..], &[]] {
        let answer = member.update(change(mask, shown.clone())).await;
        assert_eq!(answer.account.as_ref(), Some(&shown), "{mask:?}");
        assert_eq!(answer.challenge_id, "", "{mask:?}");
    }
    assert_eq!(member.read().await, shown);
    assert_eq!(server.audit_trail().await, trail, "what changes nothing is no event");
    assert_eq!(server.deliver_mail().await, 0);
}

#[tokio::test]
async fn a_form_sent_back_after_a_move_is_accepted_with_what_the_country_does_not_know() {
    let server = TestServer::start().await;
    let member = server.open_account("jeanne@exemple.fr", 1).await;
    member.update(change(&[], filled())).await;
    let e164 = "SELECT phone_e164 FROM account";

    let in_belgium = moved(&member, "BEL").await;
    assert_eq!(in_belgium.phone, "01-58-90-49-77");
    assert_sent_back(&server, &member).await;
    assert_eq!(text(server.db(), e164).await.as_deref(), Some("+33158904977"));

    // What does change is judged, in the country where the account is now.
    let other = Account { phone: "01-58-90-49-78".into(), ..in_belgium };
    let outcome = member.client.update(change(&[], other)).await;
    let rejection = assert_refused(outcome, Code::InvalidArgument, ErrorReason::InvalidRequest);
    let expected = [("account.phone".to_owned(), ViolationReason::InvalidPhone)];
    assert_eq!(violations(&rejection), expected);
}

#[tokio::test]
async fn a_move_to_france_keeps_foreign_codes_and_reads_those_that_france_knows() {
    let server = TestServer::start().await;
    let member = server.open_account("jeanne@exemple.fr", 1).await;
    let belgian = Account {
        country_code: "bel".into(),
        postal_code: "BE 1000".into(),
        ape_code: "47.1-x".into(),
        phone: "02 512 34 56".into(),
        ..Default::default()
    };
    member.update(change(&[], belgian)).await;
    let moved_there = moved(&member, "FRA").await;
    assert_eq!(moved_there.country_code, "FRA");
    assert_eq!(moved_there.postal_code, "BE 1000");
    assert_eq!((&*moved_there.ape_code, &*moved_there.phone), ("47.1-x", "02 512 34 56"));
    let e164 = text(server.db(), "SELECT phone_e164 FROM account").await;
    assert_eq!(e164.as_deref(), Some("+3225123456"));
    assert_sent_back(&server, &member).await;

    moved(&member, "BEL").await;
    let typed =
        Account { postal_code: "69 001".into(), ape_code: "10.71c".into(), ..Default::default() };
    member.update(change(&[], typed)).await;
    let known = moved(&member, "FRA").await;
    assert_eq!((&*known.postal_code, &*known.ape_code), ("69001", "1071C"));
    let version = "SELECT ape_version FROM account";
    assert_eq!(text(server.db(), version).await.as_deref(), Some("rev2"));
    moved(&member, "BEL").await;
    assert_eq!(text(server.db(), version).await, None);
}

#[tokio::test]
async fn what_an_older_rule_let_in_is_sent_back_field_by_field() {
    let server = TestServer::start().await;
    let member = server.open_account("jeanne@exemple.fr", 1).await;
    member.update(change(&[], filled())).await;
    let long = "x".repeat(600);
    for (column, old) in [
        ("email", "jeanne martin@exemple.fr"),
        ("company_name", "Boulangerie\u{200b}Martin"),
        ("last_name", "\u{2800}"),
        ("first_name", "Jean\u{ad}ne"),
        ("address", &*long),
        ("postal_code", "6900"),
        ("city", "Ly\u{202e}on"),
        ("phone", "poste 12"),
        ("ape_code", "9999Z"),
    ] {
        execute(server.db(), &format!("UPDATE account SET {column} = '{old}'")).await;
        assert_sent_back(&server, &member).await;
    }
}

/// A form of Windows ends lines with two characters.
#[tokio::test]
async fn lines_that_a_form_of_windows_ends_in_its_way_are_no_change() {
    let server = TestServer::start().await;
    let member = server.open_account("jeanne@exemple.fr", 1).await;
    member.update(change(&[], filled())).await;
    execute(server.db(), "UPDATE account SET address = 'Porte\u{200b}3\n12 rue des Lilas'").await;
    let shown = member.read().await;
    let sent = Account { address: shown.address.replace('\n', "\r\n"), ..shown.clone() };
    assert_eq!(member.update(change(&[], sent)).await.account, Some(shown));
}

#[tokio::test]
async fn a_form_sent_back_leaves_an_address_pending() {
    let server = TestServer::start().await;
    let member = server.open_account("jeanne@exemple.fr", 1).await;
    member.update(change_email("nouvelle@exemple.fr")).await;
    server.deliver_mail().await;
    let shown = member.read().await;
    assert_eq!(shown.pending_email, "nouvelle@exemple.fr");
    assert_sent_back(&server, &member).await;

    // A form need not show what is pending. Without a mask it names no field.
    let bare = Account { pending_email: String::new(), city: "Lyon".into(), ..shown };
    let account = member.update(change(&[], bare)).await.account.expect("an account");
    assert_eq!((&*account.pending_email, &*account.city), ("nouvelle@exemple.fr", "Lyon"));
}

#[tokio::test]
async fn a_form_sent_back_when_a_pending_address_has_expired_changes_nothing() {
    let server = TestServer::start().await;
    let member = server.open_account("jeanne@exemple.fr", 1).await;
    member.update(change_email("nouvelle@exemple.fr")).await;
    server.deliver_mail().await;
    server.advance(jiff::SignedDuration::from_hours(25));
    assert_eq!(member.read().await.pending_email, "");
    assert_sent_back(&server, &member).await;
}
