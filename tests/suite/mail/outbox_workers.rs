//! Several workers share one outbox.

use std::{
    collections::HashSet,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
        mpsc::{Receiver, Sender, channel},
    },
};

use gestan_account_server::{
    credentials::derivation::MailedCodeKey, mail::outbox::Outbox, randomness::Randomness,
    shutdown::Shutdown, storage::outbox_mail,
};
use gestan_account_tests::{
    SeededRandomness, SmtpPeer, TestServer, TestServerOptions, code_in, count, text,
};
use jiff::SignedDuration;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

/// A worker beside the server's own, as another server would run it.
fn other_worker(server: &TestServer, seed: u64) -> Outbox {
    Outbox {
        metrics: server.outbox.metrics.clone(),
        code_key: MailedCodeKey::generate(&SeededRandomness::new(seed)),
        randomness: Arc::new(SeededRandomness::new(seed)),
        ..server.outbox.clone()
    }
}

async fn owe_mails(server: &TestServer, mails: u32) {
    for number in 0..mails {
        server.create(&format!("client{number}@exemple.fr"), number.into()).await;
    }
}

fn assert_each_once(message_ids: impl IntoIterator<Item = String>, mails: usize) {
    let ids: Vec<String> = message_ids.into_iter().collect();
    assert_eq!(ids.len(), mails, "{ids:?}");
    assert_eq!(ids.iter().collect::<HashSet<_>>().len(), mails, "{ids:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn workers_that_drain_concurrently_send_each_mail_once() {
    let server = TestServer::start().await;
    owe_mails(&server, 40).await;
    let workers = [server.outbox.clone(), other_worker(&server, 8), other_worker(&server, 9)];
    let draining = workers.map(|worker| tokio::spawn(async move { worker.drain().await.unwrap() }));
    let mut sent = Vec::new();
    for worker in draining {
        sent.push(worker.await.unwrap());
    }
    assert_eq!(sent.iter().sum::<usize>(), 40, "{sent:?}");
    assert_each_once(server.mails().into_iter().map(|mail| mail.message_id), 40);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_servers_on_one_database_send_each_mail_once() {
    let server = TestServer::start().await;
    let options = TestServerOptions {
        database_url: Some(server.database_url().to_owned()),
        mailer: Some(server.outbox.mailer.clone()),
        ..Default::default()
    };
    let second = TestServer::start_with(options).await;
    owe_mails(&server, 40).await;
    let other = other_worker(&second, 8);
    let own = server.outbox.clone();
    let own = tokio::spawn(async move { own.drain().await.unwrap() });
    let other = tokio::spawn(async move { other.drain().await.unwrap() });
    assert_eq!(own.await.unwrap() + other.await.unwrap(), 40);
    assert_each_once(server.mails().into_iter().map(|mail| mail.message_id), 40);
    drop(second);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn running_workers_send_each_mail_once_over_smtp_and_finish_what_they_began() {
    let mut peer = SmtpPeer::start(&[]).await;
    let options = TestServerOptions { mailer: Some(peer.mailer()), ..Default::default() };
    let server = TestServer::start_with(options).await;
    owe_mails(&server, 10).await;
    let stop = Shutdown::default();
    let mail_queued = Arc::clone(&server.accounts.mail_queued);
    let (stopped, never) = (stop.draining().clone(), CancellationToken::new());
    let own = server.outbox.clone().run(mail_queued, stopped.clone(), never.clone());
    let other = other_worker(&server, 8).run(Arc::new(Notify::new()), stopped, never);
    let workers = [tokio::spawn(own), tokio::spawn(other)];
    owe_mails(&server, 20).await;
    let mut ids = Vec::new();
    for _ in 0..30 {
        ids.push(peer.mail().await.header("Message-ID").to_owned());
    }
    stop.begin();
    for worker in workers {
        worker.await.unwrap();
    }
    ids.extend(peer.stop().await.iter().map(|mail| mail.header("Message-ID").to_owned()));
    assert_each_once(ids, 30);
    let sent = "SELECT count(*) FROM outbox_mail WHERE state = 'sent'";
    assert_eq!(count(server.db(), sent).await, 30);
}

#[tokio::test]
async fn the_mail_of_a_worker_that_died_is_sent_when_its_lease_is_over_and_not_before() {
    let server = TestServer::start().await;
    server.create("jeanne@exemple.fr", 1).await;
    let dead = SeededRandomness::new(9);
    let lease_id = (&dead as &dyn Randomness).uuid();
    let (now, lease) = (server.outbox.clock.now(), SignedDuration::from_secs(90));
    let claimed = outbox_mail::claim(server.db(), lease_id, 8, now, lease).await.unwrap();
    assert_eq!(claimed.len(), 1);

    assert_eq!(server.deliver_mail().await, 0);
    server.advance(SignedDuration::from_millis(89_999));
    assert_eq!(server.deliver_mail().await, 0);
    server.advance(SignedDuration::from_millis(1));
    assert_eq!(server.deliver_mail().await, 1);
    assert_eq!(server.mails().len(), 1);
}

/// Randomness that stands still where a code gets its ID, after the ID of the lease, until it
/// is let go.
#[derive(Debug)]
struct StandsStill {
    inner: SeededRandomness,
    ids: AtomicUsize,
    reached: Sender<()>,
    go_on: Mutex<Receiver<()>>,
}

impl Randomness for StandsStill {
    fn fill(&self, bytes: &mut [u8]) {
        self.inner.fill(bytes);
        if bytes.len() == 16 && self.ids.fetch_add(1, Ordering::SeqCst) == 1 {
            self.reached.send(()).unwrap();
            // The other tasks of this thread go on on another one.
            tokio::task::block_in_place(|| self.go_on.lock().unwrap().recv().unwrap());
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_worker_whose_lease_was_taken_over_stores_no_code_and_ends_nothing() {
    let server = TestServer::start().await;
    let created = server.create("jeanne@exemple.fr", 1).await;
    let (reached, is_reached) = channel();
    let (let_go, go_on) = channel();
    let inner = SeededRandomness::new(8);
    let randomness =
        StandsStill { inner, ids: AtomicUsize::new(0), reached, go_on: Mutex::new(go_on) };
    let slow = Outbox { randomness: Arc::new(randomness), ..server.outbox.clone() };
    let slow = tokio::spawn(async move { slow.drain().await.unwrap() });
    tokio::task::spawn_blocking(move || is_reached.recv().unwrap()).await.unwrap();

    // Another takes over, and fails: the mail is still queued when the slow one goes on.
    server.advance(SignedDuration::from_secs(90));
    let lease_id = (&SeededRandomness::new(9) as &dyn Randomness).uuid();
    let (now, lease) = (server.outbox.clock.now(), SignedDuration::from_secs(90));
    let claimed = outbox_mail::claim(server.db(), lease_id, 8, now, lease).await.unwrap();
    assert_eq!(claimed.len(), 1);
    let_go.send(()).unwrap();
    slow.await.unwrap();
    assert!(server.mails().is_empty());
    assert_eq!(count(server.db(), "SELECT count(*) FROM personal_code").await, 0);
    let state = "SELECT state FROM outbox_mail WHERE attempts = 0";
    assert_eq!(text(server.db(), state).await.as_deref(), Some("pending"));

    server.advance(SignedDuration::from_secs(90));
    let mail = server.mail_to("jeanne@exemple.fr").await;
    server.confirm(&created.challenge_id, &code_in(&mail.text)).await;
}
