//! Whatever a receiver does wrong: the event waits, and the next try is as good as the first.

use std::time::Duration;

use gestan_account_server::webhook::endpoint::{Endpoint, Refusal};
use gestan_account_tests::{Answer, Authority, Receiver, SECRET, rows};
use jiff::{SignedDuration, Timestamp};
use sea_orm::TryGetable as _;
use tokio::time::{Instant, timeout};
use uuid::Uuid;

use super::{LIMIT, move_to, states, with_customer};

/// Sends something to `receiver`, and gives what came of it.
async fn sent(receiver: &Receiver, limit: Duration) -> Result<(), Refusal> {
    receiver.endpoint(limit).send(Uuid::from_u128(7), "{}", Timestamp::UNIX_EPOCH).await
}

#[tokio::test]
async fn only_a_status_of_success_ends_an_event() {
    let receiver = Receiver::start().await;
    for (status, is_taken) in [
        (200, true),
        (201, true),
        (204, true),
        (302, false),
        (307, false),
        (400, false),
        (401, false),
        (404, false),
        (410, false),
        (429, false),
        (500, false),
        (503, false),
        (599, false),
    ] {
        receiver.answer_next(Answer::status(status));
        assert_eq!(sent(&receiver, LIMIT).await.is_ok(), is_taken, "{status}");
    }
    assert_eq!(receiver.deliveries().len(), 13, "nothing is sent twice by itself");
}

#[tokio::test]
async fn a_redirect_leads_nowhere() {
    let (receiver, other) = (Receiver::start().await, Receiver::start().await);
    for status in [301, 302, 303, 307, 308] {
        receiver.answer_next(Answer::with(status, &format!("Location: {}", other.url())));
        let refusal = sent(&receiver, LIMIT).await.expect_err("no success");
        assert_eq!(refusal.to_string(), format!("status {status}: redirects are not followed"));
    }
    assert!(other.deliveries().is_empty(), "it was told");
}

#[tokio::test]
async fn a_receiver_that_hangs_closes_or_talks_nonsense_holds_nothing_up() {
    let receiver = Receiver::start().await;
    let limit = Duration::from_secs(1);
    let huge = format!("HTTP/1.1 200 OK\r\nX: {}\r\n\r\n", "x".repeat(1024 * 1024));
    let many = format!("HTTP/1.1 200 OK\r\n{}\r\n", "X: y\r\n".repeat(5_000));
    for (answer, told) in [
        (Answer::Silence, "no answer in time"),
        (Answer::BytesAndSilence("HTTP/1.1 20".into()), "no answer in time"),
        // Interim answers, and then none.
        (Answer::BytesAndSilence("HTTP/1.1 102 Wait\r\n\r\n".repeat(3)), "no answer in time"),
        (Answer::Close, "no answer: "),
        (Answer::Bytes("SSH-2.0-OpenSSH_9.6\r\n".into()), "no answer: "),
        (Answer::Bytes("\0\u{1}\u{2}".into()), "no answer: "),
        (Answer::Bytes(huge), "no answer: "),
        (Answer::Bytes(many), "no answer: "),
    ] {
        receiver.answer_next(answer.clone());
        let begun = Instant::now();
        let refusal = sent(&receiver, limit).await.expect_err("it did not take it");
        assert!(refusal.to_string().starts_with(told), "{answer:?}: {refusal}");
        assert!(!refusal.to_string().contains("SSH"), "what it says is not repeated: {refusal}");
        assert!(begun.elapsed() < limit + Duration::from_secs(20), "{answer:?}");
    }
    // The head is enough: nobody waits for the end of this.
    receiver.answer_next(Answer::Endless);
    let endless = timeout(LIMIT, sent(&receiver, LIMIT * 10)).await.expect("it is not read");
    assert_eq!(endless, Ok(()));
    assert_eq!(sent(&receiver, LIMIT).await, Ok(()));
    let address = receiver.address;
    let gone = receiver.endpoint(limit);
    drop(receiver);
    let refused = async {
        loop {
            let sent = gone.send(Uuid::from_u128(7), "{}", Timestamp::UNIX_EPOCH).await;
            match sent {
                Err(Refusal::Connection(why)) => break why,
                _ => tokio::task::yield_now().await,
            }
        }
    };
    let why = timeout(LIMIT, refused).await.expect("nobody listens");
    assert!(why.contains(&address.to_string()), "{why}");
}

#[tokio::test]
async fn the_outbox_says_why_an_event_was_not_taken_and_how_it_waits() {
    let receiver = Receiver::start().await;
    let (server, member) = with_customer(&receiver).await;
    for city in ["Lyon", "Nantes"] {
        move_to(&member, city).await;
    }
    receiver.answer_next(Answer::status(422));
    receiver.answer_next(Answer::Close);
    assert_eq!(server.deliver_events().await, 2);
    let told = rows(
        server.db(),
        "SELECT last_error FROM event_outbox WHERE attempts = 1 AND \
                                  state = 'pending' ORDER BY last_error",
    )
    .await;
    let told: Vec<String> =
        told.iter().map(|row| String::try_get(row, "", "last_error").expect("a text")).collect();
    assert!(told[0].starts_with("no answer: "), "{told:?}");
    assert_eq!(told[1], "status 422");
    server.advance(SignedDuration::from_secs(5));
    assert_eq!(server.deliver_events().await, 2);
    assert_eq!(states(&server).await, ["delivered"; 3]);
}

#[tokio::test]
async fn a_certificate_must_be_trusted_of_its_time_and_for_the_host() {
    let (authority, other) = (Authority::new(), Authority::new());
    let home = tempfile::tempdir().expect("a folder");
    let ca = home.path().join("ca.pem");
    std::fs::write(&ca, authority.pem()).expect("a file");
    let expired = authority.issue_as(|params| {
        params.not_before = rcgen::date_time_ymd(2001, 1, 1);
        params.not_after = rcgen::date_time_ymd(2002, 1, 1);
    });
    for (identity, expected) in [
        (authority.issue(), Ok(())),
        (other.issue(), Err("tls: unknown authority")),
        (authority.issue_for(["autre.exemple"]), Err("tls: certificate for another name")),
        (expired, Err("tls: certificate expired")),
    ] {
        let receiver = Receiver::start_with(Some(identity.acceptor())).await;
        let url = format!("https://localhost:{}/evenements", receiver.address.port());
        let endpoint = Endpoint::new(&url, SECRET.parse().expect("a secret"), Some(&ca), LIMIT);
        let endpoint = endpoint.expect("an endpoint");
        let sent = endpoint.send(Uuid::from_u128(7), "{}", Timestamp::UNIX_EPOCH).await;
        assert_eq!(sent, expected.map_err(Refusal::Tls));
        assert_eq!(receiver.deliveries().len(), usize::from(expected.is_ok()));
    }
    // One that speaks no TLS is told nothing.
    let receiver = Receiver::start().await;
    let url = format!("https://localhost:{}/", receiver.address.port());
    let secrets = SECRET.parse().expect("a secret");
    let endpoint = Endpoint::new(&url, secrets, Some(&ca), Duration::from_secs(1));
    let sent = endpoint.expect("an endpoint").send(Uuid::nil(), "{}", Timestamp::UNIX_EPOCH).await;
    assert!(sent.is_err());
    assert!(receiver.deliveries().is_empty());
}
