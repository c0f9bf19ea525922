//! A backup of the SQLite database, made by the program while another serves.

use std::{fs, path::Path};

use gestan_account_tests::{
    count, execute,
    ledger::{self, Calls, Ledger},
    process::{Ended, Home, ServerProcess, run_to_end},
    rows, text,
};
use sea_orm::Database;
use tempfile::TempDir;

async fn back_up(home: &Home, arguments: &[&str]) -> Ended {
    run_to_end(home.command().arg("backup").args(arguments)).await
}

/// The names of what is in a folder.
fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("a folder");
    let name = |entry: fs::DirEntry| entry.file_name().to_string_lossy().into_owned();
    let mut names: Vec<String> = entries.map(|entry| name(entry.expect("an entry"))).collect();
    names.sort();
    names
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_under_load_holds_whatever_was_acknowledged_before_it_began() {
    let home = Home::on_sqlite();
    let server = ServerProcess::start(&home, &[]).await;
    let mut ledger = Ledger::open(Calls::Once, vec![server.address], home.mail_folder(), 4);
    ledger.get_on(60).await;

    let before = ledger.served();
    assert!(!before.is_empty(), "somebody is done");
    let copies = TempDir::new().expect("a folder");
    // A name that would mean something else in a URL.
    let copy = copies.path().join("copie du 24%20?x.sqlite");
    let ended = back_up(&home, &["--to", copy.to_str().expect("UTF-8")]).await;
    assert!(ended.status.success(), "{}", ended.log);
    assert!(ended.log.contains("backed up and checked"), "{}", ended.log);
    assert_eq!(names(copies.path()), ["copie du 24%20?x.sqlite"], "nothing else is left");

    // Nobody was held up: each goes on, and makes every call once.
    ledger.get_on(10).await;
    let all = ledger.close().await;
    assert!(all.len() > before.len(), "some came after the backup");

    let restored = Home::on_sqlite();
    fs::create_dir(restored.path().join("data")).expect("a folder");
    let file = restored.path().join("data/gestan-account.sqlite");
    fs::copy(&copy, &file).expect("the copy is put back");
    let server = ServerProcess::start(&restored, &[]).await;
    let db = Database::connect(format!("sqlite:{}", file.display())).await.expect("a database");
    assert_eq!(text(&db, "PRAGMA integrity_check").await.as_deref(), Some("ok"));
    assert_eq!(rows(&db, "PRAGMA foreign_key_check").await.len(), 0);
    ledger::check(&before, server.address).await;
    // Of one moment: an account with a password has a link, by the same transaction.
    let half = "SELECT count(*) FROM account WHERE password_hash IS NOT NULL \
                AND NOT EXISTS (SELECT 1 FROM link WHERE account_id = account.id)";
    assert_eq!(count(&db, half).await, 0);
}

#[cfg(unix)]
#[tokio::test]
async fn a_backup_is_read_by_its_owner_only_and_replaces_nothing() {
    use std::os::unix::fs::PermissionsExt as _;

    let home = Home::on_sqlite();
    let server = ServerProcess::start(&home, &[]).await;
    let copies = TempDir::new().expect("a folder");
    let copy = copies.path().join("copy.sqlite");
    let arguments = ["--to", copy.to_str().expect("UTF-8")];
    assert!(back_up(&home, &arguments).await.status.success());
    let mode = fs::metadata(&copy).expect("the copy").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);

    fs::write(&copy, "precious").expect("a file");
    let ended = back_up(&home, &arguments).await;
    assert!(!ended.status.success());
    assert!(ended.log.contains("exists, and is not replaced"), "{}", ended.log);
    assert_eq!(fs::read_to_string(&copy).expect("the file"), "precious");
    assert_eq!(names(copies.path()), ["copy.sqlite"]);
    server.kill().await;
}

#[tokio::test]
async fn a_backup_of_no_database_makes_none() {
    let home = Home::on_sqlite();
    let data = home.path().join("data");
    fs::create_dir(&data).expect("a folder");
    let ended = back_up(&home, &["--to", "copy.sqlite"]).await;
    assert!(!ended.status.success());
    assert!(ended.log.contains("cannot back the database up"), "{}", ended.log);
    assert_eq!(names(home.path()), ["data"]);
    assert_eq!(names(&data), [""; 0], "a database was made");

    fs::write(data.join("gestan-account.sqlite"), "no database".repeat(100)).expect("a file");
    let ended = back_up(&home, &["--to", "copy.sqlite"]).await;
    assert!(!ended.status.success());
    assert_eq!(names(home.path()), ["data"]);
}

#[tokio::test]
async fn a_damaged_database_is_not_taken_for_a_backup() {
    let home = Home::on_sqlite();
    let server = ServerProcess::start(&home, &[]).await;
    server.kill().await;
    let file = home.path().join("data/gestan-account.sqlite");
    let db = Database::connect(format!("sqlite:{}", file.display())).await.expect("a database");
    // A value that the schema forbids: SQLite copies it as it is.
    for damage in [
        "CREATE TABLE odd (x)",
        "INSERT INTO odd VALUES (NULL)",
        "PRAGMA writable_schema = ON",
        "UPDATE sqlite_schema SET sql = 'CREATE TABLE odd (x NOT NULL)' WHERE name = 'odd'",
    ] {
        execute(&db, damage).await;
    }
    db.close().await.expect("it closes");
    let ended = back_up(&home, &["--to", "copy.sqlite"]).await;
    assert!(!ended.status.success());
    assert!(ended.log.contains("the copy is damaged: NULL value in odd.x"), "{}", ended.log);
    assert_eq!(names(home.path()), ["data"]);
}

#[tokio::test]
async fn a_backup_of_postgresql_is_left_to_its_own_tools() {
    let home = Home::on_sqlite();
    let url = "postgres://compte:s3cr3t@127.0.0.1:1/compte";
    let ended = back_up(&home, &["--to", "copy.sqlite", "--database-url", url]).await;
    assert!(!ended.status.success());
    assert!(ended.log.contains("pg_dump"), "{}", ended.log);
    assert!(!ended.log.contains("s3cr3t"), "{}", ended.log);
}
