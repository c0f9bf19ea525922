//! What the mail of ResendPassword says.

use gestan_account_client::v1;
use gestan_account_tests::{TestServer, assert_says, code_in};
use jiff::SignedDuration;

use super::request;

#[tokio::test]
async fn the_mail_of_resend_password_says_what_the_code_does_for_whom_and_until_when() {
    let server = TestServer::start().await;
    let member = server.open_account("jeanne@exemple.fr", 1).await;
    server.advance(SignedDuration::from_mins(95));
    server.resend(member.account_id, 2).await;
    let mail = server.mail_to("jeanne@exemple.fr").await;
    assert_eq!(mail.subject, "Votre code personnel Gestan");
    let id = format!("Votre ID client : {}", member.account_id);
    assert_says(
        &mail,
        &[
            &id,
            // First what was asked for, then what the code is good for besides.
            "Pour choisir un nouveau mot de passe : 1. Dans Gestan, ouvrez le menu « ? », puis \
             « Compte client ». 2. Sur l’écran « Confirmer », tapez ce code. 3. Choisissez votre \
             nouveau mot de passe : d’ici là, l’actuel reste valable. Ce code sert aussi à rattacher \
             un poste sans changer de mot de passe (écran « Enregistrer un compte existant », avec \
             votre ID client), ou à remplacer le mot de passe quand la fiche « Compte client » vous \
             le demande. Il ne sert qu’une fois.",
            "Demandé par le poste : « Caisse 2 »",
            "Demandé le : mardi 24 novembre 2026 à 10 h 35 (heure de Paris)",
            "Valable jusqu’au : mercredi 25 novembre 2026 à 10 h 35 (heure de Paris)",
            "Notre assistance ne vous le demandera jamais",
            "Vous n’avez rien demandé ?",
        ],
    );
    let code = code_in(&mail.text);
    assert!(mail.html.contains(&code), "the HTML part lacks the code");
    assert!(!mail.subject.contains(&code));
    assert!(!mail.text.contains("http") && !mail.html.contains("href"), "a mail holds no link");
}

#[tokio::test]
async fn resend_password_writes_its_mail_in_the_language_of_the_request() {
    let server = TestServer::start().await;
    let member = server.open_account("jeanne@exemple.fr", 1).await;
    let resend = v1::ResendPasswordRequest {
        account_id: member.account_id,
        locale: "en".to_owned(),
        ..request(2)
    };
    server.client.resend_password(resend).await.expect("an answer");
    let mail = server.mail_to("jeanne@exemple.fr").await;
    assert_eq!(mail.subject, "Your Gestan personal code");
    let id = format!("Your client ID: {}", member.account_id);
    assert_says(&mail, &[&id, "Caisse 2", "Tuesday 24 November 2026 at 09:00 (Paris time)"]);
}
