//! The words for refusals that a person can do something about.

use gestan_account_client::{
    ClientOptions, Code, LinkToken,
    v1::{self, Account, ErrorReason},
};
use gestan_account_tests::{PASSWORD, TestServer, assert_refused, change, new_password};

#[tokio::test]
async fn a_spent_ticket_says_to_use_the_password_that_was_chosen() {
    let server = TestServer::start().await;
    let created = server.create("jeanne@exemple.fr", 1).await;
    let code = server.code_to("jeanne@exemple.fr").await;
    let ticket = server.confirm(&created.challenge_id, &code).await.ticket;
    server.set_password(&ticket, PASSWORD).await;
    server.deliver_mail().await;
    for (locale, words) in [
        (
            "fr",
            "Le mot de passe a déjà été choisi avec ce code. Utilisez ce mot de passe, ou demandez un \
             nouveau code personnel par courriel.",
        ),
        (
            "en",
            "The password has been chosen with this code already. Use that password, or ask for a \
             new code by e-mail.",
        ),
    ] {
        let client = server.connect(ClientOptions::new().locale(locale)).await;
        let request = v1::SetPasswordRequest {
            ticket: ticket.clone(),
            new_password: new_password(1),
            ..Default::default()
        };
        let outcome = client.set_password(request).await;
        let refused = assert_refused(outcome, Code::FailedPrecondition, ErrorReason::TicketSpent);
        assert_eq!(refused.message(), words);
    }
}

#[tokio::test]
async fn a_form_that_another_machine_has_changed_says_to_open_it_again() {
    let server = TestServer::start().await;
    let member = server.open_account("jeanne@exemple.fr", 1).await;
    let moved = |city: &str| {
        let etag = member.account.etag.clone();
        change(&["city"], Account { city: city.to_owned(), etag, ..Default::default() })
    };
    member.update(moved("Nîmes")).await;
    for (locale, words) in [
        (
            "fr",
            "Le compte a été modifié entre-temps sur un autre poste. Rouvrez la fiche, puis \
             recommencez.",
        ),
        (
            "en",
            "The account was changed on another machine meanwhile. Open the form again, then retry.",
        ),
    ] {
        let client = server.connect(ClientOptions::new().locale(locale)).await;
        let client =
            client.with_link_token(&LinkToken::parse(&member.link_token).expect("a token"));
        let outcome = client.update(moved("Lyon")).await;
        let refused = assert_refused(outcome, Code::Aborted, ErrorReason::EtagMismatch);
        assert_eq!(refused.message(), words);
    }
}
