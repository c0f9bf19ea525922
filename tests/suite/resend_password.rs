//! ResendPassword: a fresh code for who forgot, and nothing for who asks.

use gestan_account_client::{
    Client, Code, Error,
    v1::{self, ErrorReason, ViolationReason as Why},
};
use gestan_account_tests::{
    PASSWORD, TestServer, assert_refused, change, code_in, count, first_code, machine, uuid,
    violations,
};

const EMAIL: &str = "jeanne@exemple.fr";

fn by_id(number: u128, account_id: u32) -> v1::ResendPasswordRequest {
    v1::ResendPasswordRequest {
        request_id: uuid(number),
        account_id,
        machine: Some(machine(2)),
        ..Default::default()
    }
}

fn by_email(number: u128, email: &str) -> v1::ResendPasswordRequest {
    v1::ResendPasswordRequest { email: email.to_owned(), ..by_id(number, 0) }
}

async fn resend(
    client: &Client,
    request: v1::ResendPasswordRequest,
) -> Result<v1::ResendPasswordResponse, Error> {
    client.resend_password(request).await
}

#[tokio::test]
async fn resend_password_mails_the_id_and_a_code_however_the_account_is_named() {
    let server = TestServer::start().await;
    let member = server.open_account(EMAIL, 1).await;
    let calls = [
        (&server.client, by_id(1, member.account_id)),
        (&server.client, by_email(2, "JEANNE@exemple.fr")),
        (&member.client, by_id(3, 0)),
    ];
    for (client, request) in calls {
        let before = server.mails().len();
        let resent = resend(client, request).await.expect("it is answered");
        let mail = server.mail_to(EMAIL).await;
        assert_eq!(server.mails().len(), before + 1);
        assert!(mail.text.contains(&member.account_id.to_string()), "{}", mail.text);
        assert!(mail.text.contains("Caisse 2"), "{}", mail.text);
        let confirmed = server.confirm(&resent.challenge_id, &code_in(&mail.text)).await;
        assert_eq!(confirmed.account_id, member.account_id);
        assert!(confirmed.account_existed);
    }
}

#[tokio::test]
async fn an_unknown_address_is_told_so_by_mail_and_an_unknown_id_mails_nobody() {
    let server = TestServer::start().await;
    resend(&server.client, by_email(1, "personne@exemple.fr")).await.expect("it is answered");
    let mail = server.mail_to("personne@exemple.fr").await;
    assert_eq!(first_code(&mail.text), None);
    assert!(mail.text.contains("aucun compte"), "{}", mail.text);
    resend(&server.client, by_id(2, 4_000_000_000)).await.expect("it is answered");
    server.deliver_mail().await;
    assert_eq!(server.mails().len(), 1);
    let dropped = "SELECT count(*) FROM outbox_mail WHERE state = 'dropped'";
    assert_eq!(count(server.db(), dropped).await, 1);
    assert_eq!(count(server.db(), "SELECT count(*) FROM personal_code").await, 0);
}

#[tokio::test]
async fn the_challenge_of_nobody_can_be_answered_by_no_code() {
    let server = TestServer::start().await;
    server.open_account(EMAIL, 1).await;
    let resent = resend(&server.client, by_email(1, EMAIL)).await.expect("it is answered");
    let code = server.code_to(EMAIL).await;
    let nobody = resend(&server.client, by_id(2, 99)).await.expect("it is answered");
    server.deliver_mail().await;
    let request = v1::ConfirmRequest { challenge_id: nobody.challenge_id, code: code.clone() };
    let outcome = server.client.confirm(request).await;
    assert_refused(outcome, Code::Unauthenticated, ErrorReason::InvalidCredentials);
    server.confirm(&resent.challenge_id, &code).await;
}

#[tokio::test]
async fn resend_password_repeated_with_its_request_id_makes_one_mail() {
    let server = TestServer::start().await;
    let member = server.open_account(EMAIL, 1).await;
    let request = || by_id(1, member.account_id);
    let first = resend(&server.client, request()).await.expect("it is answered");
    let again = resend(&server.client, request()).await.expect("it is answered");
    assert_eq!(first, again);
    assert_eq!(server.deliver_mail().await, 1);
    let outcome = resend(&server.client, by_email(1, EMAIL)).await;
    let rejection = assert_refused(outcome, Code::InvalidArgument, ErrorReason::InvalidRequest);
    assert_eq!(violations(&rejection), [("request_id".to_owned(), Why::RequestIdReused)]);
}

#[tokio::test]
async fn resend_password_asks_for_one_account_and_a_machine() {
    let server = TestServer::start().await;
    let member = server.open_account(EMAIL, 1).await;
    let cases = [
        (by_id(1, 0), "account_id", Why::Required),
        (
            v1::ResendPasswordRequest { email: EMAIL.to_owned(), ..by_id(2, 1) },
            "email",
            Why::Conflict,
        ),
        (by_email(3, "jeanne@"), "email", Why::InvalidEmail),
        (v1::ResendPasswordRequest { machine: None, ..by_id(4, 1) }, "machine", Why::Required),
    ];
    for (request, field, why) in cases {
        let outcome = resend(&server.client, request).await;
        let rejection = assert_refused(outcome, Code::InvalidArgument, ErrorReason::InvalidRequest);
        assert_eq!(violations(&rejection), [(field.to_owned(), why)]);
    }
    member.unlink().await.expect("it is unlinked");
    let outcome = resend(&member.client, by_id(5, 0)).await;
    assert_refused(outcome, Code::Unauthenticated, ErrorReason::InvalidCredentials);
    assert_eq!(server.deliver_mail().await, 0);
}

#[tokio::test]
async fn the_old_password_goes_on_working_until_a_new_one_is_set() {
    let server = TestServer::start().await;
    let member = server.open_account(EMAIL, 1).await;
    let resent = server.resend(member.account_id, 2).await;
    let code = server.code_to(EMAIL).await;
    server.register(member.account_id, 3).await;
    let ticket = server.confirm(&resent.challenge_id, &code).await.ticket;
    server.register(member.account_id, 4).await;
    server.set_password(&ticket, "douze lampes pour la fanfare").await;
    let request = v1::RegisterExistingRequest {
        account_id: member.account_id,
        secret: PASSWORD.to_owned(),
        machine: Some(machine(5)),
    };
    let outcome = server.client.register_existing(request).await;
    assert_refused(outcome, Code::Unauthenticated, ErrorReason::InvalidCredentials);
    server.deliver_mail().await;
}

#[tokio::test]
async fn the_code_serves_in_place_of_the_password_of_update_and_then_no_more() {
    let server = TestServer::start().await;
    let member = server.open_account(EMAIL, 1).await;
    let resent = server.resend(member.account_id, 1).await;
    let code = server.code_to(EMAIL).await;
    let account = v1::Account { city: "Nantes".to_owned(), ..Default::default() };
    let request = v1::UpdateRequest { password: code.clone(), ..change(&["city"], account) };
    member.client.update(request).await.expect("the code serves");
    let request = v1::ConfirmRequest { challenge_id: resent.challenge_id, code };
    let outcome = server.client.confirm(request).await;
    assert_refused(outcome, Code::FailedPrecondition, ErrorReason::CodeSpent);
}

#[tokio::test]
async fn the_mail_speaks_the_language_of_the_request() {
    let server = TestServer::start().await;
    let member = server.open_account(EMAIL, 1).await;
    let request =
        v1::ResendPasswordRequest { locale: "en-GB".to_owned(), ..by_id(1, member.account_id) };
    resend(&server.client, request).await.expect("it is answered");
    let mail = server.mail_to(EMAIL).await;
    assert!(mail.text.contains("Never give") || mail.text.contains("never ask"), "{}", mail.text);
}
