//! A clock that was wrong for a moment neither ends a mail nor keeps it waiting.

use gestan_account_server::{
    clock::Clock as _,
    mail::mailer::SendError,
    storage::outbox_mail::{self, LONGEST_BACKOFF},
};
use gestan_account_tests::{TestServer, text};
use jiff::SignedDuration;

const SECOND: SignedDuration = SignedDuration::from_secs(1);
const DAY: SignedDuration = SignedDuration::from_hours(24);
const LEASE: SignedDuration = SignedDuration::from_secs(90);

async fn state(server: &TestServer) -> String {
    text(server.db(), "SELECT state FROM outbox_mail").await.expect("a mail")
}

#[tokio::test]
async fn a_clock_ahead_for_two_seconds_ends_no_code_unsent() {
    for ahead in [DAY, DAY * 400] {
        let server = TestServer::start().await;
        server.advance(DAY);
        let created = server.create("jeanne@exemple.fr", 1).await;
        server.clock.jump(ahead);
        server.deliver_mail().await;
        assert_eq!(state(&server).await, "pending", "{ahead:#} ahead");
        server.advance(SECOND * 2);
        server.deliver_mail().await;
        server.clock.jump(-ahead);
        server.advance(LONGEST_BACKOFF);
        let code = server.code_to("jeanne@exemple.fr").await;
        server.confirm(&created.challenge_id, &code).await;
    }
}

#[tokio::test]
async fn a_mail_is_ended_unsent_once_the_clock_has_been_where_it_is_for_ten_minutes() {
    let server = TestServer::start().await;
    server.create("jeanne@exemple.fr", 1).await;
    server.clock.jump(DAY);
    server.deliver_mail().await;
    server.advance(SignedDuration::from_mins(10) - SECOND);
    server.deliver_mail().await;
    assert_eq!(state(&server).await, "pending");
    server.advance(LONGEST_BACKOFF);
    server.deliver_mail().await;
    assert_eq!(state(&server).await, "expired");
    assert!(server.mails().is_empty());
}

#[tokio::test]
async fn a_mail_that_a_clock_ahead_has_put_off_is_due_after_the_longest_back_off() {
    for ahead in [SECOND * 2, SignedDuration::from_mins(10), DAY / 2, DAY * 400] {
        let server = TestServer::start().await;
        server.create("jeanne@exemple.fr", 1).await;
        server.advance(SECOND);
        if ahead < DAY {
            server.clock.jump(ahead);
        }
        let busy = SendError::Temporary { detail: "421 4.3.2".to_owned(), definite: true };
        server.mailbox().fail_next(busy);
        server.deliver_mail().await;
        if ahead > DAY {
            // By a clock that is so far ahead it looks expired, and is put off just so.
            server.advance(SignedDuration::from_secs(5));
            server.clock.jump(ahead);
            server.deliver_mail().await;
        }
        assert_eq!(state(&server).await, "pending");
        server.clock.jump(-ahead);
        server.advance(LONGEST_BACKOFF);
        server.deliver_mail().await;
        assert_eq!(state(&server).await, "sent", "{ahead:#} ahead");
    }
}

#[tokio::test]
async fn a_mail_that_a_clock_ahead_has_enqueued_is_sent_now() {
    for ahead in [SECOND * 2, DAY, DAY * 400] {
        let server = TestServer::start().await;
        server.clock.jump(ahead);
        let created = server.create("jeanne@exemple.fr", 1).await;
        server.clock.jump(-ahead);
        let code = server.code_to("jeanne@exemple.fr").await;
        server.confirm(&created.challenge_id, &code).await;
    }
}

#[tokio::test]
async fn a_lease_that_a_clock_ahead_has_taken_ends_like_any_other() {
    for ahead in [SECOND * 2, LEASE, DAY, DAY * 400] {
        let server = TestServer::start().await;
        server.create("jeanne@exemple.fr", 1).await;
        let (db, lease_id) = (server.accounts.db.write(), server.accounts.randomness.uuid());
        let now = server.clock.now() + ahead;
        let claimed = outbox_mail::claim(&db, lease_id, 1, now, LEASE).await.expect("a lease");
        assert_eq!(claimed.len(), 1);
        // The server that took it has gone.
        server.advance(LEASE * 2);
        server.deliver_mail().await;
        assert_eq!(state(&server).await, "sent", "{ahead:#} ahead");
    }
}

/// Two servers never agree to the millisecond: the mail stays with the one that sends it.
#[tokio::test]
async fn a_lease_of_a_server_whose_clock_is_a_little_ahead_is_its_own() {
    let server = TestServer::start().await;
    server.create("jeanne@exemple.fr", 1).await;
    let (db, lease_id) = (server.accounts.db.write(), server.accounts.randomness.uuid());
    let now = server.clock.now() + SECOND;
    outbox_mail::claim(&db, lease_id, 1, now, LEASE).await.expect("a lease");
    assert_eq!(server.deliver_mail().await, 0);
    server.advance(LEASE + SECOND);
    assert_eq!(server.deliver_mail().await, 1);
}
