//! The outbox: what becomes of a mail that is queued.

use gestan_account_client::v1;
use gestan_account_server::mail::mailer::SendError;
use gestan_account_tests::{TestServer, code_in, count, execute, machine, text, uuid};
use jiff::SignedDuration;

async fn state(server: &TestServer) -> String {
    text(server.db(), "SELECT state FROM outbox_mail").await.unwrap()
}

#[tokio::test]
async fn a_mail_that_was_sent_is_kept_as_sent() {
    let server = TestServer::start().await;
    server.create("jeanne@exemple.fr", 1).await;
    assert_eq!(state(&server).await, "pending");
    assert_eq!(server.deliver_mail().await, 1);
    assert_eq!(state(&server).await, "sent");
    let ended = "SELECT count(*) FROM outbox_mail WHERE attempts = 1 AND last_error IS NULL \
                 AND end_time = create_time";
    assert_eq!(count(server.db(), ended).await, 1);
    assert_eq!(server.deliver_mail().await, 0);
    assert_eq!(server.mails().len(), 1);
}

#[tokio::test]
async fn a_mail_that_was_refused_for_good_is_counted_and_blocks_nothing() {
    let server = TestServer::start().await;
    server.mailbox().fail_next(SendError::Permanent { detail: "550 5.1.1".to_owned() });
    server.create("personne@exemple.fr", 1).await;
    server.advance(SignedDuration::from_millis(1));
    server.create("jeanne@exemple.fr", 2).await;
    assert_eq!(server.deliver_mail().await, 2);
    let [mail] = &server.mails()[..] else { panic!("{:?}", server.mails()) };
    assert_eq!(mail.to, "jeanne@exemple.fr");
    let failed = "SELECT count(*) FROM outbox_mail WHERE state = 'failed' AND attempts = 1 \
                  AND last_error = '550 5.1.1' AND recipient = 'personne@exemple.fr'";
    assert_eq!(count(server.db(), failed).await, 1);
    server.advance(SignedDuration::from_hours(1));
    assert_eq!(server.deliver_mail().await, 0, "it is not tried again");
}

#[tokio::test]
async fn a_mail_that_cannot_be_composed_blocks_nothing_and_expires() {
    let server = TestServer::start().await;
    server.create("jeanne@exemple.fr", 1).await;
    execute(server.db(), "UPDATE outbox_mail SET letter = '{}'").await;
    server.create("martin@exemple.fr", 2).await;
    assert_eq!(server.deliver_mail().await, 2);
    assert_eq!(server.mails().len(), 1);
    // It backs off like any other mail that could not be sent.
    let damaged = "WHERE letter = '{}' AND state = 'pending' AND attempts = 1";
    let wait = format!("SELECT next_attempt_time - create_time FROM outbox_mail {damaged}");
    assert!((2_500..=5_000).contains(&count(server.db(), &wait).await));
    server.advance(SignedDuration::from_hours(24));
    server.deliver_mail().await;
    let expired = "SELECT count(*) FROM outbox_mail WHERE letter = '{}' AND state = 'expired'";
    assert_eq!(count(server.db(), expired).await, 1);
}

#[tokio::test]
async fn a_mail_whose_reply_was_lost_comes_again_with_one_message_id_and_one_code() {
    let server = TestServer::start().await;
    server.mailbox().lose_next_reply();
    let created = server.create("jeanne@exemple.fr", 1).await;
    server.deliver_mail().await;
    assert_eq!(state(&server).await, "pending");
    server.advance(SignedDuration::from_mins(20));
    server.deliver_mail().await;
    assert_eq!(state(&server).await, "sent");
    let [first, second] = &server.mails()[..] else { panic!("{:?}", server.mails()) };
    assert_eq!(first.message_id, second.message_id);
    assert_eq!(code_in(&first.text), code_in(&second.text));
    assert_eq!(count(server.db(), "SELECT count(*) FROM personal_code").await, 1);
    server.confirm(&created.challenge_id, &code_in(&first.text)).await;
}

#[tokio::test]
async fn a_code_for_a_challenge_that_was_answered_meanwhile_is_not_sent() {
    let server = TestServer::start().await;
    server.mailbox().lose_next_reply();
    let created = server.create("jeanne@exemple.fr", 1).await;
    server.deliver_mail().await;
    let code = code_in(&server.mails()[0].text);
    server.confirm(&created.challenge_id, &code).await;
    server.advance(SignedDuration::from_mins(20));
    server.deliver_mail().await;
    assert_eq!(state(&server).await, "dropped");
    assert_eq!(server.mails().len(), 1);
    assert_eq!(count(server.db(), "SELECT count(*) FROM personal_code").await, 1);
}

#[tokio::test]
async fn a_code_for_an_unknown_account_is_queued_for_nobody_and_dropped() {
    let server = TestServer::start().await;
    server.resend(999, 1).await;
    let nobody = "SELECT count(*) FROM outbox_mail WHERE recipient IS NULL";
    assert_eq!(count(server.db(), nobody).await, 1);
    server.deliver_mail().await;
    assert_eq!(state(&server).await, "dropped");
    assert!(server.mails().is_empty());
    // The work of a code that nobody will ever read.
    assert_eq!(count(server.db(), "SELECT count(*) FROM personal_code").await, 1);
}

#[tokio::test]
async fn a_code_for_an_address_without_an_account_says_so_and_brings_none() {
    let server = TestServer::start().await;
    let request = v1::ResendPasswordRequest {
        request_id: uuid(1),
        email: "inconnue@exemple.fr".to_owned(),
        machine: Some(machine(1)),
        ..Default::default()
    };
    server.client.resend_password(request).await.unwrap();
    let mail = server.mail_to("inconnue@exemple.fr").await;
    assert_eq!(mail.subject, "Aucun compte client Gestan à cette adresse");
    assert_eq!(gestan_account_tests::first_code(&mail.text), None);
}

#[tokio::test]
async fn an_address_that_has_an_account_by_then_is_told_so() {
    let server = TestServer::start().await;
    let member = server.open_account("jeanne@exemple.fr", 1).await;
    server.create("Jeanne@Exemple.fr", 2).await;
    let mail = server.mail_to("jeanne@exemple.fr").await;
    assert_eq!(mail.subject, "Vous avez déjà un compte client Gestan");
    assert!(mail.text.contains(&format!("\n    {}\n", member.account_id)), "{}", mail.text);
    assert!(mail.text.contains("Caisse 2"), "{}", mail.text);
}

#[tokio::test]
async fn mails_are_in_the_language_that_was_asked_for() {
    let server = TestServer::start().await;
    for (number, locale, subject) in [
        (1, "en-GB", "Your code to open a Gestan client account"),
        (2, "fr-CA", "Votre code pour ouvrir un compte client Gestan"),
        (3, "de", "Votre code pour ouvrir un compte client Gestan"),
    ] {
        let email = format!("client{number}@exemple.fr");
        let request = v1::CreateRequest {
            request_id: uuid(number),
            email: email.clone(),
            machine: Some(machine(number)),
            locale: locale.to_owned(),
            ..Default::default()
        };
        server.client.create(request).await.unwrap();
        assert_eq!(server.mail_to(&email).await.subject, subject, "{locale}");
    }
}

#[tokio::test]
async fn no_code_that_was_mailed_is_anywhere_in_the_database() {
    let server = TestServer::start().await;
    server.mailbox().lose_next_reply();
    server.create("jeanne@exemple.fr", 1).await;
    server.deliver_mail().await;
    server.advance(SignedDuration::from_mins(20));
    server.deliver_mail().await;
    let stored = server.database_files().concat();
    let stored = String::from_utf8_lossy(&stored);
    let holds = |text: &str| stored.contains(text);
    assert!(holds("jeanne@exemple.fr"), "what is stored is found");
    assert_eq!(server.mails().len(), 2);
    for mail in server.mails() {
        let code = code_in(&mail.text);
        for secret in [code.clone(), code.replace('-', ""), code.to_lowercase()] {
            assert!(!holds(&secret), "{secret} is stored");
        }
    }
}
