//! Update: who may, with which secret, and over which version.

use gestan_account_client::{
    Code, Error,
    v1::{self, Account, ErrorReason, ViolationReason},
};
use gestan_account_tests::{
    Member, PASSWORD, TestServer, assert_refused, change, change_email, count, violations,
};
use jiff::SignedDuration;

const EMAIL: &str = "jeanne@exemple.fr";

/// A request that moves the account to `city`.
fn to_city(city: &str) -> v1::UpdateRequest {
    change(&["city"], Account { city: city.to_owned(), ..Default::default() })
}

fn with_secret(secret: &str, request: v1::UpdateRequest) -> v1::UpdateRequest {
    v1::UpdateRequest { password: secret.to_owned(), ..request }
}

fn with_etag(etag: &str, mut request: v1::UpdateRequest) -> v1::UpdateRequest {
    etag.clone_into(&mut request.account.get_or_insert_default().etag);
    request
}

fn assert_wrong_secret(outcome: Result<v1::UpdateResponse, Error>) {
    assert_refused(outcome, Code::Unauthenticated, ErrorReason::InvalidCredentials);
}

/// An account, and a code that was mailed for it.
async fn with_code(server: &TestServer) -> (Member, String) {
    let member = server.open_account(EMAIL, 1).await;
    server.advance(SignedDuration::from_mins(2));
    server.resend(member.account_id, 1).await;
    let code = server.code_to(EMAIL).await;
    (member, code)
}

#[tokio::test]
async fn a_wrong_password_changes_nothing() {
    let server = TestServer::start().await;
    let member = server.open_account(EMAIL, 1).await;
    let outcome = member.client.update(with_secret("pas le bon", to_city("Lyon"))).await;
    assert_wrong_secret(outcome);
    assert_eq!(member.read().await, member.account);
}

#[tokio::test]
async fn without_a_password_nothing_is_changed_and_the_field_is_named() {
    let server = TestServer::start().await;
    let member = server.open_account(EMAIL, 1).await;
    let outcome = member.client.update(with_secret("", to_city("Lyon"))).await;
    let rejection = assert_refused(outcome, Code::InvalidArgument, ErrorReason::InvalidRequest);
    assert_eq!(violations(&rejection), [("password".to_owned(), ViolationReason::Required)]);
    assert_eq!(member.read().await, member.account);
}

#[tokio::test]
async fn the_etag_that_was_read_last_must_match() {
    let server = TestServer::start().await;
    let member = server.open_account(EMAIL, 1).await;
    let read = member.account.etag.clone();
    let changed = member.update(with_etag(&read, to_city("Lyon"))).await.account;
    let changed = changed.expect("an account");
    for stale in [read.as_str(), "v0", "autre"] {
        let outcome = member.client.update(with_etag(stale, to_city("Nantes"))).await;
        assert_refused(outcome, Code::Aborted, ErrorReason::EtagMismatch);
    }
    assert_eq!(member.read().await, changed);
    member.update(with_etag(&changed.etag, to_city("Nantes"))).await;
    assert_eq!(member.read().await.city, "Nantes");
}

#[tokio::test]
async fn of_two_machines_with_one_etag_exactly_one_wins() {
    let server = TestServer::start().await;
    let first = server.open_account(EMAIL, 1).await;
    let second = server.register(first.account_id, 2).await;
    let etag = &first.account.etag;
    let (one, two) = tokio::join!(
        first.client.update(with_etag(etag, to_city("Lyon"))),
        second.client.update(with_etag(etag, to_city("Nantes"))),
    );
    let (won, lost) = if one.is_ok() { (one, two) } else { (two, one) };
    assert_refused(lost, Code::Aborted, ErrorReason::EtagMismatch);
    let won = won.expect("one of them is stored").account.expect("an account");
    assert_eq!(first.read().await, won);
    let events = "SELECT count(*) FROM audit_event WHERE action = 'update_fields'";
    assert_eq!(count(server.db(), events).await, 1);
}

#[tokio::test]
async fn without_an_etag_both_machines_are_stored() {
    let server = TestServer::start().await;
    let first = server.open_account(EMAIL, 1).await;
    let second = server.register(first.account_id, 2).await;
    let name = Account { last_name: "Martin".into(), ..Default::default() };
    let (one, two) = tokio::join!(
        first.client.update(to_city("Lyon")),
        second.client.update(change(&["last_name"], name)),
    );
    one.expect("stored");
    two.expect("stored");
    let read = first.read().await;
    assert_eq!((read.city.as_str(), read.last_name.as_str()), ("Lyon", "Martin"));
    let events = "SELECT count(*) FROM audit_event WHERE action = 'update_fields'";
    assert_eq!(count(server.db(), events).await, 2);
}

#[tokio::test]
async fn a_mailed_code_is_as_good_as_the_password_once() {
    let server = TestServer::start().await;
    let (member, code) = with_code(&server).await;
    member.update(with_secret(&code.to_lowercase(), to_city("Lyon"))).await;
    assert_eq!(member.read().await.city, "Lyon");
    assert_wrong_secret(member.client.update(with_secret(&code, to_city("Nantes"))).await);
    assert_eq!(member.read().await.city, "Lyon");
}

#[tokio::test]
async fn the_same_call_with_the_same_code_has_the_same_outcome_within_ten_minutes() {
    let server = TestServer::start().await;
    let (member, code) = with_code(&server).await;
    let etag = member.account.etag.clone();
    let request = with_secret(&code, with_etag(&etag, to_city("Lyon")));
    let first = member.update(request.clone()).await;
    let trail = server.audit_trail().await;
    server.advance(SignedDuration::from_mins(10));
    assert_eq!(member.update(request.clone()).await, first);
    assert_eq!(server.audit_trail().await, trail);
    server.advance(SignedDuration::from_secs(1));
    assert_wrong_secret(member.client.update(request).await);
}

#[tokio::test]
async fn a_repeat_by_code_does_not_undo_what_another_machine_changed_since() {
    let server = TestServer::start().await;
    let (member, code) = with_code(&server).await;
    let request = with_secret(&code, to_city("Lyon"));
    member.update(request.clone()).await;
    member.update(to_city("Nantes")).await;
    member.update(request).await;
    assert_eq!(member.read().await.city, "Nantes");
}

#[tokio::test]
async fn another_machine_cannot_repeat_a_call_by_code() {
    let server = TestServer::start().await;
    let (member, code) = with_code(&server).await;
    let other = server.register(member.account_id, 2).await;
    let request = with_secret(&code, to_city("Lyon"));
    member.update(request.clone()).await;
    assert_wrong_secret(other.client.update(request).await);
}

#[tokio::test]
async fn a_repeat_by_code_mails_nothing_and_names_the_same_challenge() {
    let server = TestServer::start().await;
    let (member, code) = with_code(&server).await;
    let request = with_secret(&code, change_email("neuve@exemple.fr"));
    let first = member.update(request.clone()).await;
    assert_eq!(server.deliver_mail().await, 2);
    let again = member.update(request).await;
    assert_eq!(again, first);
    assert_eq!(server.deliver_mail().await, 0);
}

#[tokio::test]
async fn a_repeat_by_code_names_no_challenge_where_the_first_call_made_none() {
    let server = TestServer::start().await;
    let (member, code) = with_code(&server).await;
    member.update(change_email("neuve@exemple.fr")).await;
    server.deliver_mail().await;
    server.advance(SignedDuration::from_mins(1));
    let request = with_secret(&code, change_email("Jeanne@exemple.fr"));
    let first = member.update(request.clone()).await;
    assert_eq!(first.challenge_id, "");
    assert_eq!(member.update(request).await, first);
}

#[tokio::test]
async fn an_aborted_call_does_not_spend_its_code() {
    let server = TestServer::start().await;
    let (member, code) = with_code(&server).await;
    let trail = server.audit_trail().await;
    let outcome = member.client.update(with_secret(&code, with_etag("v99", to_city("Lyon")))).await;
    assert_refused(outcome, Code::Aborted, ErrorReason::EtagMismatch);
    assert_eq!(member.read().await, member.account);
    assert_eq!(server.audit_trail().await, trail);
    member.update(with_secret(&code, to_city("Lyon"))).await;
    assert_eq!(member.read().await.city, "Lyon");
}

#[tokio::test]
async fn another_accounts_code_does_not_serve() {
    let server = TestServer::start().await;
    let (jeanne, code) = with_code(&server).await;
    let paul = server.open_account("paul@exemple.fr", 2).await;
    assert_wrong_secret(paul.client.update(with_secret(&code, to_city("Lyon"))).await);
    assert_eq!(paul.read().await, paul.account);
    jeanne.update(with_secret(&code, to_city("Lyon"))).await;
}

#[tokio::test]
async fn only_a_machine_of_the_account_itself_may_change_it() {
    let server = TestServer::start().await;
    let jeanne = server.open_account(EMAIL, 1).await;
    let paul = server.open_account("paul@exemple.fr", 2).await;
    let named = |id| {
        let account = Account { id, city: "Lyon".into(), ..Default::default() };
        change(&["city"], account)
    };
    let outcome = jeanne.client.update(named(paul.account_id)).await;
    assert_refused(outcome, Code::PermissionDenied, ErrorReason::PermissionDenied);
    let (_, agent) = server.support_agent("Luc").await;
    let outcome = agent.update(named(jeanne.account_id)).await;
    assert_refused(outcome, Code::PermissionDenied, ErrorReason::PermissionDenied);
    assert_wrong_secret(server.client.update(named(jeanne.account_id)).await);
    let gone = server.register(jeanne.account_id, 3).await;
    gone.unlink().await.expect("it is detached");
    assert_wrong_secret(gone.client.update(named(jeanne.account_id)).await);
    assert_eq!(jeanne.read().await, jeanne.account);
    assert_eq!(paul.read().await, paul.account);

    jeanne.update(with_secret(PASSWORD, named(jeanne.account_id))).await;
    assert_eq!(jeanne.read().await.city, "Lyon");
}
