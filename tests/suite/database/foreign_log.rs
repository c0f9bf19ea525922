//! A backup is put in the place of the database while the log of the old one still lies
//! there: SQLite would write the one into the other.
//!
//! A test of one database alone is the same, whichever one the others run on: it runs
//! once.

use std::fs;

use gestan_account_client::ClientOptions;
use gestan_account_tests::{
    count, creation, is_postgres,
    process::{Home, ServerProcess, run_to_end},
};
use sea_orm::Database;

#[tokio::test]
async fn a_copy_beside_the_log_of_another_database_is_left_alone_until_the_log_is_gone() {
    if is_postgres() {
        return;
    }
    let home = Home::on_sqlite();
    let server = ServerProcess::start(&home, &[]).await;
    let client = server.connect(ClientOptions::new()).await;
    let file = |name: &str| home.path().join("data").join(name);
    let (database, log) = (file("gestan-account.sqlite"), file("gestan-account.sqlite-wal"));
    let copy = file("copie.sqlite");
    client.create(creation(1)).await.expect("Create is answered");
    let backup = run_to_end(home.command().args(["backup", "--to"]).arg(&copy)).await;
    assert!(backup.status.success(), "{}", backup.log);
    client.create(creation(2)).await.expect("Create is answered");
    server.kill().await;
    assert!(fs::metadata(&log).expect("a log").len() > 0, "a power cut leaves the log");

    // As somebody in a hurry restores it.
    fs::copy(&copy, &database).expect("it is put back");
    let (restored, foreign) = (fs::read(&database), fs::read(&log));
    let (restored, foreign) = (restored.expect("a file"), foreign.expect("a file"));
    let other = home.path().join("autre.sqlite");
    let url = home.database_url();
    let target = format!("sqlite:{}", other.display());
    for arguments in [
        &["serve", "--listen", "127.0.0.1:0"][..],
        &["migrate"],
        &["support-key", "list"],
        &["backup", "--to", other.to_str().expect("UTF-8")],
        &["copy", "--from", &url, "--to", &target],
    ] {
        let ended = run_to_end(home.command().args(arguments)).await;
        assert!(!ended.status.success(), "{arguments:?}: {}", ended.log);
        let error = ended.log.lines().find(|line| line.starts_with("Error:")).expect("an error");
        for part in
            ["is a copy that has never been served", "-wal is the log of another", "-shm away"]
        {
            assert!(error.contains(part), "{arguments:?}: {error}");
        }
        assert!(!other.exists(), "{arguments:?}");
    }
    assert_eq!(fs::read(&database).expect("a file"), restored, "it is untouched");
    assert_eq!(fs::read(&log).expect("a file"), foreign, "nothing is lost");

    fs::rename(&log, file("ancien-wal")).expect("it is moved away");
    let _ = fs::remove_file(file("gestan-account.sqlite-shm"));
    let server = ServerProcess::start(&home, &[]).await;
    let client = server.connect(ClientOptions::new()).await;
    client.create(creation(3)).await.expect("Create is answered");
    // Its own log, after another power cut, is no foreign one.
    server.kill().await;
    let server = ServerProcess::start(&home, &[]).await;
    let db = Database::connect(home.database_url()).await.expect("a database");
    assert_eq!(count(&db, "SELECT count(*) FROM challenge").await, 2);
    db.close().await.expect("it closes");
    server.kill().await;
}

#[tokio::test]
async fn a_database_in_memory_is_refused_by_its_name() {
    if is_postgres() {
        return;
    }
    for name in [
        ":memory:",
        "//:memory:",
        "%3Amemory%3A",
        "a.sqlite?mode=memory",
        "a.sqlite?cache=shared&mode=%6Demory",
        "file::memory:",
        "file:a.sqlite?mode=memory",
        "file%3Aa.sqlite%3Fmode=memory",
        "",
        "//",
        "?cache=shared",
    ] {
        let url = format!("sqlite:{name}");
        let (home, to) = (Home::with_database(url.clone()), "copie.sqlite");
        let copy = ["copy", "--from", "sqlite:b.sqlite", "--to", &url];
        for arguments in [
            &["serve", "--listen", "127.0.0.1:0"][..],
            &["migrate"],
            &["support-key", "list"],
            &["backup", "--to", to],
            &copy,
        ] {
            let ended = run_to_end(home.command().args(arguments)).await;
            assert!(!ended.status.success(), "{url} {arguments:?}: {}", ended.log);
            let told = format!("{url} names no file");
            assert!(ended.log.contains(&told), "{url} {arguments:?}: {}", ended.log);
        }
        let left: Vec<_> = fs::read_dir(home.path()).expect("a folder").collect();
        // The mails' folder is made before the database is opened.
        assert!(left.iter().flatten().all(|entry| entry.file_name() == "data"), "{url}: {left:?}");
    }
}
