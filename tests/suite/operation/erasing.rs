//! `account erase` and `account list`: what an operator erases, and by what it is found.

use std::fs;

use gestan_account_client::ClientOptions;
use gestan_account_tests::{
    count, desk_at, erase, execute, is_postgres, merge,
    process::{Ended, Home, ServerProcess, run_to_end, workspace},
};
use sea_orm::{Database, DatabaseConnection};
use tokio::process::Command;

async fn run(home: &Home, arguments: &[&str]) -> Ended {
    run_to_end(home.command().args(arguments)).await
}

async fn database(home: &Home) -> DatabaseConnection {
    Database::connect(home.database_url()).await.expect("a database")
}

/// The line of the operator's guide that takes the IDs out of a log, as it stands there.
fn ids_of_log() -> String {
    let guide = fs::read_to_string(workspace().join("docs/OPERATIONS.md")).expect("a guide");
    let line = guide.lines().find(|line| line.starts_with("grep -h 'account erased'"));
    line.expect("a line of the guide").to_owned()
}

/// Runs `account erase` with a file of these lines.
async fn erase_ids(home: &Home, lines: &str) -> Ended {
    fs::write(home.path().join("ids"), lines).expect("a file");
    run(home, &["account", "erase", "--ids", "ids", "--reason", "sauvegarde du 1er mars"]).await
}

#[tokio::test]
async fn what_a_backup_has_brought_back_is_erased_again_by_the_ids_of_the_log() {
    let home = Home::new();
    let server = ServerProcess::start(&home, &[]).await;
    let client = server.connect(ClientOptions::new()).await;
    let mut ids = Vec::new();
    for number in 1..=4 {
        ids.push(server.open_account(&client, number).await.account_id);
    }
    let key = run(&home, &["support-key", "create", "Ève", "--role", "admin"]).await;
    let desk = desk_at(server.address, Some(key.printed.trim()), None).await;
    merge(&desk, ids[2], ids[3]).await;
    erase(&desk, ids[0]).await;
    server.wait_for_log("account erased").await;
    fs::write(home.path().join("server.log"), server.log()).expect("a log");
    let bash = Command::new("bash").arg("-c").arg(ids_of_log()).current_dir(home.path()).status();
    assert!(bash.await.expect("bash runs").success());
    let listed = fs::read_to_string(home.path().join("ids.txt")).expect("a list");
    assert_eq!(listed, format!("{}\n", ids[0]));
    let before = fs::read_dir(home.mail_folder()).expect("a folder").count();

    let lines = format!("\n{}\r\n {} \n{}\n\n4000000000\n", ids[0], ids[1], ids[2]);
    let ended = erase_ids(&home, &lines).await;
    assert!(ended.status.success(), "{}", ended.log);
    let expected = format!(
        "{}\terased before\n{}\terased\n{}\tnot erased: it is a part of {}\n4000000000\tno such account\n",
        ids[0], ids[1], ids[2], ids[3]
    );
    assert_eq!(ended.printed, expected);
    let line = format!("account.id={}", ids[1]);
    assert!(ended.log.contains("account erased") && ended.log.contains(&line), "{}", ended.log);
    let db = database(&home).await;
    let left =
        |table: &str, id: u32| format!("SELECT count(*) FROM {table} WHERE account_id = {id}");
    assert_eq!(count(&db, &left("link", ids[1])).await, 0);
    let event = format!(
        "SELECT count(*) FROM audit_event WHERE account_id = {} AND action = 'erase_account' AND \
         actor_kind = 'operator' AND fields = 'reason:sauvegarde du 1er mars'",
        ids[1]
    );
    assert_eq!(count(&db, &event).await, 1);
    assert_eq!(count(&db, &left("audit_event", ids[1])).await, 1);
    let told = format!(
        "SELECT count(*) FROM outbox_mail WHERE letter LIKE '%\"account_id\":{},%'",
        ids[1]
    );
    assert_eq!(count(&db, &told).await, 0, "nobody is told a second time");
    assert!(fs::read_dir(home.mail_folder()).expect("a folder").count() >= before);
    let marked = "SELECT count(*) FROM maintenance WHERE name = 'compaction'";
    assert_eq!(count(&db, marked).await, 1);

    let again = erase_ids(&home, &ids[1].to_string()).await;
    assert_eq!(again.printed, format!("{}\terased before\n", ids[1]));
    let shown = run(&home, &["account", "show", &ids[1].to_string()]).await;
    assert_eq!(shown.status.code(), Some(1));
    assert!(shown.log.contains("was erased on"), "{}", shown.log);
    // The one event is what an operator can show of it.
    let listed = run(&home, &["audit", "list", "--account", &ids[1].to_string()]).await;
    assert!(listed.printed.contains("erase_account\toperator"), "{}", listed.printed);
    let compacted = run(&home, &["compact"]).await;
    assert!(compacted.status.success(), "{}", compacted.log);
    let said = if is_postgres() { "PostgreSQL" } else { "compacted\n" };
    assert!(compacted.printed.contains(said), "{}", compacted.printed);
    assert_eq!(count(&db, marked).await, 0);
}

#[tokio::test]
async fn a_file_of_ids_with_one_bad_line_erases_nothing() {
    let home = Home::new();
    let server = ServerProcess::start(&home, &[]).await;
    let client = server.connect(ClientOptions::new()).await;
    let id = server.open_account(&client, 1).await.account_id;
    for (lines, said) in [
        (format!("{id}\n0\n"), "line 2"),
        (format!("{id}\n\nabc\n"), "line 3"),
        (format!("{id}\n4294967296\n"), "line 2"),
        (format!("{id}\n-1\n"), "line 2"),
        (format!("{id},2\n"), "line 1"),
        (" \n\n".to_owned(), "has no ID"),
        (String::new(), "has no ID"),
    ] {
        let ended = erase_ids(&home, &lines).await;
        assert_eq!(ended.status.code(), Some(1), "{lines:?}");
        assert!(ended.log.contains(said), "{lines:?}: {}", ended.log);
        assert_eq!(ended.printed, "");
    }
    let ids = format!("{id}\n");
    fs::write(home.path().join("ids"), ids).expect("a file");
    for reason in ["", "  ", "a\tb", &"x".repeat(201)] {
        let ended = run(&home, &["account", "erase", "--ids", "ids", "--reason", reason]).await;
        assert!(!ended.status.success(), "{reason:?} is accepted");
        assert_eq!(ended.printed, "");
    }
    let missing = ["account", "erase", "--ids", "nowhere", "--reason", "motif"];
    let missing = run(&home, &missing).await;
    assert_eq!(missing.status.code(), Some(1));
    assert!(missing.log.contains("nowhere"), "{}", missing.log);
    for arguments in [&["--ids", "ids"][..], &["--reason", "motif"]] {
        let ended = run(&home, &[&["account", "erase"][..], arguments].concat()).await;
        assert_eq!(ended.status.code(), Some(2), "{arguments:?}");
    }
    assert_eq!(count(&database(&home).await, "SELECT count(*) FROM account").await, 1);
}

#[tokio::test]
async fn accounts_that_no_machine_has_used_are_listed_and_left_alone() {
    let home = Home::new();
    let server = ServerProcess::start(&home, &[]).await;
    let client = server.connect(ClientOptions::new()).await;
    let mut ids = Vec::new();
    for number in 1..=3 {
        ids.push(server.open_account(&client, number).await.account_id);
    }
    let db = database(&home).await;
    let year = 366_u64 * 24 * 3_600_000;
    for (id, years) in [(ids[0], 4), (ids[1], 2)] {
        let back = years * year;
        let older = format!(
            "UPDATE link SET last_seen_time = last_seen_time - {back} WHERE account_id = {id}"
        );
        execute(&db, &older).await;
    }
    let listed = async |since: &str| {
        let ended = run(&home, &["account", "list", "--unseen-since", since]).await;
        assert!(ended.status.success(), "{}", ended.log);
        let id = |line: &str| line.split('\t').next().and_then(|id| id.parse::<u32>().ok());
        ended.printed.lines().filter_map(id).collect::<Vec<_>>()
    };
    assert_eq!(listed("3y").await, [ids[0]]);
    assert_eq!(listed("18mo").await, [ids[0], ids[1]]);
    assert_eq!(listed("5y").await, [0_u32; 0]);
    // One without any machine was last used when it changed.
    execute(&db, &format!("DELETE FROM link WHERE account_id = {}", ids[2])).await;
    assert_eq!(listed("1h").await, [ids[0], ids[1]]);
    let older = format!("UPDATE account SET update_time = 0 WHERE id = {}", ids[2]);
    execute(&db, &older).await;
    assert_eq!(listed("3y").await, [ids[0], ids[2]]);
    let ended = run(&home, &["account", "list", "--unseen-since", "3y"]).await;
    let last = ended.printed.lines().last().expect("a line").to_owned();
    assert_eq!(last, format!("{}\t1970-01-01T00:00:00Z\t0", ids[2]));
    assert_eq!(count(&db, "SELECT count(*) FROM account").await, 3);
    for wrong in ["", "jamais", "-3y", "0d"] {
        let arguments = ["account", "list", &format!("--unseen-since={wrong}")];
        let ended = run(&home, &arguments).await;
        assert!(!ended.status.success(), "{wrong:?} is accepted");
        assert_eq!(ended.printed, "");
    }
    let far = run(&home, &["account", "list", "--unseen-since", "19000y"]).await;
    assert!(far.log.contains("calendar"), "{}", far.log);
}

/// The mark is of long ago: a server that starts does what none was there for.
#[tokio::test]
async fn a_server_compacts_the_file_by_its_setting() {
    let home = Home::migrated().await;
    let db = database(&home).await;
    execute(&db, "INSERT INTO maintenance VALUES ('compaction', '0')").await;
    let server = ServerProcess::start(&home, &["--compact-at", "04:15"]).await;
    if is_postgres() {
        // Nothing is to be waited for, and nothing to be done but to clear the mark.
        while count(&db, "SELECT count(*) FROM maintenance").await > 0 {
            tokio::task::yield_now().await;
        }
    } else {
        server.wait_for_log("database file compacted").await;
    }
    server.terminate().await;
    assert!(server.wait().await.0.success());
    assert_eq!(count(&db, "SELECT count(*) FROM maintenance").await, 0);
}
