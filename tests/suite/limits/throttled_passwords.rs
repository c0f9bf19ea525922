//! Contract §5, passwords: guessing is slowed down, and nobody is shut out.

use std::time::Duration;

use gestan_account_client::{Client, Code, v1, v1::ErrorReason};
use gestan_account_server::throttle::Throttles;
use gestan_account_tests::{
    PASSWORD, TestServer, TestServerOptions, assert_refused, count, machine, new_password,
};
use jiff::SignedDuration;

const MINUTE: SignedDuration = SignedDuration::from_mins(1);

async fn start() -> TestServer {
    let throttles =
        Throttles { wrong_passwords: Throttles::default().wrong_passwords, ..unthrottled() };
    TestServer::start_with(TestServerOptions { throttles, ..Default::default() }).await
}

fn unthrottled() -> Throttles {
    TestServerOptions::default().throttles
}

async fn guess(
    client: &Client,
    account_id: u32,
    secret: &str,
) -> Result<v1::RegisterExistingResponse, gestan_account_client::Error> {
    let request = v1::RegisterExistingRequest {
        account_id,
        secret: secret.to_owned(),
        machine: Some(machine(66)),
    };
    client.register_existing(request).await
}

fn update(password: &str) -> v1::UpdateRequest {
    v1::UpdateRequest {
        account: Some(v1::Account { city: "Lyon".to_owned(), ..Default::default() }),
        password: password.to_owned(),
        ..Default::default()
    }
}

/// Guesses wrongly, and is answered so.
async fn guess_wrongly(server: &TestServer, account_id: u32, times: u32) {
    for number in 0..times {
        let outcome = guess(&server.client, account_id, &format!("faux numéro {number}")).await;
        assert_refused(outcome, Code::Unauthenticated, ErrorReason::InvalidCredentials);
    }
}

/// Is made to wait, and for how long.
async fn wait_told(server: &TestServer, account_id: u32, secret: &str) -> Duration {
    let outcome = guess(&server.client, account_id, secret).await;
    let reason = ErrorReason::TooManyPasswordTries;
    let rejection = assert_refused(outcome, Code::ResourceExhausted, reason);
    rejection.retry_delay().expect("RetryInfo")
}

#[tokio::test]
async fn five_wrong_passwords_are_free_then_waits_double_up_to_an_hour() {
    let server = start().await;
    let member = server.open_account("jeanne@exemple.fr", 1).await;
    guess_wrongly(&server, member.account_id, 5).await;
    for minutes in [1, 2, 4, 8, 16, 32, 60, 60] {
        let wait = wait_told(&server, member.account_id, PASSWORD).await;
        assert_eq!(wait, Duration::from_mins(minutes));
        server.advance(
            MINUTE * i32::try_from(minutes).expect("small") - SignedDuration::from_secs(1),
        );
        assert_eq!(wait_told(&server, member.account_id, "faux").await, Duration::from_secs(1));
        server.advance(SignedDuration::from_secs(1));
        guess_wrongly(&server, member.account_id, 1).await;
    }
}

#[tokio::test]
async fn no_more_than_25_wrong_passwords_count_in_a_day() {
    let server = start().await;
    let member = server.open_account("jeanne@exemple.fr", 1).await;
    let mut wrong = 0;
    for _ in 0..24 * 60 {
        let outcome = guess(&server.client, member.account_id, "faux").await;
        if outcome.is_err_and(|error| error.reason() == Some(ErrorReason::InvalidCredentials)) {
            wrong += 1;
        }
        server.advance(MINUTE);
    }
    assert_eq!(wrong, 25);
}

#[tokio::test]
async fn a_right_password_clears_the_wrong_ones() {
    let server = start().await;
    let member = server.open_account("jeanne@exemple.fr", 1).await;
    for _ in 0..4 {
        guess_wrongly(&server, member.account_id, 4).await;
        guess(&server.client, member.account_id, PASSWORD).await.expect("it is right");
    }
    let counted = "SELECT count(*) FROM throttle WHERE key LIKE 'passwords:%'";
    assert_eq!(count(server.db(), counted).await, 0);
    server.deliver_mail().await;
}

#[tokio::test]
async fn while_strangers_guess_a_linked_machine_and_a_mailed_code_get_in() {
    let server = start().await;
    let member = server.open_account("jeanne@exemple.fr", 1).await;
    guess_wrongly(&server, member.account_id, 5).await;
    wait_told(&server, member.account_id, PASSWORD).await;

    let set = v1::SetPasswordRequest {
        current_password: PASSWORD.to_owned(),
        new_password: new_password(1),
        ..Default::default()
    };
    member.client.set_password(set).await.expect("the linked machine is not held up");

    server.resend(member.account_id, 2).await;
    let code = server.code_to("jeanne@exemple.fr").await;
    guess(&server.client, member.account_id, &code).await.expect("the code is not held up");
    server.deliver_mail().await;
}

#[tokio::test]
async fn a_linked_machine_that_guesses_holds_up_itself_alone() {
    let server = start().await;
    let member = server.open_account("jeanne@exemple.fr", 1).await;
    let other = server.register(member.account_id, 2).await;
    for _ in 0..5 {
        let outcome = member.client.update(update("faux")).await;
        assert_refused(outcome, Code::Unauthenticated, ErrorReason::InvalidCredentials);
    }
    let outcome = member.client.update(update(PASSWORD)).await;
    assert_refused(outcome, Code::ResourceExhausted, ErrorReason::TooManyPasswordTries);
    let unlink = v1::UnlinkRequest {
        machine_id: other.machine.id.clone(),
        password: PASSWORD.to_owned(),
        ..Default::default()
    };
    let outcome = member.client.unlink(unlink).await;
    assert_refused(outcome, Code::ResourceExhausted, ErrorReason::TooManyPasswordTries);
    other.client.update(update(PASSWORD)).await.expect("the other machine is not held up");
    guess(&server.client, member.account_id, PASSWORD).await.expect("strangers are not, either");
    server.deliver_mail().await;
}

#[tokio::test]
async fn a_hundred_concurrent_guesses_are_no_more_than_one_after_the_other() {
    let server = start().await;
    let member = server.open_account("jeanne@exemple.fr", 1).await;
    let guesses = (0..100).map(|number| {
        let (client, account_id) = (server.client.clone(), member.account_id);
        tokio::spawn(async move { guess(&client, account_id, &format!("faux {number}")).await })
    });
    let mut wrong = 0;
    for outcome in guesses.collect::<Vec<_>>() {
        let error = outcome.await.expect("no panic").expect_err("they are all wrong");
        wrong += usize::from(error.reason() == Some(ErrorReason::InvalidCredentials));
    }
    assert_eq!(wrong, 5);
    wait_told(&server, member.account_id, PASSWORD).await;
}

#[tokio::test]
async fn an_account_that_does_not_exist_is_throttled_like_one_that_does() {
    let server = start().await;
    let member = server.open_account("jeanne@exemple.fr", 1).await;
    for account_id in [member.account_id, 4_000_000_000] {
        guess_wrongly(&server, account_id, 5).await;
        assert_eq!(wait_told(&server, account_id, PASSWORD).await, Duration::from_mins(1));
    }
}

/// Who has forgotten the password has tried others, here and on other machines: the new
/// one serves everywhere, immediately.
#[tokio::test]
async fn a_reset_clears_the_wrong_passwords_of_strangers_and_of_every_machine() {
    let server = start().await;
    let member = server.open_account("jeanne@exemple.fr", 1).await;
    let other = server.register(member.account_id, 2).await;
    // An ID that begins as the account's does.
    let neighbour = member.account_id * 10 + 1;
    for account_id in [member.account_id, neighbour] {
        guess_wrongly(&server, account_id, 5).await;
        wait_told(&server, account_id, PASSWORD).await;
    }
    for machine in [&member, &other] {
        for _ in 0..5 {
            let outcome = machine.client.update(update("faux")).await;
            assert_refused(outcome, Code::Unauthenticated, ErrorReason::InvalidCredentials);
        }
        let outcome = machine.client.update(update(PASSWORD)).await;
        assert_refused(outcome, Code::ResourceExhausted, ErrorReason::TooManyPasswordTries);
    }

    let asked = server.resend(member.account_id, 2).await;
    let code = server.code_to("jeanne@exemple.fr").await;
    let ticket = server.confirm(&asked.challenge_id, &code).await.ticket;
    let set = server.set_password(&ticket, &new_password(1)).await;
    let reset = server.client_with(&set.link_token);

    guess(&server.client, member.account_id, &new_password(1)).await.expect("of a stranger");
    member.client.update(update(&new_password(1))).await.expect("of another machine");
    reset.update(update(&new_password(1))).await.expect("of the machine that set it");
    wait_told(&server, neighbour, PASSWORD).await;
    server.deliver_mail().await;
}

/// A mailed code proves the mailbox as well, wherever it is typed.
#[tokio::test]
async fn a_mailed_code_clears_the_wrong_passwords_that_were_tried_before_it() {
    let server = start().await;
    let member = server.open_account("jeanne@exemple.fr", 1).await;
    for _ in 0..5 {
        let outcome = member.client.update(update("faux")).await;
        assert_refused(outcome, Code::Unauthenticated, ErrorReason::InvalidCredentials);
    }
    guess_wrongly(&server, member.account_id, 5).await;
    server.resend(member.account_id, 1).await;
    let code = server.code_to("jeanne@exemple.fr").await;
    member.client.update(update(&code)).await.expect("the code is right");
    member.client.update(update(PASSWORD)).await.expect("here");
    guess(&server.client, member.account_id, PASSWORD).await.expect("and elsewhere");
    server.deliver_mail().await;
}

#[tokio::test]
async fn a_machine_that_joins_again_by_the_right_password_may_go_on_with_it() {
    let server = start().await;
    let member = server.open_account("jeanne@exemple.fr", 1).await;
    for _ in 0..5 {
        let outcome = member.client.update(update("faux")).await;
        assert_refused(outcome, Code::Unauthenticated, ErrorReason::InvalidCredentials);
    }
    let again = server.register(member.account_id, 1).await;
    again.client.update(update(PASSWORD)).await.expect("it was right a moment ago");
}
