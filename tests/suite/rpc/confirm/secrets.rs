//! No secret can be read out of the database.

use gestan_account_tests::{PASSWORD, TestServer};

#[tokio::test]
async fn the_database_holds_no_readable_code_ticket_token_or_password() {
    let server = TestServer::start().await;
    let created = server.create("jeanne@exemple.fr", 1).await;
    let code = server.code_to("jeanne@exemple.fr").await;
    let confirmed = server.confirm(&created.challenge_id, &code).await;
    let set = server.set_password(&confirmed.ticket, PASSWORD).await;
    server.deliver_mail().await;

    let kept = server.database_files().concat();
    let kept = String::from_utf8_lossy(&kept).to_ascii_lowercase();
    let holds = |text: &str| kept.contains(&text.to_ascii_lowercase());
    assert!(holds("jeanne@exemple.fr"), "the search finds what is there");
    assert!(holds("argon2id"));
    for secret in [&code, &code.replace('-', ""), &confirmed.ticket, &set.link_token, PASSWORD] {
        assert!(!holds(secret), "{secret:?} is in the database");
    }
    // Nor without the part that tells what they are for.
    assert!(!holds(confirmed.ticket.trim_start_matches("gestan_ticket_")));
    assert!(!holds(set.link_token.trim_start_matches("gestan_link_")));
}
