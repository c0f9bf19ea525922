//! Mail servers that take their time, or are cut off: a mail comes once if it can, and seldom
//! more often, with one code in all its copies.

use std::{sync::Arc, time::Duration};

use gestan_account_server::{
    credentials::derivation::MailedCodeKey,
    mail::{
        mailer::{Mailer, SmtpOptions, Timeouts},
        outbox::Outbox,
    },
    shutdown::Shutdown,
};
use gestan_account_tests::{
    SeededRandomness, TestServer, TestServerOptions, code_in, count, impatient, text,
};
use jiff::SignedDuration;
use tokio::task::JoinHandle;

use super::scripted::{Script, Scripted};
use tokio_util::sync::CancellationToken;

const FROM: &str = "Gestan <compte@gestan.example>";

/// A lease that is renewed every tenth of a second.
const SHORT_LEASE: Duration = Duration::from_millis(300);

async fn server_with(peer: &Scripted, options: &SmtpOptions) -> TestServer {
    let mailer = Mailer::from_url(&peer.url, FROM, options).unwrap();
    TestServer::start_with(TestServerOptions { mailer: Some(mailer), ..Default::default() }).await
}

/// State, attempts, uncertain ones, and last error of the only mail.
async fn fate(server: &TestServer) -> String {
    let fate = "SELECT state || ' ' || attempts || ' ' || uncertain_attempts || ' ' || \
                coalesce(last_error, '-') FROM outbox_mail";
    text(server.db(), fate).await.expect("a mail")
}

/// Moves the clock to the next attempt; gives the wait.
async fn wait_for_next_attempt(server: &TestServer) -> SignedDuration {
    let next = count(server.db(), "SELECT next_attempt_time FROM outbox_mail").await;
    let wait = SignedDuration::from_millis(next - server.outbox.clock.now().as_millisecond());
    server.advance(wait);
    wait
}

/// Codes that are stored.
async fn codes(server: &TestServer) -> i64 {
    count(server.db(), "SELECT count(*) FROM personal_code").await
}

fn work(
    server: &TestServer,
    outbox: Outbox,
    stop: &Shutdown,
    give_up: &CancellationToken,
) -> JoinHandle<()> {
    let mail_queued = Arc::clone(&server.accounts.mail_queued);
    tokio::spawn(outbox.run(mail_queued, stop.draining().clone(), give_up.clone()))
}

/// The code in a text as it came over the wire.
fn code_on_the_wire(text: &str) -> String {
    code_in(&text.replace("=\r\n", ""))
}

#[tokio::test]
async fn a_server_that_takes_a_mail_after_a_long_while_gets_it_once() {
    let mut peer = Scripted::doing("TEXT", "LATE").await;
    // Every phase but the last is over long before.
    let mut options = impatient();
    options.timeouts = Timeouts { end: Duration::from_mins(10), ..options.timeouts };
    let mut server = server_with(&peer, &options).await;
    server.outbox.config.lease = SHORT_LEASE;
    let created = server.create("jeanne@exemple.fr", 1).await;
    let outbox = server.outbox.clone();
    let sending = tokio::spawn(async move { outbox.drain().await.unwrap() });
    let mail = peer.hears_text().await;

    // The lease follows the clock, however far it goes, and nobody else takes the mail.
    let lease = SignedDuration::try_from(SHORT_LEASE).unwrap();
    for _ in 0..10 {
        server.advance(lease - SignedDuration::from_millis(1));
        let until = (server.outbox.clock.now() + lease).as_millisecond();
        let query = "SELECT lease_expire_time FROM outbox_mail";
        while count(server.db(), query).await < until {}
        assert_eq!(server.deliver_mail().await, 0, "it is being sent");
    }
    peer.take_late(1);
    assert_eq!(sending.await.unwrap(), 1);
    assert_eq!(fate(&server).await, "sent 1 0 -");
    assert_eq!(peer.heard(), Vec::<String>::new(), "one mail came, and no more");
    server.confirm(&created.challenge_id, &code_on_the_wire(&mail)).await;
}

#[tokio::test]
async fn mails_that_wait_for_their_reply_hold_up_no_others() {
    let mut peer = Scripted::doing("TEXT", "LATE").await;
    let mut options = SmtpOptions::default();
    options.timeouts.turn = Duration::from_millis(10);
    let server = server_with(&peer, &options).await;
    for number in 0..20 {
        server.create(&format!("client{number}@exemple.fr"), number).await;
    }
    let stop = Shutdown::default();
    let worker = work(&server, server.outbox.clone(), &stop, &CancellationToken::new());
    // More than are sent concurrently.
    for _ in 0..20 {
        peer.hears_text().await;
    }
    peer.take_late(20);
    stop.begin();
    worker.await.unwrap();
    let sent = "SELECT count(*) FROM outbox_mail WHERE state = 'sent' AND attempts = 1";
    assert_eq!(count(server.db(), sent).await, 20);
}

#[tokio::test]
async fn whatever_cuts_a_mail_off_after_its_text_has_begun_brings_few_copies_with_one_code() {
    for reply in ["CUT", "CLOSE", "nonsense"] {
        let mut peer = Scripted::doing("TEXT", reply).await;
        let server = server_with(&peer, &SmtpOptions::default()).await;
        server.create("jeanne@exemple.fr", 1).await;
        let mut waits = Vec::new();
        for attempt in 1..=3 {
            assert_eq!(server.deliver_mail().await, 1);
            let error = if reply == "nonsense" { "protocol" } else { "connection" };
            assert_eq!(fate(&server).await, format!("pending {attempt} {attempt} {error}"));
            // Every copy brings the code that is stored once.
            assert_eq!(codes(&server).await, 1, "{reply}");
            waits.push(wait_for_next_attempt(&server).await);
        }
        for (wait, minutes) in waits.iter().zip([15, 60, 240]) {
            let least = SignedDuration::from_mins(minutes);
            assert!(*wait >= least && *wait <= least * 5 / 4, "{wait} instead of {least}");
        }
        assert_eq!(server.deliver_mail().await, 1);
        // The last try has ended the mail, and is no longer counted as one to be repeated.
        assert!(fate(&server).await.starts_with("failed 4 3 "), "{}", fate(&server).await);
        server.advance(SignedDuration::from_hours(12));
        assert_eq!(server.deliver_mail().await, 0, "four copies are enough");
        let texts: Vec<String> =
            peer.heard().into_iter().filter(|said| said.contains("\r\n")).collect();
        let mut codes: Vec<String> = texts.iter().map(|text| code_on_the_wire(text)).collect();
        codes.dedup();
        assert_eq!(codes.len(), usize::from(reply != "CUT"), "{codes:?}");
    }
}

#[tokio::test]
async fn what_certainly_did_not_leave_takes_no_code_away_that_may_have_left() {
    let script = Script { step: "TEXT", reply: "CLOSE", times: 1, ..Script::default() };
    let mut peer = Scripted::start(script).await;
    let mut server = server_with(&peer, &SmtpOptions::default()).await;
    let created = server.create("jeanne@exemple.fr", 1).await;
    server.deliver_mail().await;
    let first = code_on_the_wire(&peer.hears_text().await);
    wait_for_next_attempt(&server).await;

    let greylisting = Scripted::doing("RCPT", "451 4.7.1 later").await;
    let usual = server.outbox.mailer.clone();
    server.outbox.mailer =
        Mailer::from_url(&greylisting.url, FROM, &SmtpOptions::default()).unwrap();
    server.deliver_mail().await;
    assert_eq!(fate(&server).await, "pending 2 1 451 4.7.1");
    assert_eq!(codes(&server).await, 1, "the first copy may have arrived");

    server.outbox.mailer = usual;
    wait_for_next_attempt(&server).await;
    server.deliver_mail().await;
    assert_eq!(fate(&server).await, "sent 3 1 -");
    assert_eq!(code_on_the_wire(&peer.hears_text().await), first);
    server.confirm(&created.challenge_id, &first).await;
}

#[tokio::test]
async fn a_copy_from_another_process_has_another_code_and_both_serve() {
    for typed in 0..2 {
        let script = Script { step: "TEXT", reply: "CLOSE", times: 1, ..Script::default() };
        let mut peer = Scripted::start(script).await;
        let mut server = server_with(&peer, &SmtpOptions::default()).await;
        let created = server.create("jeanne@exemple.fr", 1).await;
        server.deliver_mail().await;
        wait_for_next_attempt(&server).await;
        server.outbox.code_key = MailedCodeKey::generate(&SeededRandomness::new(12));
        server.deliver_mail().await;
        let mut mailed = Vec::new();
        for _ in 0..2 {
            mailed.push(code_on_the_wire(&peer.hears_text().await));
        }
        assert_ne!(mailed[0], mailed[1]);
        assert_eq!(codes(&server).await, 2);
        server.confirm(&created.challenge_id, &mailed[typed]).await;
    }
}

#[tokio::test]
async fn a_worker_that_stops_puts_back_what_takes_too_long() {
    for (step, fate_then, codes_left) in
        [("TEXT", "pending 1 1 stopped", 1), ("RCPT", "pending 1 0 stopped", 0)]
    {
        let mut peer = Scripted::doing(step, "HANG").await;
        let mut server = server_with(&peer, &SmtpOptions::default()).await;
        server.leaves_mail();
        server.create("jeanne@exemple.fr", 1).await;
        let (stop, give_up) = (Shutdown::default(), CancellationToken::new());
        let worker = work(&server, server.outbox.clone(), &stop, &give_up);
        if step == "TEXT" {
            peer.hears_text().await;
        } else {
            while !peer.hears().await.starts_with(step) {}
        }
        stop.begin();
        give_up.cancel();
        worker.await.unwrap();
        assert_eq!(fate(&server).await, fate_then);
        assert_eq!(codes(&server).await, codes_left);
        let wait = wait_for_next_attempt(&server).await;
        assert_eq!(wait >= SignedDuration::from_mins(15), step == "TEXT", "{wait}");
    }
}

#[tokio::test]
async fn each_phase_ends_after_its_own_time() {
    for (step, limit) in [
        ("GREET", Timeouts { greeting: Duration::from_millis(20), ..Timeouts::default() }),
        ("EHLO", Timeouts { command: Duration::from_millis(20), ..Timeouts::default() }),
        ("MAIL", Timeouts { command: Duration::from_millis(20), ..Timeouts::default() }),
        ("RCPT", Timeouts { command: Duration::from_millis(20), ..Timeouts::default() }),
        ("DATA", Timeouts { data: Duration::from_millis(20), ..Timeouts::default() }),
        ("TEXT", Timeouts { end: Duration::from_millis(20), ..Timeouts::default() }),
    ] {
        for offers in [&["8BITMIME"][..], &["PIPELINING"]] {
            let peer =
                Scripted::start(Script { offers, step, reply: "HANG", ..Script::default() }).await;
            let options = SmtpOptions { timeouts: limit, ..SmtpOptions::default() };
            let mut server = server_with(&peer, &options).await;
            server.leaves_mail();
            server.create("jeanne@exemple.fr", 1).await;
            server.deliver_mail().await;
            let uncertain = i32::from(step == "TEXT");
            let timed_out = format!("pending 1 {uncertain} timeout");
            assert_eq!(fate(&server).await, timed_out, "{step} {offers:?}");
        }
    }
}

#[test]
fn the_usual_timeouts_are_those_of_the_standard() {
    let Timeouts { greeting, command, data, block, end, .. } = Timeouts::default();
    let minutes = [5, 5, 2, 3, 10].map(Duration::from_mins);
    assert_eq!([greeting, command, data, block, end], minutes);
}
