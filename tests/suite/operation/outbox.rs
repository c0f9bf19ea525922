//! `outbox`: an operator looks at mails, has them sent once more and drops them, beside a server.

use gestan_account_client::ClientOptions;
use gestan_account_proto::support::v1::{ActorKind, ListEventsRequest};
use gestan_account_tests::{
    SmtpPeer, count, creation, desk_at, execute, first_code,
    process::{Ended, Home, ServerProcess, TIMEOUT, mail_files, run_to_end},
    text,
};
use sea_orm::{Database, DatabaseConnection};
use tokio::time::timeout;

async fn outbox(home: &Home, arguments: &[&str]) -> Ended {
    run_to_end(home.command().arg("outbox").args(arguments)).await
}

/// What is printed by a command that must succeed.
async fn printed(home: &Home, arguments: &[&str]) -> String {
    let ended = outbox(home, arguments).await;
    assert!(ended.status.success(), "{arguments:?}: {}", ended.log);
    ended.printed
}

/// What is said by one that must fail, and print nothing.
async fn refused(home: &Home, arguments: &[&str]) -> String {
    let ended = outbox(home, arguments).await;
    assert_eq!(ended.status.code(), Some(1), "{arguments:?}: {}", ended.log);
    assert_eq!(ended.printed, "", "{arguments:?}");
    ended.log
}

/// The fields of each line of a list.
async fn listed(home: &Home, arguments: &[&str]) -> Vec<Vec<String>> {
    let printed = printed(home, &[&["list"], arguments].concat()).await;
    printed.lines().map(|line| line.split('\t').map(str::to_owned).collect()).collect()
}

/// The first mail that is in this state, once there is one.
async fn first_in(home: &Home, state: &str) -> Vec<String> {
    let found = async {
        loop {
            if let Some(mail) = listed(home, &["--state", state]).await.into_iter().next() {
                return mail;
            }
        }
    };
    timeout(TIMEOUT, found).await.unwrap_or_else(|_| panic!("no mail is {state}"))
}

async fn database(home: &Home) -> DatabaseConnection {
    Database::connect(home.database_url()).await.expect("a database")
}

async fn server_with(home: &Home, peer: &SmtpPeer) -> ServerProcess {
    let relay = format!("smtp://127.0.0.1:{}", peer.port());
    ServerProcess::start(home, &["--mail-url", &relay]).await
}

#[tokio::test]
async fn a_mail_that_failed_is_listed_masked_and_sent_once_more() {
    let refusal = ["--rcpt", "550 5.1.1 no such user", "--times", "1"];
    let (home, mut peer) = (Home::new(), SmtpPeer::start(&refusal).await);
    let server = server_with(&home, &peer).await;
    let client = server.connect(ClientOptions::new()).await;
    client.create(creation(1)).await.expect("Create is answered");

    let mail = first_in(&home, "failed").await;
    let [id, state, age, kind, recipient, attempts, error] = &mail[..] else { panic!("{mail:?}") };
    assert_eq!([state, kind, attempts], ["failed", "code", "1"]);
    assert_eq!(recipient, "c•••@e•••.fr");
    assert!(age.ends_with('s'), "{age}");
    assert!(error.contains("5.1.1"), "{error}");
    let shown = printed(&home, &["show", id]).await;
    assert!(shown.contains("account: -") && shown.contains("5.1.1"), "{shown}");
    assert!(!shown.contains("client1"), "{shown}");

    assert!(printed(&home, &["retry", id]).await.starts_with(&**id));
    let arrived = peer.mail().await;
    assert_eq!(arrived.to(), ["client1@exemple.fr"]);
    let sent = first_in(&home, "sent").await;
    assert_eq!([&sent[0], &sent[5]], [id, "1"], "it is the same one, and counted anew");
    let code = first_code(arrived.text()).expect("a code");
    let shown = printed(&home, &["show", id]).await;
    assert!(!shown.contains(&code) && !shown.contains(&code.replace('-', "")), "{shown}");
    assert!(refused(&home, &["retry", id]).await.contains("it is sent already"));
    assert!(refused(&home, &["drop", id]).await.contains("it is sent already"));
}

#[tokio::test]
async fn a_mail_that_a_server_sends_just_now_is_not_touched() {
    let (home, mut peer) = (Home::new(), SmtpPeer::start(&["--data", "HANG"]).await);
    let server = server_with(&home, &peer).await;
    let client = server.connect(ClientOptions::new()).await;
    client.create(creation(1)).await.expect("Create is answered");
    peer.hangs().await;
    let mail = first_in(&home, "sending").await;
    let db = database(&home).await;
    let row = "SELECT state || attempts || lease_id || next_attempt_time FROM outbox_mail";
    let before = text(&db, &row.replace("lease_id", "expire_time")).await;
    for order in ["retry", "drop"] {
        let log = refused(&home, &[order, &mail[0]]).await;
        assert!(log.contains("a server sends it just now"), "{order}: {log}");
    }
    for (order, state) in [("retry", "failed"), ("drop", "waiting"), ("drop", "deferred")] {
        assert_eq!(printed(&home, &[order, "--state", state]).await, "", "{order} {state}");
    }
    let after = text(&db, &row.replace("lease_id", "expire_time")).await;
    assert_eq!(before, after);
    server.kill().await;
}

#[tokio::test]
async fn a_deferred_mail_is_sent_anew_and_counted_anew() {
    let refusal = ["--rcpt", "451 4.3.0 later", "--times", "1"];
    let (home, mut peer) = (Home::new(), SmtpPeer::start(&refusal).await);
    let server = server_with(&home, &peer).await;
    let client = server.connect(ClientOptions::new()).await;
    client.create(creation(1)).await.expect("Create is answered");
    let mail = first_in(&home, "deferred").await;
    let db = database(&home).await;
    // It would wait for as long as it may.
    execute(
        &db,
        "UPDATE outbox_mail SET attempts = 9, next_attempt_time = next_attempt_time + 800000",
    )
    .await;
    let done = printed(&home, &["retry", "--state", "deferred"]).await;
    assert_eq!(done, format!("{}\tenqueued again\tc•••@e•••.fr\n", mail[0]));
    peer.mail().await;
    assert_eq!(first_in(&home, "sent").await[5], "1");
    assert_eq!(count(&db, "SELECT count(*) FROM audit_event").await, 0, "there is no account yet");
    for state in ["sent", "waiting", "sending", "dropped"] {
        let log = refused(&home, &["retry", "--state", state]).await;
        assert!(log.contains("Error: "), "{state}: {log}");
    }
}

#[tokio::test]
async fn a_notice_that_expired_is_sent_anew_and_the_code_of_a_window_that_is_over_is_not() {
    let home = Home::new();
    let server = ServerProcess::start(&home, &[]).await;
    let client = server.connect(ClientOptions::new()).await;
    let member = server.open_account(&client, 1).await;
    let welcome = async {
        loop {
            let sent = listed(&home, &["--state", "sent"]).await;
            if let [welcome, code] = &sent[..] {
                return (welcome.clone(), code.clone());
            }
        }
    };
    let (welcome, code) = timeout(TIMEOUT, welcome).await.expect("both are sent");
    assert_eq!([&*welcome[3], &*code[3]], ["welcome", "code"]);
    let db = database(&home).await;
    execute(&db, "UPDATE outbox_mail SET state = 'expired', expire_time = create_time + 60000")
        .await;
    execute(&db, "UPDATE outbox_mail SET create_time = create_time - 120000").await;
    execute(&db, "UPDATE outbox_mail SET expire_time = expire_time - 120000").await;
    let before = mail_files(&home.mail_folder()).len();

    let ended = outbox(&home, &["retry", &welcome[0], &code[0]]).await;
    assert_eq!(ended.status.code(), Some(1), "one of two: {}", ended.log);
    assert!(ended.printed.starts_with(&*welcome[0]), "{}", ended.printed);
    assert_eq!(ended.printed.lines().count(), 1, "{}", ended.printed);
    assert!(ended.log.contains("serves no more"), "{}", ended.log);
    assert_eq!(first_in(&home, "sent").await[0], welcome[0]);
    assert_eq!(mail_files(&home.mail_folder()).len(), before + 1);
    let shown = printed(&home, &["show", &welcome[0]]).await;
    assert!(shown.contains(&format!("account: {}", member.account_id)), "{shown}");

    let key = run_to_end(home.command().args(["support-key", "create", "Luc"])).await.printed;
    let mut desk = desk_at(server.address, Some(key.trim()), None).await;
    let request = ListEventsRequest { account_id: member.account_id, ..Default::default() };
    let events = desk.list_events(request).await.expect("it is answered").into_inner().events;
    let event = events.iter().find(|event| event.action == "retry_mail").expect("the event");
    assert_eq!(event.actor_kind(), ActorKind::Operator);
    assert_eq!(event.text, "Courriel renvoyé par l’exploitant");
}

#[tokio::test]
async fn a_dropped_mail_is_not_sent_and_what_the_customer_misses_is_told() {
    let home = Home::new();
    let server = ServerProcess::start(&home, &[]).await;
    let client = server.connect(ClientOptions::new()).await;
    let member = server.open_account(&client, 1).await;
    server.terminate().await;
    server.wait().await;
    let db = database(&home).await;
    let wait = "UPDATE outbox_mail SET state = 'pending', end_time = NULL, attempts = 0, \
                lease_expire_time = 0 WHERE letter LIKE '%welcome%'";
    execute(&db, wait).await;
    let before = mail_files(&home.mail_folder()).len();

    let ended = outbox(&home, &["drop", "--state", "waiting"]).await;
    assert!(ended.status.success(), "{}", ended.log);
    assert!(ended.printed.contains("dropped\tc•••@e•••.fr"), "{}", ended.printed);
    assert!(ended.log.contains("welcome: the customer is not told"), "{}", ended.log);
    let event = format!(
        "SELECT count(*) FROM audit_event WHERE account_id = {} AND action = 'drop_mail' AND \
         actor_kind = 'operator'",
        member.account_id
    );
    assert_eq!(count(&db, &event).await, 1);
    let server = ServerProcess::start(&home, &[]).await;
    let client = server.connect(ClientOptions::new()).await;
    server.open_account(&client, 2).await;
    let to_first = mail_files(&home.mail_folder());
    assert_eq!(to_first.iter().filter(|mail| mail.to.contains("client1")).count(), before);
    assert!(refused(&home, &["drop", "--state", "failed"]).await.contains("failed already"));
}

#[tokio::test]
async fn mails_are_listed_page_by_page() {
    let home = Home::new();
    let server = ServerProcess::start(&home, &[]).await;
    let client = server.connect(ClientOptions::new()).await;
    for number in 1..=5 {
        client.create(creation(number)).await.expect("Create is answered");
    }
    let all = listed(&home, &[]).await;
    assert_eq!(all.len(), 5);
    let mut pages = Vec::new();
    let mut after: Option<String> = None;
    for page in 1.. {
        assert!(page <= 3, "{pages:?}");
        let mut arguments = vec!["list", "--limit", "2"];
        if let Some(after) = &after {
            arguments.extend(["--after", after]);
        }
        let ended = outbox(&home, &arguments).await;
        let ids = ended.printed.lines().map(|line| line.split('\t').next().expect("an ID"));
        pages.extend(ids.map(str::to_owned));
        after = pages.last().cloned();
        if !ended.log.contains("--after") {
            break;
        }
    }
    let ids: Vec<String> = all.into_iter().map(|mail| mail[0].clone()).collect();
    assert_eq!(pages, ids);
    let unknown = "00000000-0000-4000-8000-000000000000";
    for arguments in [["show", unknown], ["retry", unknown], ["drop", unknown]] {
        assert!(refused(&home, &arguments).await.contains("there is no"), "{arguments:?}");
    }
}
