//! A copy that is killed in the middle: nobody serves the half, and another run
//! makes it whole, or says that it cannot.

use std::process::Stdio;

use gestan_account_tests::process::TIMEOUT;
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    time::timeout,
};

use super::*;

/// Audit events: enough that a copy takes a while.
const EVENTS: i64 = 15_000;

/// A source with an account and many events.
async fn source(home: &Home) -> String {
    let url = url(&file(home, "source.sqlite"));
    let server = ServerProcess::start(home, &["--database-url", &url]).await;
    new_account(&server, home, 1).await;
    server.terminate().await;
    assert!(server.wait().await.0.success());
    let db = Database::connect(&url).await.expect("a database");
    let events = format!(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {EVENTS}) \
         INSERT INTO audit_event (time, account_id, action, actor_kind, actor_id, fields) \
         SELECT i, 1, 'update', 'machine', 'm' || i, 'city' FROM n"
    );
    execute(&db, &events).await;
    db.close().await.expect("it closes");
    url
}

/// Copies into `target.sqlite` and is killed in the middle of the events.
async fn killed(home: &Home, source: &str) -> PathBuf {
    let target = file(home, "target.sqlite");
    let mut command = home.command();
    command.args(["copy", "--from", source, "--to", &url(&target)]).stderr(Stdio::piped());
    let mut copying = command.stdout(Stdio::null()).spawn().expect("the program starts");
    let mut log = BufReader::new(copying.stderr.take().expect("its log")).lines();
    let until = async {
        while let Some(line) = log.next_line().await.expect("a log") {
            if line.contains("copied") && line.contains("outbox_mail") {
                return;
            }
        }
        panic!("the copy ended");
    };
    timeout(TIMEOUT, until).await.expect("the copy gets on");
    copying.kill().await.expect("it is killed");
    let db = Database::connect(url(&target)).await.expect("a database");
    let copied = count(&db, "SELECT count(*) FROM audit_event").await;
    assert!(copied < EVENTS, "the copy was too fast to be interrupted");
    assert_eq!(count(&db, "SELECT count(*) FROM account").await, 1);
    db.close().await.expect("it closes");
    target
}

/// Why a server does not start on a database.
async fn not_served(home: &Home, database: &Path) -> String {
    let database = url(database);
    let arguments = ["--database-url", &database, "--listen", "127.0.0.1:0"];
    let ended = run_to_end(home.command().args(arguments)).await;
    assert!(!ended.status.success(), "it is served");
    ended.log
}

#[tokio::test]
async fn a_killed_copy_is_not_served_and_the_next_run_makes_it_whole() {
    let home = Home::on_sqlite();
    let source = source(&home).await;
    let target = killed(&home, &source).await;
    let log = not_served(&home, &target).await;
    assert!(log.contains("a copy into this database was begun"), "{log}");

    let ended = copy(&home, &source, &url(&target)).await;
    assert!(ended.status.success(), "{}", ended.log);
    assert!(ended.log.contains("going on with a copy that was begun"), "{}", ended.log);
    let db = Database::connect(&source).await.expect("a database");
    assert_eq!(differences(&db, &target).await, [""; 0]);
    let events = count(&db, "SELECT count(*) FROM other.audit_event").await;
    assert!(events >= EVENTS, "only {events} events");
    db.close().await.expect("it closes");
    ServerProcess::start(&home, &["--database-url", &url(&target)]).await;
}

#[tokio::test]
async fn a_source_that_changed_between_two_runs_is_noticed() {
    let home = Home::on_sqlite();
    let source = source(&home).await;
    let target = killed(&home, &source).await;
    for (change, undo) in [
        ("UPDATE account SET city = 'Lille'", "UPDATE account SET city = ''"),
        // NULL and an empty text are not the same.
        ("UPDATE account SET phone_e164 = ''", "UPDATE account SET phone_e164 = NULL"),
        ("DELETE FROM audit_event WHERE id = 1", ""),
    ] {
        let change_source = async |sql: &str| {
            let db = Database::connect(&source).await.expect("a database");
            execute(&db, sql).await;
            db.close().await.expect("it closes");
        };
        change_source(change).await;
        let ended = copy(&home, &source, &url(&target)).await;
        assert!(!ended.status.success(), "{change} is not noticed");
        assert!(ended.log.contains("differs"), "{change}: {}", ended.log);
        not_served(&home, &target).await;
        change_source(undo).await;
    }
}

#[tokio::test]
async fn a_begun_copy_is_not_gone_on_with_from_another_source() {
    let home = Home::on_sqlite();
    let source = source(&home).await;
    let target = killed(&home, &source).await;
    let other = file(&home, "other.sqlite");
    std::fs::copy(source.trim_start_matches("sqlite:"), &other).expect("a copy");
    let ended = copy(&home, &url(&other), &url(&target)).await;
    assert!(!ended.status.success());
    assert!(ended.log.contains("holds a begun copy of another database"), "{}", ended.log);
    // Nor is a half taken for a whole, to be copied further.
    let ended = copy(&home, &url(&target), &url(&file(&home, "x"))).await;
    assert!(!ended.status.success());
    assert!(ended.log.contains("the schema of"), "{}", ended.log);
}
