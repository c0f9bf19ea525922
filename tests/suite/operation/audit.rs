//! The audit trail: one event for every change, in the words of fields, never
//! of values; none for what was refused.

use gestan_account_client::{
    Code,
    v1::{self, Account, ErrorReason},
};
use gestan_account_tests::{
    Member, PASSWORD, TestServer, assert_refused, change, change_email, count, new_password, rows,
    text, uuid,
};
use jiff::SignedDuration;

const EMAIL: &str = "jeanne@exemple.fr";

/// What was written since `trail` was `before` events long.
async fn since(server: &TestServer, before: usize) -> Vec<(String, String)> {
    server.audit_trail().await.split_off(before)
}

fn event(action: &str, fields: &str) -> (String, String) {
    (action.to_owned(), fields.to_owned())
}

async fn open(server: &TestServer) -> (Member, usize) {
    let member = server.open_account(EMAIL, 1).await;
    (member, server.audit_trail().await.len())
}

#[tokio::test]
async fn the_opening_of_an_account_is_written_step_by_step() {
    let server = TestServer::start().await;
    let created = server.create(EMAIL, 1).await;
    let code = server.code_to(EMAIL).await;
    assert_eq!(server.audit_trail().await, [], "no account, no event");
    let confirmed = server.confirm(&created.challenge_id, &code).await;
    assert_eq!(server.audit_trail().await, [event("create_account", "")]);
    server.confirm(&created.challenge_id, &code).await;
    server.set_password(&confirmed.ticket, PASSWORD).await;
    server.set_password(&confirmed.ticket, PASSWORD).await;
    server.deliver_mail().await;
    let expected =
        [event("create_account", ""), event("link_machine", ""), event("set_password", "password")];
    assert_eq!(server.audit_trail().await, expected, "repeats write nothing");
}

#[tokio::test]
async fn an_event_tells_who_when_and_from_where() {
    let server = TestServer::start().await;
    let (first, before) = open(&server).await;
    server.advance(SignedDuration::from_mins(7));
    let second = server.register(first.account_id, 2).await;
    let values = Account { city: "Lyon".into(), ..Default::default() };
    second.update(change(&["city"], values)).await;
    let millis = 1000 * (first.account.create_time.expect("a time").seconds + 7 * 60);
    let told = format!(
        "SELECT count(*) FROM audit_event WHERE account_id = {} AND actor_kind = 'machine' \
         AND actor_id = '{}' AND ip = '127.0.0.1' AND time = {millis}",
        first.account_id,
        uuid(2),
    );
    assert_eq!(
        since(&server, before).await,
        [event("link_machine", ""), event("update_fields", "city")]
    );
    assert_eq!(count(server.db(), &told).await, 2);
    assert_eq!(
        count(server.db(), "SELECT count(*) FROM audit_event WHERE ip <> '127.0.0.1'").await,
        0
    );
}

#[tokio::test]
async fn a_change_of_fields_names_those_that_changed() {
    let server = TestServer::start().await;
    let (member, before) = open(&server).await;
    let values = Account {
        company_name: "Boulangerie Martin".into(),
        phone: "01-58-90-49-77".into(),
        country_code: "FRA".into(),
        ..Default::default()
    };
    member.update(change(&["company_name", "phone", "country_code", "city"], values.clone())).await;
    assert_eq!(since(&server, before).await, [event("update_fields", "company_name,phone")]);
    member.update(change(&[], values)).await;
    assert_eq!(since(&server, before).await.len(), 1, "no change, no event");
    member.update(change_email("Jeanne@exemple.fr")).await;
    assert_eq!(since(&server, before + 1).await, [event("update_fields", "email")]);
}

#[tokio::test]
async fn a_change_of_address_is_written_when_asked_for_confirmed_and_taken_back() {
    let server = TestServer::start().await;
    let (member, before) = open(&server).await;
    let asked = member.update(change_email("neuve@exemple.fr")).await;
    let requested = event("request_email_change", "pending_email");
    assert_eq!(since(&server, before).await, [requested]);
    let code = server.code_to("neuve@exemple.fr").await;
    server.confirm(&asked.challenge_id, &code).await;
    server.confirm(&asked.challenge_id, &code).await;
    server.deliver_mail().await;
    assert_eq!(since(&server, before + 1).await, [event("change_email", "email")]);

    server.advance(SignedDuration::from_mins(2));
    member.update(change_email(EMAIL)).await;
    server.deliver_mail().await;
    member.update(change_email("neuve@exemple.fr")).await;
    assert_eq!(since(&server, before + 3).await, [event("update_fields", "email")]);
}

#[tokio::test]
async fn links_and_their_ends_are_written_once() {
    let server = TestServer::start().await;
    let (first, before) = open(&server).await;
    let second = server.register(first.account_id, 2).await;
    server.register(first.account_id, 3).await;
    let request =
        v1::UnlinkRequest { machine_id: uuid(3), password: PASSWORD.into(), ..Default::default() };
    first.client.unlink(request.clone()).await.expect("it is detached");
    first.client.unlink(request).await.expect("a repeat");
    second.unlink().await.expect("it is detached");
    second.unlink().await.expect("a repeat");
    let expected = [
        event("link_machine", ""),
        event("link_machine", ""),
        event("unlink_machine", &format!("machine:{}", uuid(3))),
        event("unlink_machine", &format!("machine:{}", uuid(2))),
    ];
    assert_eq!(since(&server, before).await, expected);
    let by_first = format!(
        "SELECT count(*) FROM audit_event WHERE action = 'unlink_machine' AND actor_id = '{}'",
        uuid(1)
    );
    assert_eq!(count(server.db(), &by_first).await, 1);
}

#[tokio::test]
async fn a_new_password_and_the_machines_that_it_detaches_are_written() {
    let server = TestServer::start().await;
    let (first, before) = open(&server).await;
    server.register(first.account_id, 2).await;
    let request = v1::SetPasswordRequest {
        current_password: PASSWORD.into(),
        new_password: new_password(1),
        unlink_other_machines: true,
        ..Default::default()
    };
    first.client.set_password(request).await.expect("it is set");
    server.deliver_mail().await;
    let expected = [
        event("set_password", "password"),
        event("unlink_machine", &format!("machine:{}", uuid(2))),
    ];
    assert_eq!(since(&server, before + 1).await, expected);
}

#[tokio::test]
async fn a_refused_call_leaves_no_event() {
    let server = TestServer::start().await;
    let (member, before) = open(&server).await;
    let values = Account { city: "Lyon".into(), etag: "v99".into(), ..Default::default() };
    let outcome = member.client.update(change(&["city"], values.clone())).await;
    assert_refused(outcome, Code::Aborted, ErrorReason::EtagMismatch);
    let mut wrong = change(&["city"], Account { etag: String::new(), ..values });
    wrong.password = "pas le bon mot de passe".into();
    let outcome = member.client.update(wrong).await;
    assert_refused(outcome, Code::Unauthenticated, ErrorReason::InvalidCredentials);
    let request = v1::UnlinkRequest {
        machine_id: uuid(2),
        password: "pas le bon mot de passe".into(),
        ..Default::default()
    };
    let outcome = member.client.unlink(request).await;
    assert_refused(outcome, Code::Unauthenticated, ErrorReason::InvalidCredentials);
    let request = v1::RegisterExistingRequest {
        account_id: member.account_id,
        secret: "pas le bon mot de passe".into(),
        machine: Some(gestan_account_tests::machine(2)),
    };
    let outcome = server.client.register_existing(request).await;
    assert_refused(outcome, Code::Unauthenticated, ErrorReason::InvalidCredentials);
    let request = v1::SetPasswordRequest {
        current_password: "pas le bon mot de passe".into(),
        new_password: new_password(1),
        ..Default::default()
    };
    let outcome = member.client.set_password(request).await;
    assert_refused(outcome, Code::Unauthenticated, ErrorReason::InvalidCredentials);
    assert_eq!(since(&server, before).await, []);
    assert_eq!(text(server.db(), "SELECT city FROM account").await.as_deref(), Some(""));
}

#[tokio::test]
async fn no_event_holds_a_value() {
    let server = TestServer::start().await;
    let (member, _) = open(&server).await;
    let values = Account {
        email: "neuve@exemple.fr".into(),
        company_name: "Boulangerie Martin".into(),
        last_name: "Durand".into(),
        phone: "01-58-90-49-77".into(),
        city: "Villeurbanne".into(),
        ..Default::default()
    };
    let asked = member.update(change(&[], values)).await;
    let code = server.code_to("neuve@exemple.fr").await;
    server.confirm(&asked.challenge_id, &code).await;
    server.register(member.account_id, 2).await;
    let sql = "SELECT action || ' ' || actor_kind || ' ' || actor_id || ' ' || fields || ' ' || \
               coalesce(ip, '') FROM audit_event";
    let events = rows(server.db(), sql).await;
    assert_eq!(events.len(), 7);
    for row in events {
        let event: String = row.try_get_by_index(0).expect("a text");
        for value in
            ["exemple", "jeanne", "Martin", "Durand", "58-90", "33158", "Villeurbanne", "Caisse"]
        {
            assert!(!event.contains(value), "{event}");
        }
        assert!(!event.contains(PASSWORD) && !event.contains(&code), "{event}");
    }
}
