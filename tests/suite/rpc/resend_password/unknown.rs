//! ResendPassword for accounts that do not exist: nothing tells them apart.

use gestan_account_client::{Code, v1, v1::ErrorReason};
use gestan_account_server::domain::{email_address::EmailAddress, violation::Problem};
use gestan_account_tests::{
    Stored, TestServer, assert_refused, assert_says, first_code, stored, text,
};

use super::request;
use crate::rpc::confirm::{confirm, wrong_code};

#[tokio::test]
async fn resend_password_answers_and_stores_the_same_for_unknown_accounts() {
    let server = TestServer::start().await;
    let member = server.open_account("jeanne@exemple.fr", 1).await;
    let known = v1::ResendPasswordRequest { account_id: member.account_id, ..request(2) };
    let unknown_id = v1::ResendPasswordRequest { account_id: 4_000_000_000, ..request(3) };
    let known_address =
        v1::ResendPasswordRequest { email: "jeanne@exemple.fr".to_owned(), ..request(4) };
    let unknown_address =
        v1::ResendPasswordRequest { email: "personne@exemple.fr".to_owned(), ..request(5) };
    let mut answers = Vec::new();
    for resend in [known, unknown_id, known_address, unknown_address] {
        let before = stored(&server).await;
        answers.push(server.client.resend_password(resend).await.expect("an answer"));
        let after = Stored {
            challenges: before.challenges + 1,
            request_ids: before.request_ids + 1,
            mails: before.mails + 1,
            ..before
        };
        assert_eq!(stored(&server).await, after);
    }
    for answer in &answers {
        assert_eq!(answer.code_expire_time, answers[0].code_expire_time);
        assert_eq!(answer.resend_time, answers[0].resend_time);
        assert_eq!(answer.challenge_id.len(), 36);
    }

    // To whom they are mailed is all that differs.
    let _ = server.mailbox().take();
    server.deliver_mail().await;
    let mut to: Vec<_> = server.mails().into_iter().map(|mail| mail.to).collect();
    to.sort_unstable();
    assert_eq!(to, ["jeanne@exemple.fr", "jeanne@exemple.fr", "personne@exemple.fr"]);

    // Nor does Confirm tell them apart.
    for answer in &answers {
        let outcome = confirm(&server.client, &answer.challenge_id, &wrong_code(&server)).await;
        assert_refused(outcome, Code::Unauthenticated, ErrorReason::InvalidCredentials);
    }
}

#[tokio::test]
async fn resend_password_for_an_unknown_id_mails_nobody() {
    let server = TestServer::start().await;
    server.resend(77, 1).await;
    assert_eq!(text(server.db(), "SELECT recipient FROM outbox_mail").await, None);
    let stand_in = text(server.db(), "SELECT email FROM challenge").await.expect("an address");
    assert_eq!(EmailAddress::parse(&stand_in), Err(Problem::InvalidEmail));
    server.deliver_mail().await;
    assert!(server.mails().is_empty());
    let state = text(server.db(), "SELECT state FROM outbox_mail").await;
    assert_eq!(state.as_deref(), Some("dropped"));
    // Nobody will ever read it; it was made so that its absence tells nothing.
    assert_eq!(stored(&server).await.codes, 1);
}

#[tokio::test]
async fn resend_password_for_an_unknown_address_says_so_without_a_code() {
    let server = TestServer::start().await;
    let resend = v1::ResendPasswordRequest { email: "jeanne@exemple.fr".to_owned(), ..request(1) };
    server.client.resend_password(resend).await.expect("an answer");
    let mail = server.mail_to("jeanne@exemple.fr").await;
    assert_eq!(mail.subject, "Aucun compte client Gestan à cette adresse");
    assert_says(
        &mail,
        &[
            "aucun compte client Gestan n’existe à cette adresse",
            "Demandé par le poste : « Caisse 1 »",
            "Vous n’avez rien demandé ?",
        ],
    );
    assert_eq!(first_code(&mail.text), None);
    assert_eq!(
        stored(&server).await,
        Stored { challenges: 1, request_ids: 1, mails: 1, codes: 1, ..Default::default() }
    );
}

#[tokio::test]
async fn resend_password_opens_no_account_for_an_address_that_has_none() {
    let server = TestServer::start().await;
    let asked = {
        let email = "jeanne@exemple.fr".to_owned();
        let resend = v1::ResendPasswordRequest { email, ..request(1) };
        server.client.resend_password(resend).await.expect("an answer")
    };
    server.deliver_mail().await;
    for _ in 0..3 {
        let outcome = confirm(&server.client, &asked.challenge_id, &wrong_code(&server)).await;
        assert_refused(outcome, Code::Unauthenticated, ErrorReason::InvalidCredentials);
    }
    assert_eq!(stored(&server).await.accounts, 0);
}
