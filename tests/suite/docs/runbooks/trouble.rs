//! In trouble: the server, its database, its disk, its mail server, its clock.

use std::fs;

use gestan_account_client::{Client, ClientOptions, v1};
use gestan_account_tests::{
    Answer, Receiver, SECRET, SmallDisk, SmtpPeer, creation, execute, is_postgres, may_mount,
};
use sea_orm::Database;

use super::{operator::Operator, runbook};

#[tokio::test]
async fn a_server_that_is_gone_is_started_as_the_runbook_says() {
    let operator = Operator::on_duty("").await;
    let member = operator.open_account(1).await;
    operator.kill();
    let mut runbook = runbook("The server is down");
    let told = runbook.next(&operator).await;
    assert!(told.contains("inactive (dead)") && told.contains("listening"), "{told}");
    let ready = runbook.next(&operator).await;
    assert!(ready.contains("serving"), "{ready}");
    member.client.get(v1::GetRequest::default()).await.expect("it is served");
}

#[tokio::test]
async fn a_database_that_is_gone_is_told_and_the_server_comes_back_by_itself() {
    if is_postgres() {
        return;
    }
    let operator = Operator::on_duty("").await;
    let member = operator.open_account(1).await;
    let file = operator.path("var/lib/gestan-account-server/gestan-account.sqlite");
    let elsewhere = operator.path("root/elsewhere.sqlite");
    fs::rename(&file, &elsewhere).expect("it is moved away");
    operator.wait_for_figure("database_up", |up| up == 0.0).await;
    let mut runbook = runbook("The database is away");
    runbook.logged(&operator).await;
    let told = runbook.next(&operator).await;
    assert!(told.contains("PROBLEM\tdatabase"), "{told}");
    fs::rename(&elsewhere, &file).expect("it is back");
    operator.wait_for_figure("database_up", |up| up > 0.0).await;
    let over = runbook.next(&operator).await;
    assert!(over.contains("database_up 1") && over.contains("serving"), "{over}");
    member.client.get(v1::GetRequest::default()).await.expect("it is served");
}

#[tokio::test]
async fn a_full_disk_is_mended_as_the_runbook_says() {
    let test = "docs::runbooks::trouble::a_full_disk_is_mended_as_the_runbook_says";
    if is_postgres() || !may_mount(test) {
        return;
    }
    let disk = SmallDisk::new(200);
    let folder = disk.path().join("state");
    fs::create_dir(&folder).expect("a folder");
    let url = format!("sqlite:{}", folder.join("gestan-account.sqlite").display());
    let mut operator = Operator::with_database(Some(url), "");
    operator.call(
        &operator.path("var/lib/gestan-account-server").display().to_string(),
        &folder.display().to_string(),
    );
    operator.run("systemctl start gestan-account-server").await;
    let member = operator.open_account(1).await;
    // What an operator finds there: a database that a restore has put aside.
    fs::write(folder.join("gestan-account.sqlite.replaced-20270331T080000Z"), vec![1; 100 << 20])
        .expect("a file");
    disk.fill();
    operator.wait_for_figure("database_up", |up| up == 0.0).await;
    let free = operator.figure("disk_free_bytes").await.expect("a figure");
    let size = operator.figure("disk_size_bytes").await.expect("a figure");
    assert!(free / size < 0.1, "the alert fires: {free} of {size}");
    let (url, once) =
        (format!("http://{}", operator.address()), ClientOptions::new().max_attempts(1));
    let client = Client::connect(&url, once).await.expect("the server answers");
    client.create(creation(2)).await.expect_err("nothing can be written");

    let mut runbook = runbook("The disk is full");
    runbook.logged(&operator).await;
    let looked = runbook.next(&operator).await;
    assert!(looked.contains("replaced-20270331T080000Z"), "{looked}");
    operator.wait_for_figure("database_up", |up| up > 0.0).await;
    let over = runbook.next(&operator).await;
    assert!(over.contains("database_up 1") && !over.contains("PROBLEM"), "{over}");
    client.create(creation(2)).await.expect("there is room");
    member.client.get(v1::GetRequest::default()).await.expect("it is served");
}

#[tokio::test]
async fn a_mail_server_that_is_away_is_told_and_mails_come_when_it_is_back() {
    // Nobody listens there.
    let settings = "mail_url = \"smtp://127.0.0.1:9\"\nmail_from = \"a@gestan.exemple\"\n";
    let operator = Operator::on_duty(settings).await;
    operator.client().await.create(creation(1)).await.expect("no call waits for it");
    let mut runbook = runbook("The mail server is away");
    runbook.logged(&operator).await;
    operator.wait_for_figure("mails_total{result=\"deferred\"}", |mails| mails > 0.0).await;
    let told = runbook.next(&operator).await;
    assert!(told.contains("PROBLEM\tmail") && told.contains("\tdeferred\t"), "{told}");
    // It is elsewhere now.
    let mut peer = SmtpPeer::start(&[]).await;
    let config = operator.path("etc/gestan-account-server/config.toml");
    let written = fs::read_to_string(&config).expect("settings");
    let here = format!("smtp://127.0.0.1:{}", peer.port());
    fs::write(&config, written.replace("smtp://127.0.0.1:9", &here)).expect("settings");
    operator.run("systemctl restart gestan-account-server").await;
    runbook.next(&operator).await;
    assert_eq!(peer.mail().await.to(), ["client1@exemple.fr"]);
    runbook.next(&operator).await;
    operator.wait_for_figure("outbox_oldest_due_age_seconds", |age| age == 0.0).await;
    let over = runbook.next(&operator).await;
    assert!(over.contains("outbox_oldest_due_age_seconds 0"), "{over}");
}

#[tokio::test]
async fn mails_that_are_refused_are_sent_once_more_as_the_runbook_says() {
    let refusal = ["--rcpt", "550 5.1.1 no such user", "--times", "1"];
    let mut peer = SmtpPeer::start(&refusal).await;
    let settings = format!(
        "mail_url = \"smtp://127.0.0.1:{}\"\nmail_from = \"a@gestan.exemple\"\n",
        peer.port()
    );
    let operator = Operator::on_duty(&settings).await;
    operator.client().await.create(creation(1)).await.expect("it is answered");
    operator.wait_for_figure("mails_total{result=\"refused\"}", |mails| mails > 0.0).await;
    let mut runbook = runbook("Mails are refused");
    runbook.logged(&operator).await;
    operator.run("until gestan outbox refused | grep 550; do :; done").await;
    let listed = runbook.next(&operator).await;
    assert!(listed.contains("c•••@e•••.fr") && listed.contains("550 5.1.1"), "{listed}");
    let again = runbook.next(&operator).await;
    assert!(again.contains("enqueued again"), "{again}");
    peer.mail().await;
    let over = runbook.next(&operator).await;
    assert!(!over.contains("550 5.1.1"), "{over}");
}

#[tokio::test]
async fn events_that_are_not_taken_come_when_the_receiver_is_mended() {
    let receiver = Receiver::start().await;
    receiver.answer_otherwise(Answer::status(500));
    let settings = format!("webhook_url = \"{}\"\nwebhook_secret = \"{SECRET}\"\n", receiver.url());
    let operator = Operator::on_duty(&settings).await;
    operator.open_account(1).await;
    let mut runbook = runbook("Events are not taken");
    runbook.logged(&operator).await;
    operator.wait_for_figure("webhook_events", |events| events > 0.0).await;
    let told = runbook.next(&operator).await;
    assert!(told.contains("500"), "{told}");
    receiver.answer_otherwise(Answer::status(204));
    runbook.next(&operator).await;
    operator.wait_for_figure("webhook_oldest_event_age_seconds", |age| age == 0.0).await;
    let over = runbook.next(&operator).await;
    assert!(over.contains("webhook_oldest_event_age_seconds 0"), "{over}");
}

#[tokio::test]
async fn a_clock_that_was_wrong_is_told_and_the_purge_catches_up_when_it_is_asked_to() {
    let operator = Operator::on_duty_with_a_durable_database().await;
    operator.open_account(1).await;
    operator.run("systemctl stop gestan-account-server").await;
    let db = Database::connect(operator.database_url()).await.expect("a database");
    let mut runbook = runbook("The clock was wrong");
    // A server lived in a day to come.
    execute(&db, "UPDATE heartbeat SET time = time + 86400000").await;
    let told = runbook.next(&operator).await;
    assert!(told.contains("PROBLEM\tclock"), "{told}");
    // The clock is right; then nothing runs for a month.
    let month = 30_i64 * 86_400_000;
    execute(&db, &format!("UPDATE heartbeat SET time = time - 86400000 - {month}")).await;
    for (table, columns) in [
        ("challenge", &["create_time", "expire_time", "spent_time"][..]),
        ("outbox_mail", &["create_time", "end_time"]),
        ("audit_event", &["time"]),
    ] {
        for column in columns {
            execute(&db, &format!("UPDATE {table} SET {column} = {column} - {month}")).await;
        }
    }
    operator.run("systemctl start gestan-account-server").await;
    runbook.logged(&operator).await;
    let purged = runbook.next(&operator).await;
    assert!(purged.contains("challenges\t1"), "{purged}");
    let over = runbook.next(&operator).await;
    assert!(over.contains("ok\tclock"), "{over}");
}
