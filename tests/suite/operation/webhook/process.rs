//! The whole program with a webhook: settings, commands, figures, start and stop.

use std::{fs, process::Stdio, time::Duration};

use gestan_account_client::{ClientOptions, v1::Account};
use gestan_account_tests::{
    Answer, Receiver, SECRET, change, count, execute, http_get,
    process::{Home, ServerProcess, TIMEOUT, run_to_end, workspace},
};
use jiff::SignedDuration;
use tokio::{io::AsyncWriteExt as _, process::Command, time::timeout};

use super::{LIMIT, told_by};

/// What a server with a webhook is told.
fn arguments(receiver: &Receiver) -> [String; 4] {
    ["--webhook-url".into(), receiver.url(), "--webhook-secret".into(), SECRET.into()]
}

async fn start(home: &Home, receiver: &Receiver, more: &[&str]) -> ServerProcess {
    let arguments = arguments(receiver);
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    ServerProcess::start(home, &[&arguments, more].concat()).await
}

#[tokio::test]
async fn a_receiver_that_hangs_holds_up_neither_a_call_nor_the_end() {
    let (home, receiver) = (Home::new(), Receiver::start().await);
    receiver.answer_otherwise(Answer::Silence);
    let server =
        start(&home, &receiver, &["--webhook-timeout", "1m", "--shutdown-grace", "2s"]).await;
    let client = server.connect(ClientOptions::new()).await;
    let member = server.open_account(&client, 1).await;
    receiver.wait_for(1).await;
    // With all places taken, too.
    for number in 0..6 {
        let city = Account { city: format!("Ville {number}"), ..Default::default() };
        member.update(change(&["city"], city)).await;
    }
    receiver.wait_for(4).await;
    let city = Account { city: "Brest".into(), ..Default::default() };
    timeout(LIMIT, member.update(change(&["city"], city))).await.expect("it is answered");
    server.terminate().await;
    let ended = timeout(Duration::from_secs(30), server.wait()).await.expect("it ends");
    assert!(ended.0.success() && ended.1.contains("events put back"), "{}", ended.1);

    receiver.answer_otherwise(Answer::status(204));
    let before = receiver.deliveries().len();
    let server = start(&home, &receiver, &[]).await;
    let deliveries = receiver.wait_for(before + 8).await;
    let mut ids: Vec<&str> = deliveries[before..].iter().map(|d| d.header("webhook-id")).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 8, "none is lost");
    server.terminate().await;
    server.wait().await;
}

#[tokio::test]
async fn a_receiver_that_takes_nothing_is_told_once_and_left_alone_meanwhile() {
    let (home, receiver) = (Home::new(), Receiver::start().await);
    receiver.answer_otherwise(Answer::status(500));
    let server = start(&home, &receiver, &[]).await;
    let client = server.connect(ClientOptions::new()).await;
    let member = server.open_account(&client, 1).await;
    server.wait_for_log("the receiver takes no events").await;
    for number in 0..30 {
        let city = Account { city: format!("Ville {number}"), ..Default::default() };
        member.update(change(&["city"], city)).await;
    }
    let tried = receiver.deliveries().len();
    assert!(tried < 10, "{tried} tries");
    receiver.answer_otherwise(Answer::status(204));
    server.wait_for_log("the receiver takes events again").await;
    receiver.wait_for(tried + 31).await;
    let log = server.log();
    let told: Vec<&str> = log.lines().filter(|line| line.contains("takes no events")).collect();
    assert_eq!(told.len(), 1, "{log}");
    assert!(told[0].contains("status 500") && told[0].contains("WARN"), "{log}");
    for secret in ["evenements", SECRET, "jeton"] {
        assert!(!log.contains(secret), "{secret}: {log}");
    }
    server.terminate().await;
    server.wait().await;
}

#[tokio::test]
async fn a_receiver_that_wants_none_any_more_is_told_as_an_error() {
    let (home, receiver) = (Home::new(), Receiver::start().await);
    receiver.answer_otherwise(Answer::status(410));
    let server = start(&home, &receiver, &[]).await;
    let client = server.connect(ClientOptions::new()).await;
    server.open_account(&client, 1).await;
    server.wait_for_log("(410)").await;
    let log = server.log();
    let line = log.lines().find(|line| line.contains("(410)")).expect("a line");
    assert!(line.contains("ERROR") && line.contains("WEBHOOK_URL"), "{line}");
    server.terminate().await;
    server.wait().await;
}

#[tokio::test]
async fn settings_that_do_not_fit_together_are_refused_and_no_secret_is_told() {
    let home = Home::new();
    let secret = home.path().join("secret");
    fs::write(&secret, format!("{SECRET}\n")).expect("a file");
    let file = secret.to_str().expect("a path");
    let url = "https://crm.exemple/s3cr3t";
    for (variables, told) in [
        (&[("WEBHOOK_URL", url)][..], "WEBHOOK_SECRET"),
        (&[("WEBHOOK_SECRET_FILE", file)], "WEBHOOK_URL"),
        (&[("WEBHOOK_URL", url), ("WEBHOOK_SECRET", "whsec_s3cr3t")], "WEBHOOK_SECRET"),
        (&[("WEBHOOK_URL", "http://crm.exemple/s3cr3t"), ("WEBHOOK_SECRET", SECRET)], "loopback"),
        (
            &[("WEBHOOK_URL", url), ("WEBHOOK_SECRET", SECRET), ("WEBHOOK_CA_FILE", "/nowhere")],
            "/nowhere",
        ),
        (&[("WEBHOOK_TIMEOUT", "3m")], "2m"),
        (&[("WEBHOOK_KEEP", "721h")], "720h"),
        (&[("WEBHOOK_MAX_WAITING", "0")], "--webhook-max-waiting"),
        (&[("WEBHOOK_SECRET_FILE", "/nowhere")], "/nowhere"),
    ] {
        for command in [&["config", "check"][..], &[]] {
            let mut server = home.command();
            for (name, value) in variables {
                server.env(format!("GESTAN_ACCOUNT_{name}"), value);
            }
            let ended = run_to_end(server.args(command).args(["--listen", "127.0.0.1:0"])).await;
            assert!(!ended.status.success(), "{variables:?}: {}", ended.log);
            assert!(ended.log.contains(told), "{variables:?}: {}", ended.log);
            let all = format!("{}{}", ended.log, ended.printed);
            assert!(!all.contains("s3cr3t") && !all.contains(SECRET), "{variables:?}: {all}");
        }
    }
    let mut right = home.command();
    right.env("GESTAN_ACCOUNT_WEBHOOK_URL", url).env("GESTAN_ACCOUNT_WEBHOOK_SECRET_FILE", file);
    let ended = run_to_end(right.args(["config", "check"])).await;
    assert!(ended.status.success(), "{}", ended.log);
    assert!(ended.printed.contains("https://crm.exemple/…") && ended.printed.contains(file));
    assert!(!ended.printed.contains("s3cr3t") && !ended.printed.contains(SECRET));
}

#[tokio::test]
async fn an_operator_lists_events_sends_them_anew_and_tries_the_way() {
    let (home, receiver) = (Home::new(), Receiver::start().await);
    let server = start(&home, &receiver, &[]).await;
    let client = server.connect(ClientOptions::new()).await;
    server.open_account(&client, 1).await;
    receiver.wait_for(1).await;
    server.wait_for_log("event delivered").await;
    let run = async |arguments: &[&str]| run_to_end(home.command().args(arguments)).await;
    let listed = async |more: &[&str]| {
        let ended = run(&[&["webhook", "list"], more].concat()).await;
        assert!(ended.status.success(), "{}", ended.log);
        ended.printed
    };
    let state = async |state: &str| listed(&["--state", state]).await.lines().count();
    let wait_for_end = async || {
        let ended = async { while state("delivered").await < 1 {} };
        timeout(TIMEOUT, ended).await.expect("it is noted");
    };
    wait_for_end().await;
    let all = listed(&[]).await;
    let fields: Vec<&str> = all.trim_end().split('\t').collect();
    assert_eq!(fields[0], receiver.deliveries()[0].header("webhook-id"));
    assert_eq!((fields[1], fields[3], fields[4]), ("delivered", "1", "-"));
    assert_eq!(fields[5], receiver.deliveries()[0].body);
    for name in ["waiting", "deferred", "sending", "expired", "dropped"] {
        assert_eq!(state(name).await, 0, "{name}");
    }
    let again = run(&["webhook", "retry", fields[0]]).await;
    assert_eq!(again.printed, "1 enqueued again\n", "{}", again.log);
    let twice = receiver.wait_for(2).await;
    assert_eq!(twice[1].header("webhook-id"), fields[0]);
    wait_for_end().await;
    let by_state = run(&["webhook", "retry", "--state", "delivered"]).await;
    assert_eq!(by_state.printed, "1 enqueued again\n", "{}", by_state.log);
    receiver.wait_for(3).await;
    for wrong in [
        &["webhook", "retry", "00000000-0000-4000-8000-000000000000"][..],
        &["webhook", "retry", "--state", "sending"],
        &["webhook", "list", "--after", "00000000-0000-4000-8000-000000000000"],
        &["webhook", "test"],
    ] {
        let ended = run(wrong).await;
        assert_eq!(ended.status.code(), Some(1), "{wrong:?}: {}", ended.log);
    }
    for wrong in [&["webhook", "retry"][..], &["webhook", "list", "--state", "perdu"], &["webhook"]]
    {
        assert_eq!(run(wrong).await.status.code(), Some(2), "{wrong:?}");
    }

    let arguments = arguments(&receiver);
    let test = async || {
        let mut command = home.command();
        run_to_end(command.args(["webhook", "test"]).args(&arguments)).await
    };
    let taken = test().await;
    assert!(taken.status.success(), "{}", taken.log);
    assert!(taken.printed.contains(&format!("taken by http://{}", receiver.address)));
    let last = receiver.deliveries().pop().expect("a delivery");
    assert_eq!(last.json()["type"], "webhook.test");
    receiver.answer_next(Answer::status(401));
    let refused = test().await;
    assert_eq!(refused.status.code(), Some(1));
    assert!(refused.log.contains("status 401"), "{}", refused.log);
    server.terminate().await;
    server.wait().await;
}

#[tokio::test]
async fn the_figures_tell_what_waits_and_what_became_of_events() {
    let receiver = Receiver::start().await;
    let server = told_by(&receiver).await;
    let look = async || {
        server.advance(SignedDuration::from_secs(1));
        http_get(server.admin_address, "/metrics").await.body
    };
    let assert_told = |text: &str, series: &[&str]| {
        for line in series {
            let line = format!("gestan_account_webhook_{line}\n");
            assert!(text.contains(&line), "{line}: {text}");
        }
    };
    assert_told(&look().await, &["events 0", "oldest_event_age_seconds 0.0"]);
    server.open_account("jeanne@exemple.fr", 1).await;
    server.deliver_mail().await;
    server.advance(SignedDuration::from_mins(10));
    assert_told(&look().await, &["events 1", "oldest_event_age_seconds 601.0"]);
    receiver.answer_next(Answer::status(500));
    server.deliver_events().await;
    server.advance(SignedDuration::from_mins(1));
    server.deliver_events().await;
    let told = [
        "events 0",
        "oldest_event_age_seconds 0.0",
        "deliveries_total{result=\"delivered\"} 1",
        "deliveries_total{result=\"deferred\"} 1",
        "deliveries_total{result=\"expired\"} 0",
        "deliveries_total{result=\"dropped\"} 0",
    ];
    assert_told(&look().await, &told);
    assert_eq!(count(server.db(), "SELECT count(*) FROM event_outbox").await, 1);
    execute(server.db(), "DELETE FROM event_outbox").await;
}

/// The receiver of the document, as it is written there.
fn python() -> String {
    let document = workspace().join("docs/operations/webhook.md");
    let document = fs::read_to_string(document).expect("the document");
    let (_, rest) = document.split_once("```python\n").expect("a program");
    rest.split_once("```").expect("its end").0.to_owned()
}

#[tokio::test]
async fn the_receivers_program_in_the_document_takes_what_is_signed_and_nothing_else() {
    let receiver = Receiver::start().await;
    let server = told_by(&receiver).await;
    server.open_account("jeanne@exemple.fr", 1).await;
    server.deliver_mail().await;
    server.deliver_events().await;
    let delivery = receiver.deliveries().pop().expect("a delivery");
    let [id, time, signature] =
        ["webhook-id", "webhook-timestamp", "webhook-signature"].map(|name| delivery.header(name));
    let other = "whsec_YWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4";
    let signed_by_both = format!("v1,bm90IGl0 {signature} v2,{other}");
    let body = delivery.body.as_str();
    let changed = body.replace("opened", "merged");
    for (secret, [id, time, signature], body, now, is_taken) in [
        (SECRET, [id, time, signature], body, 0, true),
        (SECRET, [id, time, &signed_by_both], body, 299, true),
        (SECRET, [id, time, signature], body, -299, true),
        // It comes too late, or too early: somebody sends again what was read once.
        (SECRET, [id, time, signature], body, 301, false),
        (SECRET, [id, time, signature], body, -301, false),
        (other, [id, time, signature], body, 0, false),
        (SECRET, ["another", time, signature], body, 0, false),
        (SECRET, [id, "1764000000", signature], body, 0, false),
        (SECRET, [id, time, signature], &changed, 0, false),
        (SECRET, [id, time, ""], body, 0, false),
        (SECRET, [id, time, "v1,"], body, 0, false),
        (SECRET, [id, time, &signature["v1,".len()..]], body, 0, false),
        (SECRET, [id, "demain", signature], body, 0, false),
    ] {
        let now: i64 = delivery.header("webhook-timestamp").parse::<i64>().expect("seconds") + now;
        let ask = format!(
            "{}\nimport sys\nbody = sys.stdin.buffer.read()\nheaders = {{'webhook-id': {id:?}, \
             'webhook-timestamp': {time:?}, 'webhook-signature': {signature:?}}}\n\
             print(is_genuine({secret:?}, headers, body, now={now}))\n",
            python()
        );
        let mut python = Command::new("python3");
        python
            .args(["-c", &ask])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut python = python.spawn().expect("python3 runs");
        let mut stdin = python.stdin.take().expect("its input");
        stdin.write_all(body.as_bytes()).await.expect("it reads");
        drop(stdin);
        let ended = python.wait_with_output().await.expect("it ends");
        let said = String::from_utf8_lossy(&ended.stdout);
        let expected = if is_taken { "True" } else { "False" };
        let error = String::from_utf8_lossy(&ended.stderr);
        assert_eq!(said.trim(), expected, "{id} {time} {signature} {now}: {error}");
    }
}
