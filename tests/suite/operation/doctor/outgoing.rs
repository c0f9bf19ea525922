//! `doctor` looks at the receiver of events and the collector of traces: real ones, some of which
//! are away, say nothing, or are something else.

use std::fs;

use gestan_account_tests::{
    Authority, Collector, Receiver, SECRET, TestServer, execute, is_postgres,
    process::{Ended, Home, run_to_end},
};
use sea_orm::Database;
use tokio::{net::TcpListener, task::JoinHandle};

use super::{doctor, found};

/// A port at which nobody listens.
async fn nobody() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    listener.local_addr().expect("an address").port()
}

/// Takes connections, and says nothing on them.
async fn silent() -> (u16, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let held = tokio::spawn(async move {
        let mut held = Vec::new();
        loop {
            held.push(listener.accept().await.expect("a connection"));
        }
    });
    (port, held)
}

async fn of_webhook(home: &Home, url: &str, more: &[&str]) -> Ended {
    let flags = ["--webhook-url", url, "--webhook-secret", SECRET];
    let ended = doctor(home, &[&flags, more].concat()).await;
    for secret in ["jeton", SECRET] {
        let both = [&ended.printed, &ended.log];
        assert!(both.iter().all(|text| !text.contains(secret)), "{both:?}");
    }
    ended
}

#[tokio::test]
async fn a_receiver_and_a_collector_that_are_there_get_nothing_to_keep() {
    let home = Home::on_sqlite().migrate().await;
    let (receiver, collector) = (Receiver::start().await, Collector::start().await);
    let ended = of_webhook(&home, &receiver.url(), &["--traces-url", &collector.url()]).await;
    assert!(ended.status.success(), "{}{}", ended.printed, ended.log);
    let line = found(&ended, "ok\twebhook", &format!("http://{}", receiver.address));
    assert!(line.contains("`webhook test`"), "{line}");
    found(&ended, "ok\twebhook", "no event has expired");
    found(&ended, "ok\ttraces", &format!("http://{} takes traces", collector.address));
    assert!(receiver.deliveries().is_empty(), "an event is for `webhook test`");
    assert_eq!(collector.requests().len(), 1, "it was asked by its own protocol");
    assert!(collector.spans().is_empty());

    let without = doctor(&home, &[]).await;
    for area in ["webhook", "traces"] {
        assert!(!without.printed.contains(area), "off by default: {}", without.printed);
    }
}

#[tokio::test]
async fn a_receiver_that_is_not_reached_is_a_problem() {
    let home = Home::on_sqlite().migrate().await;
    let (away, (silent, held)) = (nobody().await, silent().await);
    let authority = Authority::new();
    let tls = Receiver::start_with(Some(authority.issue().acceptor())).await;
    let other = Receiver::start_with(Some(authority.issue_for(["autre.exemple"]).acceptor())).await;
    let (port, other_port) = (tls.address.port(), other.address.port());
    let ca = home.path().join("autorite.pem");
    fs::write(&ca, authority.pem()).expect("a file");
    let ca = ca.display().to_string();
    for (url, more, words, remedy) in [
        (format!("http://127.0.0.1:{away}/e?jeton=1"), &[][..], "no connection", "WEBHOOK_URL"),
        (
            format!("https://127.0.0.1:{silent}/e?jeton=1"),
            &["--webhook-timeout", "1s"],
            "no answer in time",
            "firewalls",
        ),
        (
            format!("https://localhost:{port}/e?jeton=1"),
            &[],
            "tls: unknown authority",
            "WEBHOOK_CA_FILE",
        ),
        (
            format!("https://localhost:{other_port}/e?jeton=1"),
            &["--webhook-ca-file", &ca],
            "tls: certificate for another name",
            "write the name",
        ),
    ] {
        let ended = of_webhook(&home, &url, more).await;
        let line = found(&ended, "PROBLEM\twebhook", words);
        assert!(line.contains(remedy), "{line}");
    }
    let url = format!("https://localhost:{port}/e");
    found(&of_webhook(&home, &url, &["--webhook-ca-file", &ca]).await, "ok\twebhook", "takes");
    held.abort();
}

#[tokio::test]
async fn events_that_wait_or_were_given_up_are_told() {
    let home = Home::migrated().await;
    let receiver = Receiver::start().await;
    let db = Database::connect(home.database_url()).await.expect("a database");
    for (number, state, attempts) in [(1, "expired", 9), (2, "dropped", 0), (3, "pending", 4)] {
        let id = if is_postgres() {
            format!("'00000000-0000-4000-8000-00000000000{number}'")
        } else {
            format!("x'0000000000004000800000000000000{number}'")
        };
        let event = format!(
            "INSERT INTO event_outbox (id, kind, body, state, attempts, next_attempt_time, \
             lease_expire_time, create_time) VALUES ({id}, 'account.opened', '{{}}', '{state}', \
             {attempts}, 0, 0, 0)"
        );
        execute(&db, &event).await;
    }
    let ended = of_webhook(&home, &receiver.url(), &[]).await;
    let line = found(&ended, "warning\twebhook", "1 expired, 1 dropped, 1 deferred");
    assert!(line.contains("webhook list"), "{line}");
}

#[tokio::test]
async fn a_collector_that_takes_no_traces_is_a_warning() {
    let home = Home::on_sqlite().migrate().await;
    let (away, (silent, held)) = (nobody().await, silent().await);
    let (receiver, other) = (Receiver::start().await, TestServer::start().await);
    let authority = Authority::new();
    let tls = Receiver::start_with(Some(authority.issue().acceptor())).await;
    for (url, words, remedy) in [
        (format!("http://127.0.0.1:{away}"), "no connection", "TRACES_URL"),
        (format!("http://127.0.0.1:{silent}"), "no answer in time", "firewalls"),
        (format!("https://localhost:{}", tls.address.port()), "unknown authority", "TRACES_CA"),
        (format!("http://{}", receiver.address), "takes no traces", "TRACES_URL"),
        (format!("http://{}", other.address), "not implemented", "port of OTLP over gRPC"),
    ] {
        let ended = doctor(&home, &["--traces-url", &url]).await;
        assert!(ended.status.success(), "customers are served: {}", ended.printed);
        let line = found(&ended, "warning\ttraces", words);
        assert!(line.contains(remedy), "{line}");
    }
    held.abort();
}

#[tokio::test]
async fn what_serve_refuses_of_them_is_told_among_the_settings() {
    let home = Home::on_sqlite().migrate().await;
    let relay = ["--mail-url", "smtps://relais.exemple"];
    for (flags, words) in [
        (&["--webhook-url", "https://crm.exemple/e"][..], "WEBHOOK_SECRET"),
        (&["--traces-url", "http://collecteur/v1/traces"], "TRACES_URL"),
        (&relay, "settings of a trial"),
        (&["--mail-from", "personne"], "MAIL_FROM"),
    ] {
        let mut command = home.command();
        command.env_remove("GESTAN_ACCOUNT_ALLOW_TRIAL_SETTINGS").arg("doctor").args(flags);
        let ended = run_to_end(&mut command).await;
        found(&ended, "PROBLEM\tsettings", words);
        let lines = ended.printed.lines().filter(|line| line.starts_with("PROBLEM\tsettings"));
        assert_eq!(lines.count(), 1, "{}", ended.printed);
    }
}
