//! Mail over real SMTP when something is wrong: what is tried again, what is
//! not, and whom it holds up.

use std::{sync::Arc, time::Duration};

use gestan_account_server::{mail::mailer::Mailer, shutdown::Shutdown};
use gestan_account_tests::{
    SmtpPeer, TestServer, TestServerOptions, code_in, count, impatient, mailer, text,
};
use jiff::SignedDuration;
use tokio::{net::TcpListener, time::timeout};
use tokio_util::sync::CancellationToken;

async fn server_with(mailer: Mailer) -> TestServer {
    TestServer::start_with(TestServerOptions { mailer: Some(mailer), ..Default::default() }).await
}

/// State, attempts and last error of the only mail.
async fn fate(server: &TestServer) -> String {
    let fate =
        "SELECT state || ' ' || attempts || ' ' || coalesce(last_error, '-') FROM outbox_mail";
    text(server.db(), fate).await.expect("a mail")
}

/// Moves the clock to the next attempt, at most by `longest`.
async fn wait_for_next_attempt(server: &TestServer) -> SignedDuration {
    let next = count(server.db(), "SELECT next_attempt_time FROM outbox_mail").await;
    let now = server.outbox.clock.now().as_millisecond();
    let wait = SignedDuration::from_millis(next - now);
    server.advance(wait);
    wait
}

#[tokio::test]
async fn a_wrong_password_keeps_the_mail_until_the_operator_has_mended_it() {
    let arguments = ["--starttls", "--user", "gestan", "--password", "juste"];
    let mut peer = SmtpPeer::start(&arguments).await;
    let mut server = server_with(peer.tls_mailer("smtp+starttls://gestan:faux@")).await;
    server.create("jeanne@exemple.fr", 1).await;
    server.deliver_mail().await;
    assert_eq!(fate(&server).await, "pending 1 535 5.7.8");

    server.outbox.mailer = peer.tls_mailer("smtp+starttls://");
    wait_for_next_attempt(&server).await;
    server.deliver_mail().await;
    assert_eq!(fate(&server).await, "pending 2 530 5.7.0");

    server.outbox.mailer = peer.tls_mailer("smtp+starttls://gestan:juste@");
    wait_for_next_attempt(&server).await;
    server.deliver_mail().await;
    assert_eq!(fate(&server).await, "sent 3 -");
    assert_eq!(peer.mail().await.fact("user"), Some("gestan"));
}

#[tokio::test]
async fn a_certificate_that_nobody_vouches_for_gets_no_mail_and_no_password() {
    for (arguments, scheme) in [("--tls", "smtps"), ("--starttls", "smtp+starttls")] {
        let peer = SmtpPeer::start(&[arguments, "--user", "gestan", "--password", "juste"]).await;
        let untrusted = format!("{scheme}://gestan:juste@localhost:{}", peer.port());
        let mut server = server_with(mailer(&untrusted)).await;
        server.leaves_mail();
        server.create("jeanne@exemple.fr", 1).await;
        server.deliver_mail().await;
        assert_eq!(fate(&server).await, "pending 1 tls: unknown authority", "{scheme}");
        assert!(peer.stop().await.is_empty());
    }
}

#[tokio::test]
async fn a_certificate_for_another_host_is_not_accepted() {
    let peer = SmtpPeer::start(&["--tls"]).await;
    let url = format!("smtps://127.0.0.1:{}?ca={}", peer.port(), peer.ca().display());
    let mut server = server_with(mailer(&url)).await;
    server.leaves_mail();
    server.create("jeanne@exemple.fr", 1).await;
    server.deliver_mail().await;
    assert_eq!(fate(&server).await, "pending 1 tls: certificate for another name");
}

#[tokio::test]
async fn starttls_that_is_not_offered_sends_nothing() {
    let peer = SmtpPeer::start(&[]).await;
    let mut server = server_with(peer.tls_mailer("smtp+starttls://gestan:juste@")).await;
    server.leaves_mail();
    server.create("jeanne@exemple.fr", 1).await;
    server.deliver_mail().await;
    assert_eq!(fate(&server).await, "pending 1 starttls not offered");
    assert!(peer.stop().await.is_empty());
}

#[tokio::test]
async fn a_recipient_put_off_gets_one_mail_after_the_back_off() {
    let mut peer = SmtpPeer::start(&["--rcpt", "451 4.3.0 later", "--times", "1"]).await;
    let server = server_with(peer.mailer()).await;
    let created = server.create("jeanne@exemple.fr", 1).await;
    server.deliver_mail().await;
    assert_eq!(fate(&server).await, "pending 1 451 4.3.0");
    assert_eq!(server.deliver_mail().await, 0, "not before the back-off is over");
    wait_for_next_attempt(&server).await;
    server.deliver_mail().await;
    assert_eq!(fate(&server).await, "sent 2 -");
    let mail = peer.mail().await;
    assert!(peer.stop().await.is_empty(), "one mail came, and no more");
    server.confirm(&created.challenge_id, &code_in(mail.text())).await;
}

#[tokio::test]
async fn a_text_put_off_comes_again_with_the_same_message_id() {
    let mut peer = SmtpPeer::start(&["--data", "451 4.3.0 later", "--times", "1"]).await;
    let server = server_with(peer.mailer()).await;
    let created = server.create("jeanne@exemple.fr", 1).await;
    server.deliver_mail().await;
    assert_eq!(fate(&server).await, "pending 1 451 4.3.0");
    wait_for_next_attempt(&server).await;
    server.deliver_mail().await;
    assert_eq!(fate(&server).await, "sent 2 -");
    let (put_off, taken) = (peer.mail().await, peer.mail().await);
    assert!(peer.stop().await.is_empty());
    assert_eq!(put_off.fact("reply"), Some("451 4.3.0 later"));
    assert_eq!(put_off.header("Message-ID"), taken.header("Message-ID"));
    server.confirm(&created.challenge_id, &code_in(taken.text())).await;
}

#[tokio::test]
async fn a_server_that_hangs_up_without_a_reply_may_get_the_mail_twice_with_one_message_id() {
    let mut peer = SmtpPeer::start(&["--data", "CLOSE", "--times", "1"]).await;
    let server = server_with(peer.mailer()).await;
    let created = server.create("jeanne@exemple.fr", 1).await;
    server.deliver_mail().await;
    assert!(fate(&server).await.starts_with("pending 1 "), "{}", fate(&server).await);
    wait_for_next_attempt(&server).await;
    server.deliver_mail().await;
    let (first, second) = (peer.mail().await, peer.mail().await);
    assert!(peer.stop().await.is_empty());
    assert_eq!(first.header("Message-ID"), second.header("Message-ID"));
    server.confirm(&created.challenge_id, &code_in(first.text())).await;
}

#[tokio::test]
async fn a_recipient_refused_for_good_fails_and_the_others_get_their_mail() {
    for step in ["--rcpt", "--data"] {
        let arguments =
            [step, "550 5.1.1 <personne@exemple.fr> unknown", "--to", "personne@exemple.fr"];
        let mut peer = SmtpPeer::start(&arguments).await;
        let server = server_with(peer.mailer()).await;
        for (number, name) in (1..).zip(["anne", "personne", "jeanne"]) {
            server.create(&format!("{name}@exemple.fr"), number).await;
        }
        assert_eq!(server.deliver_mail().await, 3);
        server.advance(SignedDuration::from_hours(1));
        assert_eq!(server.deliver_mail().await, 0, "what failed is not tried again");
        // The reply's own words, which hold the address, are not kept.
        let failed = "SELECT count(*) FROM outbox_mail WHERE recipient = 'personne@exemple.fr' \
                      AND state = 'failed' AND attempts = 1 AND last_error = '550 5.1.1'";
        assert_eq!(count(server.db(), failed).await, 1);
        let mut to = Vec::new();
        while to.len() < 2 {
            let mail = peer.mail().await;
            to.extend(
                (mail.fact("reply") == Some("250 2.0.0 queued")).then(|| mail.to().join(",")),
            );
        }
        to.sort();
        assert_eq!(to, ["anne@exemple.fr", "jeanne@exemple.fr"]);
    }
}

#[tokio::test]
async fn a_server_that_is_away_is_asked_ever_more_rarely_until_the_code_has_expired() {
    let port = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    let server = server_with(mailer(&format!("smtp://127.0.0.1:{port}"))).await;
    server.create("jeanne@exemple.fr", 1).await;
    let begin = server.outbox.clock.now();
    let mut waits = Vec::new();
    while server.outbox.clock.now() < begin + SignedDuration::from_hours(24) {
        assert_eq!(server.deliver_mail().await, 1);
        let attempts = u32::try_from(waits.len()).unwrap();
        let told = format!("connection: 127.0.0.1:{port}: connection refused");
        assert_eq!(fate(&server).await, format!("pending {} {told}", attempts + 1));
        let longest =
            SignedDuration::from_secs(5 << attempts.min(8)).min(SignedDuration::from_mins(15));
        let wait = wait_for_next_attempt(&server).await;
        assert!(wait >= longest / 2 && wait <= longest, "{wait} after {attempts} attempts");
        waits.push(wait);
    }
    let distinct: std::collections::HashSet<_> = waits.iter().collect();
    assert!(distinct.len() > waits.len() / 2, "there is chance in it: {waits:?}");
    let attempts = waits.len();
    server.deliver_mail().await;
    assert_eq!(fate(&server).await, format!("expired {} -", attempts + 1));
    assert_eq!(count(server.db(), "SELECT count(*) FROM personal_code").await, 0);
}

#[tokio::test]
async fn a_mail_server_that_hangs_holds_up_no_call() {
    let mut peer = SmtpPeer::start(&["--rcpt", "HANG"]).await;
    let mut server = server_with(peer.mailer()).await;
    server.leaves_mail();
    let mail_queued = Arc::clone(&server.accounts.mail_queued);
    let stop = Shutdown::default();
    let (stopped, never) = (stop.draining().clone(), CancellationToken::new());
    let worker = server.outbox.clone().run(mail_queued, stopped, never);
    let worker = tokio::spawn(worker);
    for number in 0..12 {
        server.create(&format!("client{number}@exemple.fr"), number).await;
    }
    // As many mails as are ever sent concurrently.
    for _ in 0..8 {
        peer.hangs().await;
    }
    let call = timeout(Duration::from_secs(5), server.create("jeanne@exemple.fr", 20));
    call.await.expect("Create is answered at once");
    let queued = "SELECT count(*) FROM outbox_mail WHERE state = 'pending' AND attempts = 0";
    assert_eq!(count(server.db(), queued).await, 13, "none was sent, none was given up");
    worker.abort();
    assert!(peer.stop().await.is_empty());
}

#[tokio::test]
async fn a_worker_that_sent_too_slowly_leaves_the_mail_to_who_took_it_over() {
    let mut peer = SmtpPeer::start(&["--data", "HANG", "--times", "1"]).await;
    let server = server_with(peer.mailer()).await;
    server.create("jeanne@exemple.fr", 1).await;
    let from = "Gestan <compte@gestan.example>";
    let url = format!("smtp://127.0.0.1:{}", peer.port());
    let mut slow = server.outbox.clone();
    slow.mailer = Mailer::from_url(&url, from, &impatient()).unwrap();
    let slow = tokio::spawn(async move { slow.drain().await.unwrap() });
    let first = peer.mail().await;
    server.advance(SignedDuration::from_secs(90));
    server.deliver_mail().await;
    assert_eq!(fate(&server).await, "sent 1 -");
    assert_eq!(peer.mail().await.header("Message-ID"), first.header("Message-ID"));
    slow.await.unwrap();
    assert_eq!(fate(&server).await, "sent 1 -");
    assert!(peer.stop().await.is_empty());
}
