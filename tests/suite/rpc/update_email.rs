//! Update of the e-mail address: pending until its mailbox is confirmed.

use gestan_account_client::{
    Code, Error,
    v1::{self, Account, ErrorReason},
};
use gestan_account_server::domain::personal_code::PersonalCode;
use gestan_account_tests::{
    TestServer, assert_refused, assert_says, change, change_email, code_in, count, first_code,
    machine, new_password, text, uuid,
};
use jiff::SignedDuration;

const OLD: &str = "jeanne@exemple.fr";
const NEW: &str = "Neuve@exemple.fr";

async fn confirm(
    server: &TestServer,
    challenge_id: &str,
    code: &str,
) -> Result<v1::ConfirmResponse, Error> {
    let request = v1::ConfirmRequest {
        challenge_id: challenge_id.into(),
        code: code.into(),
        ..Default::default()
    };
    server.client.confirm(request).await
}

fn assert_over(outcome: Result<v1::ConfirmResponse, Error>, reason: ErrorReason) {
    assert_refused(outcome, Code::FailedPrecondition, reason);
}

#[tokio::test]
async fn a_new_address_is_pending_until_its_code_is_confirmed() {
    let server = TestServer::start().await;
    let member = server.open_account(OLD, 1).await;
    let asked = member.update(change_email(NEW)).await;
    let account = asked.account.expect("an account");
    assert_eq!((account.email.as_str(), account.pending_email.as_str()), (OLD, NEW));
    assert_ne!(account.etag, member.account.etag);
    assert_eq!(member.read().await, account);

    let notice = server.mail_to(OLD).await;
    assert_eq!(notice.subject, "Une nouvelle adresse est demandée pour votre compte client Gestan");
    assert_eq!(first_code(&notice.text), None);
    assert!(notice.text.contains("N•••@e•••.fr") && !notice.text.contains(NEW));
    let mail = server.mail_to(NEW).await;
    assert_eq!(mail.subject, "Confirmez votre nouvelle adresse pour Gestan");
    let code = code_in(&mail.text);

    server.advance(SignedDuration::from_mins(5));
    let confirmed = confirm(&server, &asked.challenge_id, &code).await.expect("the code is right");
    let changed = confirmed.account.clone().expect("the account");
    assert_eq!((changed.email.as_str(), changed.pending_email.as_str()), (NEW, ""));
    assert_ne!(changed.etag, account.etag);
    assert_eq!((confirmed.account_id, confirmed.ticket.as_str()), (0, ""), "no ticket");
    assert_eq!(member.read().await, changed);
    let key = text(server.db(), "SELECT email_key FROM account").await;
    assert_eq!(key.as_deref(), Some("neuve@exemple.fr"));

    let mails = server.mails().len();
    let notice = server.mail_to(OLD).await;
    assert_eq!(notice.subject, "L’adresse de votre compte client Gestan a changé");
    assert!(notice.text.contains("N•••@e•••.fr") && first_code(&notice.text).is_none());
    assert_eq!(server.mails().len(), mails + 1);

    let again = confirm(&server, &asked.challenge_id, &code).await.expect("a repeat");
    assert_eq!(again, confirmed);
    assert_eq!(server.deliver_mail().await, 0);
    server.advance(SignedDuration::from_mins(11));
    assert_over(confirm(&server, &asked.challenge_id, &code).await, ErrorReason::CodeSpent);
}

#[tokio::test]
async fn a_wrong_code_confirms_nothing() {
    let server = TestServer::start().await;
    let member = server.open_account(OLD, 1).await;
    let asked = member.update(change_email(NEW)).await;
    let code = server.code_to(NEW).await;
    let wrong = PersonalCode::generate(&*server.accounts.randomness).display().to_string();
    let outcome = confirm(&server, &asked.challenge_id, &wrong).await;
    assert_refused(outcome, Code::Unauthenticated, ErrorReason::InvalidCredentials);
    let outcome = confirm(&server, &uuid(99), &code).await;
    assert_refused(outcome, Code::Unauthenticated, ErrorReason::InvalidCredentials);
    assert_eq!(member.read().await.email, OLD);
    confirm(&server, &asked.challenge_id, &code).await.expect("the right one still serves");
    server.deliver_mail().await;
}

#[tokio::test]
async fn a_pending_address_disappears_when_its_code_expires() {
    let server = TestServer::start().await;
    let member = server.open_account(OLD, 1).await;
    let asked = member.update(change_email(NEW)).await;
    let code = server.code_to(NEW).await;
    server.advance(SignedDuration::from_hours(24) - SignedDuration::from_secs(1));
    assert_eq!(member.read().await.pending_email, NEW);
    server.advance(SignedDuration::from_secs(1));
    assert_eq!(member.read().await.pending_email, "");
    assert_over(confirm(&server, &asked.challenge_id, &code).await, ErrorReason::CodeExpired);
    assert_eq!(member.read().await.email, OLD);
}

#[tokio::test]
async fn other_fields_of_the_call_change_at_once() {
    let server = TestServer::start().await;
    let member = server.open_account(OLD, 1).await;
    let values = Account { email: NEW.into(), city: "Lyon".into(), ..Default::default() };
    let asked = member.update(change(&[], values)).await;
    let account = asked.account.expect("an account");
    assert_eq!((account.city.as_str(), account.email.as_str()), ("Lyon", OLD));
    assert_eq!(account.pending_email, NEW);
    assert!(!asked.challenge_id.is_empty());
    assert_eq!(member.read().await, account);
    server.deliver_mail().await;
}

#[tokio::test]
async fn the_address_of_another_account_gets_the_same_answer_and_a_mail_without_a_code() {
    let server = TestServer::start().await;
    let jeanne = server.open_account(OLD, 1).await;
    server.open_account("paul@exemple.fr", 2).await;
    let taken = jeanne.update(change_email("paul@exemple.fr")).await;
    let account = taken.account.expect("an account");
    assert_eq!(account.pending_email, "paul@exemple.fr");
    assert_eq!(taken.challenge_id.len(), 36);

    let mail = server.mail_to("paul@exemple.fr").await;
    assert_eq!(mail.subject, "Un compte client Gestan existe déjà à cette adresse");
    // What a machine can do that is linked: its window offers to join an account once it is
    // detached from the one that it has.
    assert_says(
        &mail,
        &[
            "Pour rattacher votre poste au compte de cette adresse : 1. Dans Gestan, ouvrez le menu \
             « ? », puis « Compte client ». 2. Cliquez sur le bouton qui détache le poste de son \
             compte actuel. 3. Choisissez « Enregistrer un compte existant », et tapez l’ID client \
             et le mot de passe du compte de cette adresse. Pour garder les deux comptes, ne faites \
             rien : l’autre compte garde son ancienne adresse.",
        ],
    );
    assert_eq!((first_code(&mail.text), first_code(&mail.html)), (None, None));
    assert!(!mail.text.contains(OLD), "{}", mail.text);
    let notice = server.mail_to(OLD).await;
    assert_eq!(notice.subject, "Une nouvelle adresse est demandée pour votre compte client Gestan");

    let wrong = PersonalCode::generate(&*server.accounts.randomness).display().to_string();
    let outcome = confirm(&server, &taken.challenge_id, &wrong).await;
    assert_refused(outcome, Code::Unauthenticated, ErrorReason::InvalidCredentials);
    assert_eq!(jeanne.read().await.email, OLD);
}

#[tokio::test]
async fn an_address_that_another_account_took_meanwhile_is_refused() {
    let server = TestServer::start().await;
    let jeanne = server.open_account(OLD, 1).await;
    let asked = jeanne.update(change_email(NEW)).await;
    let code = server.code_to(NEW).await;
    server.advance(SignedDuration::from_mins(2));
    let other = server.open_account("neuve@exemple.fr", 2).await;
    let trail = server.audit_trail().await;
    assert_over(confirm(&server, &asked.challenge_id, &code).await, ErrorReason::EmailTaken);
    assert_eq!(jeanne.read().await.email, OLD);
    assert_eq!(other.read().await.email, "neuve@exemple.fr");
    assert_eq!(server.audit_trail().await, trail);
    assert_eq!(server.deliver_mail().await, 0);
}

#[tokio::test]
async fn going_back_to_the_address_in_place_takes_the_pending_one_back() {
    let server = TestServer::start().await;
    let member = server.open_account(OLD, 1).await;
    let asked = member.update(change_email(NEW)).await;
    let code = server.code_to(NEW).await;
    let back = member.update(change_email(OLD)).await;
    assert_eq!(back.challenge_id, "");
    let account = back.account.expect("an account");
    assert_eq!((account.email.as_str(), account.pending_email.as_str()), (OLD, ""));
    assert_over(confirm(&server, &asked.challenge_id, &code).await, ErrorReason::CodeExpired);
    assert_eq!(member.read().await, account);
    assert_eq!(server.deliver_mail().await, 0);
}

#[tokio::test]
async fn the_same_address_in_other_letters_needs_no_confirmation() {
    let server = TestServer::start().await;
    let member = server.open_account(OLD, 1).await;
    let answer = member.update(change_email("Jeanne@Exemple.FR")).await;
    assert_eq!(answer.challenge_id, "");
    let account = answer.account.expect("an account");
    assert_eq!((account.email.as_str(), account.pending_email.as_str()), ("Jeanne@Exemple.FR", ""));
    assert_ne!(account.etag, member.account.etag);
    assert_eq!(server.deliver_mail().await, 0);
    let key = text(server.db(), "SELECT email_key FROM account").await;
    assert_eq!(key.as_deref(), Some(OLD));
    assert_eq!(member.update(change_email("Jeanne@Exemple.FR")).await.account, Some(account));
}

#[tokio::test]
async fn a_second_change_supersedes_the_first() {
    let server = TestServer::start().await;
    let member = server.open_account(OLD, 1).await;
    let first = member.update(change_email(NEW)).await;
    let first_code = server.code_to(NEW).await;
    server.advance(SignedDuration::from_mins(2));
    let second = member.update(change_email("autre@exemple.fr")).await;
    let second_code = server.code_to("autre@exemple.fr").await;
    assert_ne!(first.challenge_id, second.challenge_id);
    assert_eq!(member.read().await.pending_email, "autre@exemple.fr");

    let outcome = confirm(&server, &first.challenge_id, &first_code).await;
    assert_over(outcome, ErrorReason::CodeExpired);
    let outcome = confirm(&server, &first.challenge_id, &second_code).await;
    assert_refused(outcome, Code::Unauthenticated, ErrorReason::InvalidCredentials);
    confirm(&server, &second.challenge_id, &second_code).await.expect("the second is in force");
    assert_eq!(member.read().await.email, "autre@exemple.fr");
    server.deliver_mail().await;
}

#[tokio::test]
async fn a_second_request_for_the_same_address_leaves_the_first_code_valid() {
    let server = TestServer::start().await;
    let member = server.open_account(OLD, 1).await;
    let first = member.update(change_email(NEW)).await;
    let code = server.code_to(NEW).await;
    server.advance(SignedDuration::from_mins(2));
    member.update(change_email("neuve@exemple.fr")).await;
    server.deliver_mail().await;
    let confirmed = confirm(&server, &first.challenge_id, &code).await.expect("it is the mailbox");
    assert_eq!(confirmed.account.expect("an account").pending_email, "");
    assert_eq!(
        count(server.db(), "SELECT count(*) FROM account WHERE email_key = 'neuve@exemple.fr'")
            .await,
        1
    );
    server.deliver_mail().await;
}

#[tokio::test]
async fn after_the_change_the_old_address_leads_nowhere_and_the_new_one_to_the_account() {
    let server = TestServer::start().await;
    let member = server.open_account(OLD, 1).await;
    let asked = member.update(change_email(NEW)).await;
    let code = server.code_to(NEW).await;
    confirm(&server, &asked.challenge_id, &code).await.expect("the code is right");
    server.deliver_mail().await;
    server.advance(SignedDuration::from_mins(2));
    for (number, email) in [(1, OLD), (2, "NEUVE@exemple.fr")] {
        let request = v1::ResendPasswordRequest {
            request_id: uuid(500 + number),
            email: email.into(),
            machine: Some(machine(7)),
            ..Default::default()
        };
        server.client.resend_password(request).await.expect("the answer is the same");
    }
    let old = server.mail_to(OLD).await;
    assert_eq!(old.subject, "Aucun compte client Gestan à cette adresse");
    assert_eq!(first_code(&old.text), None);
    let new = server.mail_to("neuve@exemple.fr").await;
    assert_eq!(new.subject, "Votre code personnel Gestan");
    assert!(first_code(&new.text).is_some());

    server.advance(SignedDuration::from_mins(2));
    let paul = server.open_account(OLD, 9).await;
    assert_ne!(paul.account_id, member.account_id, "the old address is free again");
}

/// The notice to the old address promises that this takes the account back.
#[tokio::test]
async fn a_new_password_takes_a_pending_address_back() {
    let server = TestServer::start().await;
    let member = server.open_account(OLD, 1).await;
    let asked = member.update(change_email(NEW)).await;
    let code = server.code_to(NEW).await;
    server.advance(SignedDuration::from_mins(2));
    let sent = server.resend(member.account_id, 1).await;
    let ticket = server.confirm(&sent.challenge_id, &server.code_to(OLD).await).await.ticket;
    let changed = server.set_password(&ticket, &new_password(1)).await;
    server.deliver_mail().await;
    let account = changed.account.expect("an account");
    assert_eq!((account.email.as_str(), account.pending_email.as_str()), (OLD, ""));
    let taken_back = ("update_fields".to_owned(), "email".to_owned());
    assert!(server.audit_trail().await.contains(&taken_back));
    assert_over(confirm(&server, &asked.challenge_id, &code).await, ErrorReason::CodeExpired);
    let read = server.client_with(&changed.link_token).get(v1::GetRequest::default()).await;
    assert_eq!(read.expect("the token works").account, Some(account));
    assert_eq!(server.deliver_mail().await, 0);
}
