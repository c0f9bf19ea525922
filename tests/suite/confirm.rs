//! Confirm: the code that the mail brought, and what it gives.

use gestan_account_client::{
    Code, Error,
    v1::{self, ErrorReason, ViolationReason as Why},
};
use gestan_account_server::{domain::personal_code::PersonalCode, mail::mailer::SendError};
use gestan_account_tests::{
    PASSWORD, TestServer, assert_refused, code_in, count, uuid, violations,
};
use jiff::SignedDuration;

const EMAIL: &str = "jeanne@exemple.fr";

async fn confirm(
    server: &TestServer,
    challenge_id: &str,
    code: &str,
) -> Result<v1::ConfirmResponse, Error> {
    let request =
        v1::ConfirmRequest { challenge_id: challenge_id.to_owned(), code: code.to_owned() };
    server.client.confirm(request).await
}

/// A well-formed code that was never mailed.
fn wrong_code(server: &TestServer) -> String {
    PersonalCode::generate(&*server.accounts.randomness).display().to_string()
}

async fn mailed(server: &TestServer) -> (String, String) {
    let created = server.create(EMAIL, 1).await;
    (created.challenge_id, server.code_to(EMAIL).await)
}

async fn accounts(server: &TestServer) -> i64 {
    count(server.db(), "SELECT count(*) FROM account").await
}

#[tokio::test]
async fn confirm_opens_the_account_and_gives_a_ticket_for_an_hour() {
    let server = TestServer::start().await;
    let (challenge_id, code) = mailed(&server).await;
    let confirmed = confirm(&server, &challenge_id, &code).await.expect("the code is right");
    assert_eq!((confirmed.account_id, confirmed.account_existed), (1, false));
    assert_eq!(confirmed.account, None);
    assert!(confirmed.ticket.starts_with("gestan_ticket_"));
    let expire_time = confirmed.ticket_expire_time.expect("a time").seconds;
    assert_eq!(expire_time, server.accounts.clock.now().as_second() + 3600);
    assert_eq!(accounts(&server).await, 1);
    assert_eq!(server.audit_trail().await, [("create_account".to_owned(), String::new())]);
}

#[tokio::test]
async fn confirm_reads_a_code_as_people_type_it() {
    for (number, typed) in [
        |code: &str| code.to_lowercase(),
        |code: &str| code.replace('-', " "),
        |code: &str| code.replace('-', "–"),
        |code: &str| format!("  {}\n", code.replace('-', "")),
        |code: &str| code.replace('0', "o").replace('1', "L"),
    ]
    .into_iter()
    .enumerate()
    {
        let server = TestServer::start().await;
        // The seed is the same in every server: other mails first give other codes.
        for _ in 0..number {
            server.create("autre@exemple.fr", 2).await;
            server.deliver_mail().await;
        }
        let (challenge_id, code) = mailed(&server).await;
        confirm(&server, &challenge_id, &typed(&code)).await.expect("the code is right");
    }
}

#[tokio::test]
async fn confirm_says_that_a_code_is_mistyped_and_counts_no_try() {
    let server = TestServer::start().await;
    let (challenge_id, code) = mailed(&server).await;
    let last = if code.ends_with('7') { "8" } else { "7" };
    let mistyped = format!("{}{last}", &code[..13]);
    for _ in 0..12 {
        let outcome = confirm(&server, &challenge_id, &mistyped).await;
        let reason = ErrorReason::InvalidRequest;
        let rejection = assert_refused(outcome, Code::InvalidArgument, reason);
        assert_eq!(violations(&rejection), [("code".to_owned(), Why::CodeMistyped)]);
    }
    for malformed in ["ABCD", "ABCD-EFGH-JKMNP", "ABCD-EFGH-JKM!", "U000-0000-0000"] {
        let outcome = confirm(&server, &challenge_id, malformed).await;
        let reason = ErrorReason::InvalidRequest;
        let rejection = assert_refused(outcome, Code::InvalidArgument, reason);
        assert_eq!(violations(&rejection), [("code".to_owned(), Why::Malformed)]);
    }
    assert_eq!(count(server.db(), "SELECT wrong_tries FROM challenge").await, 0);
    confirm(&server, &challenge_id, &code).await.expect("the code is right");
}

#[tokio::test]
async fn confirm_knows_no_challenge_that_was_not_made() {
    let server = TestServer::start().await;
    let (_, code) = mailed(&server).await;
    let outcome = confirm(&server, &uuid(99), &code).await;
    assert_refused(outcome, Code::Unauthenticated, ErrorReason::InvalidCredentials);
    let outcome = confirm(&server, "99", "").await;
    let rejection = assert_refused(outcome, Code::InvalidArgument, ErrorReason::InvalidRequest);
    let expected = [("challenge_id", Why::Malformed), ("code", Why::Required)];
    assert_eq!(violations(&rejection), expected.map(|(field, why)| (field.to_owned(), why)));
    assert_eq!(accounts(&server).await, 0);
}

#[tokio::test]
async fn confirm_refuses_an_expired_code() {
    let server = TestServer::start().await;
    let (challenge_id, code) = mailed(&server).await;
    server.advance(SignedDuration::from_hours(24));
    let outcome = confirm(&server, &challenge_id, &code).await;
    assert_refused(outcome, Code::FailedPrecondition, ErrorReason::CodeExpired);
    let outcome = confirm(&server, &challenge_id, &wrong_code(&server)).await;
    assert_refused(outcome, Code::FailedPrecondition, ErrorReason::CodeExpired);
    assert_eq!(accounts(&server).await, 0);
}

#[tokio::test]
async fn confirm_repeated_within_ten_minutes_gives_the_same_answer_and_later_none() {
    let server = TestServer::start().await;
    let (challenge_id, code) = mailed(&server).await;
    let first = confirm(&server, &challenge_id, &code).await.expect("the code is right");
    server.advance(SignedDuration::from_mins(10));
    let again = confirm(&server, &challenge_id, &code).await.expect("the answer was lost");
    assert_eq!(first, again);
    server.advance(SignedDuration::from_secs(1));
    let outcome = confirm(&server, &challenge_id, &code).await;
    assert_refused(outcome, Code::FailedPrecondition, ErrorReason::CodeSpent);
    server.set_password(&first.ticket, PASSWORD).await;
    server.deliver_mail().await;
}

#[tokio::test]
async fn a_hundred_confirms_of_one_code_make_one_account_and_one_ticket() {
    let server = TestServer::start().await;
    let (challenge_id, code) = mailed(&server).await;
    let calls = (0..100).map(|_| {
        let client = server.client.clone();
        let request = v1::ConfirmRequest { challenge_id: challenge_id.clone(), code: code.clone() };
        tokio::spawn(async move { client.confirm(request).await })
    });
    let mut answers = Vec::new();
    for call in calls.collect::<Vec<_>>() {
        answers.push(call.await.expect("no panic").expect("the code is right"));
    }
    assert!(answers.iter().all(|answer| *answer == answers[0]));
    assert_eq!(accounts(&server).await, 1);
    server.set_password(&answers[0].ticket, PASSWORD).await;
    server.deliver_mail().await;
}

#[tokio::test]
async fn ten_wrong_codes_kill_a_challenge_and_a_new_mail_brings_a_live_one() {
    let server = TestServer::start().await;
    let (challenge_id, code) = mailed(&server).await;
    for _ in 0..10 {
        let outcome = confirm(&server, &challenge_id, &wrong_code(&server)).await;
        assert_refused(outcome, Code::Unauthenticated, ErrorReason::InvalidCredentials);
    }
    for given in [code, wrong_code(&server)] {
        let outcome = confirm(&server, &challenge_id, &given).await;
        assert_refused(outcome, Code::FailedPrecondition, ErrorReason::TooManyTries);
    }
    assert_eq!(accounts(&server).await, 0);
    let (challenge_id, code) = mailed(&server).await;
    confirm(&server, &challenge_id, &code).await.expect("the code is right");
}

#[tokio::test]
async fn wrong_codes_at_once_are_no_more_than_ten() {
    let server = TestServer::start().await;
    let (challenge_id, code) = mailed(&server).await;
    let calls = (0..40).map(|_| {
        let client = server.client.clone();
        let request =
            v1::ConfirmRequest { challenge_id: challenge_id.clone(), code: wrong_code(&server) };
        tokio::spawn(async move { client.confirm(request).await })
    });
    let mut wrong = 0;
    for call in calls.collect::<Vec<_>>() {
        let error = call.await.expect("no panic").expect_err("the codes are wrong");
        wrong += usize::from(error.reason() == Some(ErrorReason::InvalidCredentials));
    }
    assert_eq!(wrong, 10);
    assert_eq!(count(server.db(), "SELECT wrong_tries FROM challenge").await, 10);
    let outcome = confirm(&server, &challenge_id, &code).await;
    assert_refused(outcome, Code::FailedPrecondition, ErrorReason::TooManyTries);
}

#[tokio::test]
async fn the_last_three_codes_of_a_challenge_are_valid_at_once() {
    let server = TestServer::start().await;
    let created = server.create(EMAIL, 1).await;
    for _ in 0..3 {
        // The mail arrives, but its sender does not learn so, and sends it again.
        server.mailbox().lose_next_reply();
        server.deliver_mail().await;
        server.advance(SignedDuration::from_mins(15));
    }
    server.deliver_mail().await;
    let mails = server.mails();
    assert_eq!(mails.len(), 4);
    assert!(mails.iter().all(|mail| mail.message_id == mails[0].message_id));
    let codes: Vec<String> = mails.iter().map(|mail| code_in(&mail.text)).collect();
    assert_eq!(count(server.db(), "SELECT count(*) FROM personal_code").await, 3);
    let outcome = confirm(&server, &created.challenge_id, &codes[0]).await;
    assert_refused(outcome, Code::Unauthenticated, ErrorReason::InvalidCredentials);
    confirm(&server, &created.challenge_id, &codes[1]).await.expect("the second is valid");
    for spent in &codes[2..] {
        let outcome = confirm(&server, &created.challenge_id, spent).await;
        assert_refused(outcome, Code::FailedPrecondition, ErrorReason::CodeSpent);
    }
}

#[tokio::test]
async fn a_mail_that_certainly_did_not_leave_pushes_out_no_code() {
    let server = TestServer::start().await;
    let created = server.create(EMAIL, 1).await;
    server.mailbox().lose_next_reply();
    server.deliver_mail().await;
    for _ in 0..5 {
        let detail = "451 4.3.0".to_owned();
        server.mailbox().fail_next(SendError::Temporary { detail, definite: true });
        server.advance(SignedDuration::from_mins(15));
        server.deliver_mail().await;
    }
    server.advance(SignedDuration::from_mins(15));
    server.deliver_mail().await;
    let mails = server.mails();
    assert_eq!(mails.len(), 2);
    let code = code_in(&mails[0].text);
    confirm(&server, &created.challenge_id, &code).await.expect("the first code is still valid");
}

#[tokio::test]
async fn the_code_of_an_earlier_mail_to_the_same_machine_is_as_good() {
    let server = TestServer::start().await;
    let (_, first_code) = mailed(&server).await;
    let (second_challenge, _) = mailed(&server).await;
    let confirmed = confirm(&server, &second_challenge, &first_code).await.expect("it is as good");
    assert_eq!(confirmed.account_id, 1);
    let again = confirm(&server, &second_challenge, &first_code).await.expect("a lost answer");
    assert_eq!(confirmed, again);
    server.set_password(&confirmed.ticket, PASSWORD).await;
    server.deliver_mail().await;
}

#[tokio::test]
async fn the_code_of_another_machines_mail_is_wrong() {
    let server = TestServer::start().await;
    let (_, victims_code) = mailed(&server).await;
    let strangers = server.create(EMAIL, 66).await;
    server.deliver_mail().await;
    let outcome = confirm(&server, &strangers.challenge_id, &victims_code).await;
    assert_refused(outcome, Code::Unauthenticated, ErrorReason::InvalidCredentials);
    assert_eq!(accounts(&server).await, 0);
}

#[tokio::test]
async fn two_machines_that_create_one_account_both_get_in() {
    let server = TestServer::start().await;
    let (one, one_code) = mailed(&server).await;
    let other = server.create(EMAIL, 2).await;
    let other_code = server.code_to(EMAIL).await;
    let first = confirm(&server, &one, &one_code).await.expect("the code is right");
    let second = confirm(&server, &other.challenge_id, &other_code).await.expect("it is right");
    assert_eq!(first.account_id, second.account_id);
    assert_eq!((first.account_existed, second.account_existed), (false, true));
    server.set_password(&first.ticket, PASSWORD).await;
    server.set_password(&second.ticket, "une girafe lit sous la pluie").await;
    server.deliver_mail().await;
    assert_eq!(accounts(&server).await, 1);
    assert_eq!(count(server.db(), "SELECT count(*) FROM link").await, 2);
}
