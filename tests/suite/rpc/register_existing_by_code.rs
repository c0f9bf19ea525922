//! RegisterExisting with a mailed code instead of the password.

use gestan_account_client::{
    Client, Code, Error,
    v1::{self, Account, ErrorReason, ViolationReason},
};
use gestan_account_server::{domain::personal_code::PersonalCode, throttle::Throttles};
use gestan_account_tests::{
    Member, TestServer, TestServerOptions, assert_refused, change, change_email, code_in, count,
    first_code, machine, violations,
};
use jiff::SignedDuration;

const EMAIL: &str = "jeanne@exemple.fr";
const LIVING_LINKS: &str = "SELECT count(*) FROM link WHERE unlink_time IS NULL";

async fn register(
    client: &Client,
    account_id: u32,
    secret: &str,
    machine_number: u128,
) -> Result<v1::RegisterExistingResponse, Error> {
    let request = v1::RegisterExistingRequest {
        account_id,
        secret: secret.to_owned(),
        machine: Some(machine(machine_number)),
    };
    client.register_existing(request).await
}

fn assert_wrong_secret(outcome: Result<v1::RegisterExistingResponse, Error>) {
    assert_refused(outcome, Code::Unauthenticated, ErrorReason::InvalidCredentials);
}

async fn open(server: &TestServer) -> Member {
    let member = server.open_account(EMAIL, 1).await;
    server.advance(SignedDuration::from_mins(15));
    member
}

/// A code that ResendPassword mails, and the challenge that it answers.
async fn mailed_code(server: &TestServer, member: &Member) -> (String, String) {
    let sent = server.resend(member.account_id, 2).await;
    (server.code_to(EMAIL).await, sent.challenge_id)
}

#[tokio::test]
async fn a_code_of_resend_password_links_a_machine_and_the_address_is_told() {
    let server = TestServer::start().await;
    let member = open(&server).await;
    let (code, _) = mailed_code(&server, &member).await;
    let typed = format!(" {} ", code.to_lowercase().replace('-', " "));
    let linked = register(&server.client, member.account_id, &typed, 2).await.expect("it serves");
    let second = server.client_with(&linked.link_token);
    let read = second.get(v1::GetRequest::default()).await.expect("the token works");
    assert_eq!(read.machines.len(), 2);
    let notice = server.mail_to(EMAIL).await;
    assert_eq!(notice.subject, "Un poste a été rattaché à votre compte client Gestan");
    let unspent = "SELECT count(*) FROM personal_code WHERE spent_time IS NULL";
    assert_eq!(count(server.db(), unspent).await, 0);
}

#[tokio::test]
async fn a_code_that_create_mails_to_an_address_with_an_account_serves_too() {
    let server = TestServer::start().await;
    let member = open(&server).await;
    server.create(EMAIL, 3).await;
    let mail = server.mail_to(EMAIL).await;
    assert_eq!(mail.subject, "Vous avez déjà un compte client Gestan");
    let linked = register(&server.client, member.account_id, &code_in(&mail.text), 3).await;
    assert_eq!(linked.expect("it serves").account.expect("an account").id, member.account_id);
    server.deliver_mail().await;
    assert_eq!(count(server.db(), LIVING_LINKS).await, 2);
    assert_eq!(count(server.db(), "SELECT count(*) FROM account").await, 1);
}

#[tokio::test]
async fn the_same_machine_repeats_the_same_call_within_ten_minutes() {
    let server = TestServer::start().await;
    let member = open(&server).await;
    let (code, _) = mailed_code(&server, &member).await;
    let id = member.account_id;
    let first = register(&server.client, id, &code, 2).await.expect("it serves");
    let mails = server.mails().len() + server.deliver_mail().await;
    let trail = server.audit_trail().await;

    server.advance(SignedDuration::from_mins(10));
    let again = register(&server.client, id, &code, 2).await.expect("the answer is given again");
    assert_eq!(again, first);
    assert_eq!(server.deliver_mail().await, 0);
    assert_eq!(server.mails().len(), mails);
    assert_eq!(server.audit_trail().await, trail);

    server.advance(SignedDuration::from_secs(1));
    assert_wrong_secret(register(&server.client, id, &code, 2).await);
    let works = server.client_with(&first.link_token).get(v1::GetRequest::default()).await;
    works.expect("a late repeat does no harm");
}

#[tokio::test]
async fn a_spent_code_is_a_wrong_secret_for_another_machine_or_another_call() {
    let server = TestServer::start().await;
    let member = open(&server).await;
    let (code, challenge_id) = mailed_code(&server, &member).await;
    register(&server.client, member.account_id, &code, 2).await.expect("it serves");
    server.deliver_mail().await;
    assert_wrong_secret(register(&server.client, member.account_id, &code, 3).await);
    let request = v1::ConfirmRequest { challenge_id, code, ..Default::default() };
    let outcome = server.client.confirm(request).await;
    assert_refused(outcome, Code::FailedPrecondition, ErrorReason::CodeSpent);
    assert_eq!(count(server.db(), LIVING_LINKS).await, 2);
}

#[tokio::test]
async fn a_code_that_confirm_spent_is_a_wrong_secret() {
    let server = TestServer::start().await;
    let member = open(&server).await;
    let (code, challenge_id) = mailed_code(&server, &member).await;
    server.confirm(&challenge_id, &code).await;
    assert_wrong_secret(register(&server.client, member.account_id, &code, 2).await);
    assert_eq!(count(server.db(), LIVING_LINKS).await, 1);
}

#[tokio::test]
async fn a_repeat_does_not_bring_back_a_link_that_was_cut() {
    let server = TestServer::start().await;
    let member = open(&server).await;
    let (code, _) = mailed_code(&server, &member).await;
    let linked = register(&server.client, member.account_id, &code, 2).await.expect("it serves");
    server.deliver_mail().await;
    let second = server.client_with(&linked.link_token);
    second.unlink(v1::UnlinkRequest::default()).await.expect("it is detached");
    assert_wrong_secret(register(&server.client, member.account_id, &code, 2).await);
    assert_eq!(count(server.db(), LIVING_LINKS).await, 1);
}

#[tokio::test]
async fn a_repeat_does_not_bring_back_a_token_that_was_renewed() {
    let server = TestServer::start().await;
    let member = open(&server).await;
    let (code, _) = mailed_code(&server, &member).await;
    register(&server.client, member.account_id, &code, 2).await.expect("it serves");
    let renewed = server.register(member.account_id, 2).await;
    assert_wrong_secret(register(&server.client, member.account_id, &code, 2).await);
    assert_eq!(renewed.read().await.id, member.account_id);
}

#[tokio::test]
async fn an_expired_code_is_a_wrong_secret() {
    let server = TestServer::start().await;
    let member = open(&server).await;
    let (code, _) = mailed_code(&server, &member).await;
    server.advance(SignedDuration::from_hours(24));
    assert_wrong_secret(register(&server.client, member.account_id, &code, 2).await);
    assert_eq!(count(server.db(), LIVING_LINKS).await, 1);
}

#[tokio::test]
async fn a_newer_code_leaves_the_older_one_valid() {
    let server = TestServer::start().await;
    let member = open(&server).await;
    let (older, _) = mailed_code(&server, &member).await;
    server.advance(SignedDuration::from_mins(2));
    let (newer, _) = mailed_code(&server, &member).await;
    assert_ne!(older, newer);
    register(&server.client, member.account_id, &older, 2).await.expect("the older serves");
    register(&server.client, member.account_id, &newer, 3).await.expect("so does the newer");
    server.deliver_mail().await;
    assert_eq!(count(server.db(), LIVING_LINKS).await, 3);
}

#[tokio::test]
async fn nine_wrong_codes_by_account_id_leave_the_right_one_valid() {
    let wrong_codes = Throttles::default().wrong_codes;
    let throttles = Throttles { wrong_codes, ..TestServerOptions::default().throttles };
    let server =
        TestServer::start_with(TestServerOptions { throttles, ..Default::default() }).await;
    let member = open(&server).await;
    let (code, _) = mailed_code(&server, &member).await;
    for _ in 0..9 {
        let wrong = PersonalCode::generate(&*server.accounts.randomness).display().to_string();
        assert_wrong_secret(register(&server.client, member.account_id, &wrong, 9).await);
    }
    register(&server.client, member.account_id, &code, 2).await.expect("it serves");
    server.deliver_mail().await;
}

/// The code with another check character.
fn mistyped(code: &str) -> String {
    let last = if code.ends_with('0') { '1' } else { '0' };
    format!("{}{last}", &code[..code.len() - 1])
}

/// Wrong codes leave a row, whatever the limits are.
const TRIES: &str = "SELECT count(*) FROM throttle WHERE key LIKE '%:codes:%'";

#[tokio::test]
async fn a_text_that_is_no_well_formed_code_is_taken_as_a_password() {
    let server = TestServer::start().await;
    let member = open(&server).await;
    let (code, challenge_id) = mailed_code(&server, &member).await;
    // A mistyped code without its dashes: in Confirm it would be called mistyped.
    let mistyped = mistyped(&code).replace('-', "");
    assert_wrong_secret(register(&server.client, member.account_id, &mistyped, 2).await);
    assert_eq!(count(server.db(), TRIES).await, 0, "it is no try at a code");
    server.confirm(&challenge_id, &code).await;
}

#[tokio::test]
async fn a_text_with_the_dashes_of_a_code_is_a_code_to_look_at_again_and_no_try() {
    let server = TestServer::start().await;
    let member = open(&server).await;
    let (code, _) = mailed_code(&server, &member).await;
    let mistyped = mistyped(&code);
    let typed = [
        mistyped.clone(),
        mistyped.to_lowercase(),
        mistyped.replace('-', "\u{2011}"),
        mistyped.replace('-', " \u{ff0d}\u{200b} "),
        // No code has a U: somebody has read a V so.
        format!("U{}", &code[1..]),
    ];
    let limits = count(server.db(), "SELECT count(*) FROM throttle").await;
    for typed in typed.iter().chain(&typed) {
        for id in [member.account_id, member.account_id + 1] {
            let outcome = register(&server.client, id, typed, 2).await;
            let rejection =
                assert_refused(outcome, Code::InvalidArgument, ErrorReason::InvalidRequest);
            let expected = [("secret".to_owned(), ViolationReason::CodeMistyped)];
            assert_eq!(violations(&rejection), expected, "{typed:?}");
        }
        let request =
            v1::UpdateRequest { password: typed.clone(), ..change_email("neuve@exemple.fr") };
        let outcome = member.client.update(request).await;
        let rejection = assert_refused(outcome, Code::InvalidArgument, ErrorReason::InvalidRequest);
        let expected = [("password".to_owned(), ViolationReason::CodeMistyped)];
        assert_eq!(violations(&rejection), expected, "{typed:?}");
    }
    assert_eq!(count(server.db(), TRIES).await, 0, "it is no try at a code");
    assert_eq!(count(server.db(), "SELECT count(*) FROM throttle").await, limits);
    server.register(member.account_id, 3).await;
}

#[tokio::test]
async fn a_code_serves_with_what_came_along_when_it_was_pasted() {
    let server = TestServer::start().await;
    let member = open(&server).await;
    let (code, _) = mailed_code(&server, &member).await;
    let pasted = format!("\u{feff}{}\u{200b}\n", code.replace('-', "\u{2060}\u{ff0d}"));
    register(&server.client, member.account_id, &pasted, 2).await.expect("it serves");
    server.deliver_mail().await;
    let (code, _) = mailed_code(&server, &member).await;
    let pasted = format!("\u{202a}{}\u{202c}", code.replace('-', "\u{ad}\u{fe63}"));
    let city = Account { city: "Lyon".into(), ..Default::default() };
    let request = v1::UpdateRequest { password: pasted, ..change(&["city"], city) };
    member.update(request).await;
}

#[tokio::test]
async fn a_code_for_a_change_of_address_never_serves() {
    let server = TestServer::start().await;
    let member = open(&server).await;
    let asked = member.update(change_email("neuve@exemple.fr")).await;
    let code = server.code_to("neuve@exemple.fr").await;
    assert_wrong_secret(register(&server.client, member.account_id, &code, 2).await);
    server.confirm(&asked.challenge_id, &code).await;
    server.deliver_mail().await;
    assert_wrong_secret(register(&server.client, member.account_id, &code, 2).await);
    assert_eq!(count(server.db(), LIVING_LINKS).await, 1);
}

#[tokio::test]
async fn a_code_mailed_to_the_old_address_does_not_serve_after_the_address_changed() {
    let server = TestServer::start().await;
    let member = open(&server).await;
    let (old, challenge_id) = mailed_code(&server, &member).await;
    let asked = member.update(change_email("neuve@exemple.fr")).await;
    let code = server.code_to("neuve@exemple.fr").await;
    server.confirm(&asked.challenge_id, &code).await;
    server.deliver_mail().await;
    assert_wrong_secret(register(&server.client, member.account_id, &old, 2).await);
    let request = v1::ConfirmRequest { challenge_id, code: old, ..Default::default() };
    let outcome = server.client.confirm(request).await;
    assert_refused(outcome, Code::FailedPrecondition, ErrorReason::CodeExpired);
    assert_eq!(count(server.db(), LIVING_LINKS).await, 1);

    server.resend(member.account_id, 2).await;
    let mail = server.mail_to("neuve@exemple.fr").await;
    let fresh = first_code(&mail.text).expect("codes go to the new address");
    register(&server.client, member.account_id, &fresh, 2).await.expect("it serves");
    server.deliver_mail().await;
}

#[tokio::test]
async fn of_two_machines_with_one_code_exactly_one_is_linked() {
    let server = TestServer::start().await;
    let member = open(&server).await;
    let (code, _) = mailed_code(&server, &member).await;
    let (one, two) = tokio::join!(
        register(&server.client, member.account_id, &code, 2),
        register(&server.client, member.account_id, &code, 3),
    );
    let (linked, refused) = if one.is_ok() { (one, two) } else { (two, one) };
    assert_wrong_secret(refused);
    let linked = server.client_with(&linked.expect("one of them is linked").link_token);
    linked.get(v1::GetRequest::default()).await.expect("its token works");
    assert_eq!(count(server.db(), LIVING_LINKS).await, 2);
    assert_eq!(server.deliver_mail().await, 1);
}

#[tokio::test]
async fn two_concurrent_copies_of_a_call_get_one_token() {
    let server = TestServer::start().await;
    let member = open(&server).await;
    let (code, _) = mailed_code(&server, &member).await;
    let (one, two) = tokio::join!(
        register(&server.client, member.account_id, &code, 2),
        register(&server.client, member.account_id, &code, 2),
    );
    assert_eq!(one.expect("it serves"), two.expect("so does its repeat"));
    assert_eq!(count(server.db(), LIVING_LINKS).await, 2);
    assert_eq!(server.deliver_mail().await, 1, "one notice");
}
