//! Get.

use gestan_account_client::{
    Client, Code, Error,
    v1::{self, ErrorReason, ViolationReason},
};
use gestan_account_server::{
    clock::Clock as _,
    credentials::token::{Token, TokenKind},
    storage::support_key,
};
use gestan_account_tests::{
    TestServer, assert_refused, change, count, machine, raw_call, violations,
};
use jiff::SignedDuration;

async fn get(client: &Client, account_id: u32) -> Result<v1::GetResponse, Error> {
    client.get(v1::GetRequest { account_id }).await
}

fn names(answer: &v1::GetResponse) -> Vec<&str> {
    let machine = |linked: &'_ v1::LinkedMachine| linked.machine.is_some();
    assert!(answer.machines.iter().all(machine));
    answer
        .machines
        .iter()
        .filter_map(|linked| Some(linked.machine.as_ref()?.name.as_str()))
        .collect()
}

#[tokio::test]
async fn a_machine_reads_its_own_account_by_zero_and_by_id() {
    let server = TestServer::start().await;
    let member = server.open_account("jeanne@exemple.fr", 1).await;
    let by_zero = get(&member.client, 0).await.expect("its own");
    let by_id = get(&member.client, member.account_id).await.expect("its own");
    assert_eq!(by_zero, by_id);
    assert_eq!(by_zero.account.as_ref(), Some(&member.account));
    assert_eq!(by_zero.machines[0].machine, Some(machine(1)));
    assert!(by_zero.machines[0].current);
}

/// Get reads rows by position, Update by name: a column in its neighbour's place
/// would show.
#[tokio::test]
async fn every_field_is_read_under_its_own_name() {
    let server = TestServer::start().await;
    let member = server.open_account("jeanne@exemple.fr", 1).await;
    let form = v1::Account {
        company_name: "Boulangerie Martin".to_owned(),
        last_name: "Martin".to_owned(),
        first_name: "Jeanne".to_owned(),
        address: "3 rue du Four".to_owned(),
        postal_code: "30000".to_owned(),
        city: "Nîmes".to_owned(),
        country_code: "FRA".to_owned(),
        phone: "01-58-90-49-77".to_owned(),
        ape_code: "1071C".to_owned(),
        email: "martin@exemple.fr".to_owned(),
        ..Default::default()
    };
    server.advance(SignedDuration::from_mins(1));
    let request = v1::UpdateRequest { update_mask: None, ..change(&[], form) };
    let updated = member.update(request).await.account.expect("an account");
    assert_eq!(updated.pending_email, "martin@exemple.fr");
    assert_ne!(updated.create_time, updated.update_time);
    assert_eq!(member.read().await, updated);
    server.deliver_mail().await;
}

#[tokio::test]
async fn a_machine_may_not_read_another_account() {
    let server = TestServer::start().await;
    let jeanne = server.open_account("jeanne@exemple.fr", 1).await;
    let paul = server.open_account("paul@exemple.fr", 2).await;
    for other in [paul.account_id, u32::MAX] {
        let outcome = get(&jeanne.client, other).await;
        assert_refused(outcome, Code::PermissionDenied, ErrorReason::PermissionDenied);
    }
}

#[tokio::test]
async fn machines_are_listed_the_longest_linked_first() {
    let server = TestServer::start().await;
    let member = server.open_account("jeanne@exemple.fr", 3).await;
    for number in [1, 2] {
        server.advance(SignedDuration::from_mins(1));
        server.register(member.account_id, number).await;
    }
    let answer = get(&member.client, 0).await.expect("its own");
    assert_eq!(names(&answer), ["Caisse 3", "Caisse 1", "Caisse 2"]);
    let current: Vec<bool> = answer.machines.iter().map(|linked| linked.current).collect();
    assert_eq!(current, [true, false, false]);

    server.advance(SignedDuration::from_mins(1));
    let again = server.register(member.account_id, 1).await;
    let answer = get(&again.client, 0).await.expect("its own");
    assert_eq!(names(&answer), ["Caisse 3", "Caisse 2", "Caisse 1"]);

    server
        .client_with(&member.link_token)
        .unlink(v1::UnlinkRequest::default())
        .await
        .expect("gone");
    let answer = get(&again.client, 0).await.expect("its own");
    assert_eq!(names(&answer), ["Caisse 2", "Caisse 1"]);
}

#[tokio::test]
async fn the_last_seen_time_moves_at_most_once_a_minute() {
    let server = TestServer::start().await;
    let member = server.open_account("jeanne@exemple.fr", 1).await;
    let start = member.account.create_time.expect("a time").seconds;
    for (step, seen) in [(0, 0), (59, 0), (1, 60), (59, 60), (1, 120), (3600, 3720)] {
        server.advance(SignedDuration::from_secs(step));
        get(&member.client, 0).await.expect("its own");
        let answer = get(&member.client, 0).await.expect("its own");
        assert_eq!(answer.machines[0].last_seen_time.expect("a time").seconds, start + seen);
        assert_eq!(answer.machines[0].link_time.expect("a time").seconds, start);
    }
}

#[tokio::test]
async fn a_support_key_reads_any_account_that_it_names() {
    let server = TestServer::start().await;
    let jeanne = server.open_account("jeanne@exemple.fr", 1).await;
    let paul = server.open_account("paul@exemple.fr", 2).await;
    let (_, agent) = server.support_agent("Luc").await;
    for member in [&jeanne, &paul] {
        let answer = get(&agent, member.account_id).await.expect("support may read");
        assert_eq!(answer.account.as_ref(), Some(&member.account));
        assert_eq!(answer.machines.len(), 1);
        assert!(!answer.machines[0].current);
    }
    let rejection =
        assert_refused(get(&agent, 0).await, Code::InvalidArgument, ErrorReason::InvalidRequest);
    assert_eq!(violations(&rejection), [("account_id".to_owned(), ViolationReason::Required)]);
    let unknown = get(&agent, paul.account_id + 1).await;
    assert_refused(unknown, Code::Unauthenticated, ErrorReason::InvalidCredentials);
}

#[tokio::test]
async fn a_revoked_support_key_is_dead_and_the_others_live() {
    let server = TestServer::start().await;
    let member = server.open_account("jeanne@exemple.fr", 1).await;
    let (id, luc) = server.support_agent("Luc").await;
    let (_, eva) = server.support_agent("Eva").await;
    assert!(support_key::revoke(server.db(), id, server.clock.now()).await.expect("stored"));
    let outcome = get(&luc, member.account_id).await;
    assert_refused(outcome, Code::Unauthenticated, ErrorReason::InvalidCredentials);
    get(&eva, member.account_id).await.expect("another key");
    assert_eq!(
        count(server.db(), "SELECT count(*) FROM support_key WHERE revoke_time IS NULL").await,
        1
    );
}

#[tokio::test]
async fn every_text_that_is_no_living_token_is_refused_alike() {
    let server = TestServer::start().await;
    let member = server.open_account("jeanne@exemple.fr", 1).await;
    let mut raw = raw_call::connect(&server).await;
    let mut refusals = vec![raw.get(v1::GetRequest::default()).await.expect_err("no token")];

    let token = member.link_token.as_str();
    let randomness = &*server.accounts.randomness;
    let generate = |kind| Token::generate(kind, randomness).reveal().to_owned();
    let (link, ticket) = (generate(TokenKind::Link), generate(TokenKind::Ticket));
    let support = generate(TokenKind::SupportKey);
    for header in [
        String::new(),
        token.to_owned(),
        "Bearer".to_owned(),
        "Bearer ".to_owned(),
        "Bearer garbage".to_owned(),
        format!("Basic {token}"),
        format!("Bearer {}", &token[..token.len() - 1]),
        format!("Bearer {token}0"),
        format!("Bearer {}", token.to_uppercase()),
        format!("Bearer {link}"),
        format!("Bearer {ticket}"),
        format!("Bearer {support}"),
        format!("Bearer {}", token.replace("gestan_link_", "gestan_support_")),
    ] {
        let request = raw_call::authorized(v1::GetRequest::default(), &header);
        refusals.push(raw.get(request).await.expect_err(&header));
    }
    for refusal in &refusals {
        assert_eq!(raw_call::face(refusal), raw_call::face(&refusals[0]));
    }
    let rejection = Err::<(), _>(Error::from(refusals.swap_remove(0)));
    assert_refused(rejection, Code::Unauthenticated, ErrorReason::InvalidCredentials);

    // The scheme's case does not matter.
    let request = raw_call::authorized(v1::GetRequest::default(), &format!("bearer {token}"));
    raw.get(request).await.expect("a living token");
}

#[tokio::test]
async fn a_ticket_of_this_very_account_does_not_read_it() {
    let server = TestServer::start().await;
    let member = server.open_account("jeanne@exemple.fr", 1).await;
    server.advance(SignedDuration::from_mins(2));
    let sent = server.resend(member.account_id, 1).await;
    let code = server.code_to("jeanne@exemple.fr").await;
    let ticket = server.confirm(&sent.challenge_id, &code).await.ticket;
    let outcome = get(&server.client_with(&ticket), 0).await;
    assert_refused(outcome, Code::Unauthenticated, ErrorReason::InvalidCredentials);
}
