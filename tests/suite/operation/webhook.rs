//! Events for another system, in process: what is told of, how it is signed, and what follows
//! from whatever the receiver does.

mod endpoint;
mod process;
mod refusals;

use std::time::Duration;

use gestan_account_client::v1::{self, Account};
use gestan_account_server::domain::role::Role;
use gestan_account_tests::{
    Answer, Delivery, Receiver, SECRET, TestServer, TestServerOptions, change, change_email,
    charge, correction, count, erase, execute, grant, http_get, merge, rows, signature, start_time,
};
use jiff::SignedDuration;
use sea_orm::TryGetable as _;
use serde_json::{Value, json};

/// Long enough for any answer that comes.
const LIMIT: Duration = Duration::from_secs(20);

/// A server whose events go to `receiver`.
async fn told_by(receiver: &Receiver) -> TestServer {
    let webhook = Some(receiver.endpoint(LIMIT));
    TestServer::start_with(TestServerOptions { webhook, ..Default::default() }).await
}

/// The same, with a customer, whose opening is told already.
async fn with_customer(receiver: &Receiver) -> (TestServer, gestan_account_tests::Member) {
    let server = told_by(receiver).await;
    let member = server.open_account("jeanne@exemple.fr", 1).await;
    server.deliver_mail().await;
    assert_eq!(server.deliver_events().await, 1);
    (server, member)
}

/// Changes one field, so that there is an event.
async fn move_to(member: &gestan_account_tests::Member, city: &str) {
    let city = Account { city: city.into(), ..Default::default() };
    member.update(change(&["city"], city)).await;
}

async fn states(server: &TestServer) -> Vec<String> {
    let states =
        rows(server.db(), "SELECT state FROM event_outbox ORDER BY create_time, state").await;
    states.iter().map(|row| String::try_get(row, "", "state").expect("a state")).collect()
}

fn kinds(deliveries: &[Delivery]) -> Vec<String> {
    let kind = |delivery: &Delivery| delivery.json()["type"].as_str().expect("a type").to_owned();
    deliveries.iter().map(kind).collect()
}

#[tokio::test]
async fn what_happens_to_accounts_is_told_signed_and_without_a_value() {
    let receiver = Receiver::start().await;
    let server = told_by(&receiver).await;
    let first = server.open_account("jeanne@exemple.fr", 1).await;
    let second = server.open_account("martin@exemple.fr", 2).await;
    server.advance(SignedDuration::from_mins(1));
    move_to(&first, "Lyon").await;
    first.update(change_email("nouvelle@exemple.fr")).await;
    server.deliver_mail().await;
    let code = server.code_to("nouvelle@exemple.fr").await;
    let by_account =
        v1::ConfirmRequest { account_id: first.account_id, code, ..Default::default() };
    server.client.confirm(by_account).await.expect("the address is confirmed");
    let desk = server.desk(Role::Admin).await;
    merge(&desk, second.account_id, first.account_id).await;
    server.deliver_mail().await;
    assert_eq!(server.deliver_events().await, 5);

    let deliveries = receiver.deliveries();
    let mut told: Vec<Value> = deliveries.iter().map(Delivery::json).collect();
    told.sort_by_key(ToString::to_string);
    let (first, second) = (first.account_id, second.account_id);
    let event = |kind: &str, time: &str, data: &Value| json!({ "type": kind, "timestamp": time, "data": data });
    let (begin, later) = ("2026-11-24T08:00:00.000Z", "2026-11-24T08:01:00.000Z");
    let mut expected = vec![
        event("account.opened", begin, &json!({ "account_id": first })),
        event("account.opened", begin, &json!({ "account_id": second })),
        event("account.changed", later, &json!({ "account_id": first, "fields": ["city"] })),
        event("account.changed", later, &json!({ "account_id": first, "fields": ["email"] })),
        event(
            "account.merged",
            later,
            &json!({ "account_id": first, "merged_account_id": second }),
        ),
    ];
    expected.sort_by_key(ToString::to_string);
    assert_eq!(told, expected);
    for delivery in &deliveries {
        assert!(delivery.head.starts_with("POST /evenements?source=gestan HTTP/1.1"));
        assert_eq!(delivery.header("webhook-signature"), signature(SECRET, delivery));
        let time = (start_time() + SignedDuration::from_mins(1)).as_second().to_string();
        assert_eq!(delivery.header("webhook-timestamp"), time);
        assert_eq!(delivery.header("content-type"), "application/json");
        for personal in ["eanne", "exemple", "Lyon", "127.0.0.1:5"] {
            assert!(!delivery.body.contains(personal), "{personal}: {}", delivery.body);
        }
    }
    let mut ids: Vec<&str> = deliveries.iter().map(|d| d.header("webhook-id")).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 5, "each has an ID of its own");
    assert_eq!(states(&server).await, ["delivered"; 5]);
    assert_eq!(server.deliver_events().await, 0, "each is told once");
}

/// Whoever keeps something of the account has to erase it, too.
#[tokio::test]
async fn an_erasure_is_told_by_the_number_alone() {
    let receiver = Receiver::start().await;
    let (server, member) = with_customer(&receiver).await;
    let desk = server.desk(Role::Admin).await;
    erase(&desk, member.account_id).await;
    server.deliver_mail().await;
    assert_eq!(server.deliver_events().await, 1);
    let told = receiver.deliveries().last().expect("an event").json();
    let data = json!({ "account_id": member.account_id });
    let time = "2026-11-24T08:00:00.000Z";
    assert_eq!(told, json!({ "type": "account.erased", "timestamp": time, "data": data }));
}

#[tokio::test]
async fn support_time_is_told_by_the_number_of_its_entry() {
    let receiver = Receiver::start().await;
    let (server, member) = with_customer(&receiver).await;
    let account_id = member.account_id;
    let mut desk = server.desk(Role::Admin).await;
    let granted = desk.grant_time(grant(account_id, 60)).await.expect("it is granted").into_inner();
    let charged =
        desk.charge_time(charge(account_id, 10)).await.expect("it is charged").into_inner();
    let wrong = correction(account_id, charged.entry.as_ref().expect("an entry").id);
    let corrected = desk.correct_time(wrong).await.expect("it is put right").into_inner();
    assert_eq!(server.deliver_events().await, 3);
    let mut told: Vec<Value> = receiver.deliveries().iter().skip(1).map(Delivery::json).collect();
    told.sort_by_key(|event| event["data"]["entry_id"].as_u64());
    let events = [
        ("time.granted", granted.entry),
        ("time.charged", charged.entry),
        ("time.corrected", corrected.entry),
    ];
    let expected = events.map(|(kind, entry)| {
        let data = json!({ "account_id": account_id, "entry_id": entry.expect("an entry").id });
        json!({ "type": kind, "timestamp": "2026-11-24T08:00:00.000Z", "data": data })
    });
    assert_eq!(told, expected);
}

#[tokio::test]
async fn a_refused_call_and_one_that_is_taken_back_tell_nobody() {
    let receiver = Receiver::start().await;
    let (server, member) = with_customer(&receiver).await;
    let wrong = v1::UpdateRequest {
        password: "pas le bon mot de passe".into(),
        ..change(&["city"], Account { city: "Lyon".into(), ..Default::default() })
    };
    member.client.update(wrong).await.expect_err("a wrong password");
    member.read().await;
    // The event cannot be kept, so that nothing is.
    let hidden = "ALTER TABLE event_outbox RENAME TO event_outbox_away";
    execute(server.db(), hidden).await;
    let request = change(&["city"], Account { city: "Lyon".into(), ..Default::default() });
    member.client.update(request.clone()).await.expect_err("the event cannot be kept");
    execute(server.db(), "ALTER TABLE event_outbox_away RENAME TO event_outbox").await;
    assert_eq!(member.read().await.city, "");
    assert_eq!(server.deliver_events().await, 0);
    // Nothing but what changed is an event.
    member.update(request.clone()).await;
    member.update(request).await;
    assert_eq!(server.deliver_events().await, 1);
}

#[tokio::test]
async fn without_a_webhook_no_event_is_kept() {
    let server = TestServer::start().await;
    let member = server.open_account("jeanne@exemple.fr", 1).await;
    server.deliver_mail().await;
    drop(server.take_statements());
    move_to(&member, "Lyon").await;
    let statements = server.take_statements();
    assert!(statements.iter().all(|sql| !sql.contains("event_outbox")), "{statements:#?}");
    assert_eq!(count(server.db(), "SELECT count(*) FROM event_outbox").await, 0);
}

#[tokio::test]
async fn an_event_that_is_not_taken_is_tried_again_under_its_id_and_signed_anew() {
    let receiver = Receiver::start().await;
    let (server, member) = with_customer(&receiver).await;
    move_to(&member, "Lyon").await;
    receiver.answer_next(Answer::status(500));
    assert_eq!(server.deliver_events().await, 1);
    assert_eq!(server.deliver_events().await, 0, "it has its pause");
    server.advance(SignedDuration::from_secs(5));
    receiver.answer_next(Answer::status(503));
    assert_eq!(server.deliver_events().await, 1);
    server.advance(SignedDuration::from_secs(4));
    assert_eq!(server.deliver_events().await, 0, "the pause grows");
    server.advance(SignedDuration::from_secs(6));
    assert_eq!(server.deliver_events().await, 1);
    let tries = &receiver.deliveries()[1..];
    assert_eq!(kinds(tries), ["account.changed"; 3]);
    let header = |name| tries.iter().map(|t| t.header(name).to_owned()).collect::<Vec<_>>();
    assert_eq!(header("webhook-id"), vec![tries[0].header("webhook-id"); 3]);
    let begin = start_time().as_second();
    let times = [0, 5, 15].map(|seconds| (begin + seconds).to_string());
    assert_eq!(header("webhook-timestamp"), times);
    assert!(tries.iter().all(|t| t.body == tries[0].body), "byte by byte the same");
    let signatures = tries.iter().map(|t| signature(SECRET, t)).collect::<Vec<_>>();
    assert_eq!(header("webhook-signature"), signatures);
    let attempts = "SELECT count(*) FROM event_outbox WHERE attempts = 3 AND state = 'delivered'";
    assert_eq!(count(server.db(), attempts).await, 1);
}

#[tokio::test]
async fn an_event_expires_after_three_days_by_a_clock_that_is_believed() {
    let receiver = Receiver::start().await;
    let (server, member) = with_customer(&receiver).await;
    let webhook = server.webhook.as_ref().expect("a webhook");
    move_to(&member, "Lyon").await;
    receiver.answer_next(Answer::status(500));
    server.deliver_events().await;
    server.advance(SignedDuration::from_hours(72));
    webhook.sweep().await.expect("swept");
    assert_eq!(states(&server).await, ["delivered", "pending"]);
    server.advance(SignedDuration::from_secs(1));
    webhook.sweep().await.expect("swept");
    assert_eq!(states(&server).await, ["delivered", "expired"]);
    let figures = http_get(server.admin_address, "/metrics").await.body;
    let counted = "gestan_account_webhook_deliveries_total{result=\"expired\"} 1\n";
    assert!(figures.contains(counted), "{figures}");
    assert_eq!(server.deliver_events().await, 0);
}

#[tokio::test]
async fn of_too_many_events_the_oldest_are_dropped() {
    let receiver = Receiver::start().await;
    let options = TestServerOptions {
        webhook: Some(receiver.endpoint(LIMIT)),
        webhook_max_waiting: 2,
        ..Default::default()
    };
    let server = TestServer::start_with(options).await;
    let member = server.open_account("jeanne@exemple.fr", 1).await;
    server.deliver_mail().await;
    for city in ["Lyon", "Nantes", "Brest"] {
        server.advance(SignedDuration::from_secs(1));
        move_to(&member, city).await;
    }
    server.webhook.as_ref().expect("a webhook").sweep().await.expect("swept");
    assert_eq!(states(&server).await, ["dropped", "dropped", "pending", "pending"]);
    assert_eq!(server.deliver_events().await, 2);
}

#[tokio::test]
async fn several_workers_send_each_event_once() {
    let receiver = Receiver::start().await;
    let (server, member) = with_customer(&receiver).await;
    for number in 0..12 {
        move_to(&member, &format!("Ville {number}")).await;
    }
    let webhook = server.webhook.clone().expect("a webhook");
    let workers = (0..4).map(|_| {
        let webhook = webhook.clone();
        tokio::spawn(async move { webhook.drain().await.expect("drained") })
    });
    let mut sent = 0;
    for worker in workers.collect::<Vec<_>>() {
        sent += worker.await.expect("no panic");
    }
    assert_eq!(sent, 12);
    let deliveries = receiver.deliveries();
    let mut ids: Vec<&str> = deliveries.iter().map(|d| d.header("webhook-id")).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!((deliveries.len(), ids.len()), (13, 13));
}

#[tokio::test]
async fn the_event_of_a_worker_that_died_is_sent_when_its_lease_is_over() {
    let receiver = Receiver::start().await;
    let (server, member) = with_customer(&receiver).await;
    move_to(&member, "Lyon").await;
    receiver.answer_next(Answer::Silence);
    let webhook = server.webhook.clone().expect("a webhook");
    let worker = tokio::spawn(async move { webhook.drain().await });
    receiver.wait_for(2).await;
    worker.abort();
    assert!(worker.await.is_err(), "it died");
    server.advance(SignedDuration::from_secs(79));
    assert_eq!(server.deliver_events().await, 0, "it may still be sending");
    server.advance(SignedDuration::from_secs(1));
    assert_eq!(server.deliver_events().await, 1);
    assert_eq!(states(&server).await, ["delivered"; 2]);
}

#[tokio::test]
async fn what_ended_goes_with_the_purge_and_what_is_left_goes_after_a_month() {
    let receiver = Receiver::start().await;
    let (server, member) = with_customer(&receiver).await;
    move_to(&member, "Lyon").await;
    let retention = gestan_account_server::storage::purge::Retention {
        challenges: SignedDuration::from_hours(168),
        audit_events: SignedDuration::from_hours(8760),
        time_notes: SignedDuration::from_hours(43_800),
        ledgers: SignedDuration::from_hours(87_660),
    };
    let purge = async |days: i64| {
        let now = start_time() + SignedDuration::from_hours(24 * days);
        let purged =
            gestan_account_server::storage::purge::purge(&server.accounts.db, retention, now);
        purged.await.expect("purged").events
    };
    assert_eq!(purge(6).await, 0);
    assert_eq!(purge(8).await, 1);
    assert_eq!(states(&server).await, ["pending"]);
    assert_eq!(purge(31).await, 1);
}
