//! Several codes in the customer's hands: a newer mail kills no older code.

use gestan_account_client::{Code, v1::ErrorReason};
use gestan_account_server::{credentials::derivation::MailedCodeKey, mail::mailer::SendError};
use gestan_account_tests::{SeededRandomness, TestServer, assert_refused, code_in, count, stored};
use jiff::SignedDuration;

use super::confirm;

/// Sends the one mail so often that `times` copies arrive, each from a process that was
/// started anew, and so with a code of its own; the codes, oldest first. After less than four
/// the mail is still queued.
async fn codes_of_one_mail(server: &mut TestServer, times: usize) -> Vec<String> {
    for process in 0..times {
        let randomness = SeededRandomness::new(100 + process as u64);
        server.outbox.code_key = MailedCodeKey::generate(&randomness);
        server.mailbox().lose_next_reply();
        server.deliver_mail().await;
        server.advance(SignedDuration::from_hours(5));
    }
    let mails = server.mails();
    assert_eq!(mails.len(), times);
    assert!(mails.iter().all(|mail| mail.message_id == mails[0].message_id), "one Message-ID");
    mails.iter().map(|mail| code_in(&mail.text)).collect()
}

#[tokio::test]
async fn confirm_takes_any_of_the_last_three_codes_of_a_challenge() {
    for chosen in 0..3 {
        let mut server = TestServer::start().await;
        server.leaves_mail();
        let created = server.create("jeanne@exemple.fr", 1).await;
        let codes = codes_of_one_mail(&mut server, 3).await;
        server.confirm(&created.challenge_id, &codes[chosen]).await;
        assert_eq!(stored(&server).await.accounts, 1);
        // They are one challenge: the others are spent with it.
        let other = &codes[(chosen + 1) % 3];
        let outcome = confirm(&server.client, &created.challenge_id, other).await;
        assert_refused(outcome, Code::FailedPrecondition, ErrorReason::CodeSpent);
    }
}

#[tokio::test]
async fn confirm_refuses_the_first_of_four_codes_and_takes_the_others() {
    let mut server = TestServer::start().await;
    server.leaves_mail();
    let created = server.create("jeanne@exemple.fr", 1).await;
    let codes = codes_of_one_mail(&mut server, 4).await;
    let outcome = confirm(&server.client, &created.challenge_id, &codes[0]).await;
    assert_refused(outcome, Code::Unauthenticated, ErrorReason::InvalidCredentials);
    assert_eq!(count(server.db(), "SELECT wrong_tries FROM challenge").await, 1);
    server.confirm(&created.challenge_id, &codes[1]).await;
}

#[tokio::test]
async fn a_code_whose_mail_certainly_did_not_leave_pushes_out_none_that_did() {
    let mut server = TestServer::start().await;
    let created = server.create("jeanne@exemple.fr", 1).await;
    let codes = codes_of_one_mail(&mut server, 3).await;
    for process in 0..4 {
        server.outbox.code_key = MailedCodeKey::generate(&SeededRandomness::new(200 + process));
        let greylisted = SendError::Temporary { detail: "451 4.7.1".to_owned(), definite: true };
        server.mailbox().fail_next(greylisted);
        assert_eq!(server.deliver_mail().await, 1);
        assert_eq!(count(server.db(), "SELECT count(*) FROM personal_code").await, 3);
        server.advance(SignedDuration::from_mins(15));
    }
    assert_eq!(server.mails().len(), 3);
    server.confirm(&created.challenge_id, &codes[0]).await;
    assert_eq!(stored(&server).await.accounts, 1);
    // Nothing is left to send for a challenge that is answered.
    server.deliver_mail().await;
    assert_eq!(server.mails().len(), 3);
}

#[tokio::test]
async fn the_codes_of_a_challenge_share_one_count_of_tries() {
    let mut server = TestServer::start().await;
    server.leaves_mail();
    let created = server.create("jeanne@exemple.fr", 1).await;
    let codes = codes_of_one_mail(&mut server, 3).await;
    for _ in 0..10 {
        let wrong = super::wrong_code(&server);
        let outcome = confirm(&server.client, &created.challenge_id, &wrong).await;
        assert_refused(outcome, Code::Unauthenticated, ErrorReason::InvalidCredentials);
    }
    for code in &codes {
        let outcome = confirm(&server.client, &created.challenge_id, code).await;
        assert_refused(outcome, Code::FailedPrecondition, ErrorReason::TooManyTries);
    }
}

#[tokio::test]
async fn confirm_takes_the_code_of_an_earlier_mail_to_the_same_machine() {
    let server = TestServer::start().await;
    let oldest = server.create("jeanne@exemple.fr", 1).await;
    let earlier = server.code_to("jeanne@exemple.fr").await;
    server.advance(SignedDuration::from_mins(5));
    let newest = server.create("jeanne@exemple.fr", 1).await;
    let later = server.code_to("jeanne@exemple.fr").await;
    assert_ne!(earlier, later);

    let first = server.confirm(&newest.challenge_id, &earlier).await;
    assert!(!first.account_existed);
    assert_eq!(server.confirm(&newest.challenge_id, &earlier).await, first, "repeated");
    // The challenge is spent, and the later code is not: it serves in the other one.
    let outcome = confirm(&server.client, &newest.challenge_id, &later).await;
    assert_refused(outcome, Code::FailedPrecondition, ErrorReason::CodeSpent);
    let second = server.confirm(&oldest.challenge_id, &later).await;
    assert!(second.account_existed);
    assert_eq!(second.account_id, first.account_id);
    assert_eq!(stored(&server).await.accounts, 1);
}

#[tokio::test]
async fn confirm_refuses_a_code_that_was_mailed_to_another_address() {
    let server = TestServer::start().await;
    server.create("jeanne@exemple.fr", 1).await;
    let of_jeanne = server.code_to("jeanne@exemple.fr").await;
    let asked_by_paul = server.create("paul@exemple.fr", 1).await;
    server.deliver_mail().await;
    let outcome = confirm(&server.client, &asked_by_paul.challenge_id, &of_jeanne).await;
    assert_refused(outcome, Code::Unauthenticated, ErrorReason::InvalidCredentials);
    assert_eq!(stored(&server).await.accounts, 0);
}
