//! Create and how an address is written.

use gestan_account_tests::{PASSWORD, TestServer, count, text};

#[tokio::test]
async fn create_mails_to_an_international_domain_in_ascii_and_shows_it_as_typed() {
    let server = TestServer::start().await;
    let created = server.create("Jean@Été.fr", 1).await;
    let code = server.code_to("Jean@xn--t-9fab.fr").await;
    let confirmed = server.confirm(&created.challenge_id, &code).await;
    let set = server.set_password(&confirmed.ticket, PASSWORD).await;
    assert_eq!(set.account.expect("an account").email, "Jean@Été.fr");
    server.deliver_mail().await;
    let to: Vec<_> = server.mails().into_iter().map(|mail| mail.to).collect();
    assert_eq!(to, ["Jean@xn--t-9fab.fr", "Jean@xn--t-9fab.fr"]);
    let stored = text(server.db(), "SELECT email || ' ' || email_key FROM account").await;
    assert_eq!(stored.as_deref(), Some("Jean@Été.fr jean@xn--t-9fab.fr"));

    // The same address in ASCII, as some program may write it, is that account's.
    let created = server.create("jean@xn--t-9fab.fr", 2).await;
    let code = server.code_to("jean@xn--t-9fab.fr").await;
    let again = server.confirm(&created.challenge_id, &code).await;
    assert!(again.account_existed);
    assert_eq!(again.account_id, confirmed.account_id);
}

#[tokio::test]
async fn create_compares_addresses_without_regard_to_case_or_spaces_around() {
    let server = TestServer::start().await;
    let member = server.open_account("Jeanne.Martin@Exemple.FR", 1).await;
    assert_eq!(member.account.email, "Jeanne.Martin@Exemple.FR");
    let created = server.create("  jeanne.martin@exemple.fr ", 2).await;
    let code = server.code_to("jeanne.martin@exemple.fr").await;
    let confirmed = server.confirm(&created.challenge_id, &code).await;
    assert!(confirmed.account_existed);
    assert_eq!(confirmed.account_id, member.account_id);
    assert_eq!(count(server.db(), "SELECT count(*) FROM account").await, 1);
    let shown = text(server.db(), "SELECT email FROM account").await;
    assert_eq!(shown.as_deref(), Some("Jeanne.Martin@Exemple.FR"));
}
