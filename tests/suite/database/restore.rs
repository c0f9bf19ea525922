//! `restore`: a backup in the place of the database, wholly or not at all.
//!
//! It is of SQLite alone, so that each test does the same whichever database the others run
//! on: it runs once.

use std::{
    fs,
    path::{Path, PathBuf},
};

use gestan_account_client::ClientOptions;
use gestan_account_tests::{
    FailingDisk, Failure, SmallDisk, count, execute, is_postgres, may_mount,
    process::{Ended, Home, ServerProcess, run_to_end},
    text,
};
use sea_orm::Database;
use tempfile::TempDir;

/// A home whose database has two accounts, the second of them in its log alone, as after a
/// power cut; and a backup of the first.
async fn after_a_power_cut() -> (Home, PathBuf) {
    let home = Home::on_sqlite();
    let server = ServerProcess::start(&home, &[]).await;
    let client = server.connect(ClientOptions::new()).await;
    server.open_account(&client, 1).await;
    let copy = home.path().join("copie.sqlite");
    let backup = run_to_end(home.command().args(["backup", "--to"]).arg(&copy)).await;
    assert!(backup.status.success(), "{}", backup.log);
    server.open_account(&client, 2).await;
    server.kill().await;
    (home, copy)
}

fn database(home: &Home) -> PathBuf {
    home.path().join("data/gestan-account.sqlite")
}

async fn restore(home: &Home, copy: &Path) -> Ended {
    run_to_end(home.command().args(["restore", "--from"]).arg(copy)).await
}

/// Restores what cannot be; nothing but the log tells of it.
async fn refused(home: &Home, copy: &Path) -> String {
    let before = files(&home.path().join("data"));
    let ended = restore(home, copy).await;
    assert_eq!(ended.status.code(), Some(1), "{}: {}", copy.display(), ended.log);
    assert_eq!(ended.printed, "");
    let is_unchanged = files(&home.path().join("data")) == before;
    assert!(is_unchanged, "{}: {}", copy.display(), ended.log);
    ended.log
}

/// Every file of a folder but the index of the log, with its bytes.
fn files(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let entries = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("one").path());
    let mut files: Vec<_> = entries
        .filter(|path| path.is_file() && !path.to_string_lossy().ends_with("-shm"))
        .map(|path| (path.clone(), fs::read(&path).expect("a file")))
        .collect();
    files.sort();
    files
}

/// How many accounts a database has, which SQLite finds no fault with. It is looked at
/// elsewhere, with its log, so that it stays as it is.
async fn accounts(file: &Path) -> i64 {
    let folder = TempDir::new().expect("a folder");
    for suffix in ["", "-wal"] {
        let name = format!("{}{suffix}", file.display());
        let _ = fs::copy(name, folder.path().join(format!("a.sqlite{suffix}")));
    }
    let url = format!("sqlite:{}", folder.path().join("a.sqlite").display());
    let db = Database::connect(url).await.expect("a database");
    assert_eq!(text(&db, "PRAGMA integrity_check").await.as_deref(), Some("ok"));
    let accounts = count(&db, "SELECT count(*) FROM account").await;
    db.close().await.expect("it closes");
    accounts
}

/// The files that a restore has put aside.
fn put_aside(home: &Home) -> Vec<PathBuf> {
    let files = files(&home.path().join("data")).into_iter().map(|(path, _)| path);
    files
        .filter(|path| {
            let name = path.to_string_lossy();
            name.contains(".replaced-") && !name.ends_with("-wal")
        })
        .collect()
}

#[tokio::test]
async fn a_restored_backup_is_served_and_what_it_replaces_is_kept_whole() {
    if is_postgres() {
        return;
    }
    let (home, copy) = after_a_power_cut().await;
    let ended = restore(&home, &copy).await;
    assert!(ended.status.success(), "{}", ended.log);
    assert!(ended.printed.contains("accounts\t1\n"), "{}", ended.printed);
    assert!(ended.printed.contains("last event\t2"), "{}", ended.printed);
    let [replaced] = &put_aside(&home)[..] else { panic!("{}", ended.printed) };
    assert!(ended.printed.contains(&*replaced.to_string_lossy()), "{}", ended.printed);
    assert_eq!(accounts(replaced).await, 2, "with what only its log had");
    assert_eq!(accounts(&copy).await, 1, "the backup stays");
    let log = home.path().join("data/gestan-account.sqlite-wal");
    assert!(!log.exists(), "no log of another database");

    let server = ServerProcess::start(&home, &[]).await;
    let client = server.connect(ClientOptions::new()).await;
    assert_eq!(server.open_account(&client, 3).await.account_id, 2);
    server.kill().await;
    assert_eq!(accounts(&database(&home)).await, 2);
}

#[cfg(unix)]
#[tokio::test]
async fn a_restored_database_is_its_owners_alone() {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
    if is_postgres() {
        return;
    }
    let (home, copy) = after_a_power_cut().await;
    fs::set_permissions(&copy, fs::Permissions::from_mode(0o644)).expect("it is opened up");
    let is_root = rustix::process::geteuid().is_root();
    if is_root {
        chown(database(&home), Some(12_345), Some(54_321)).expect("it is somebody else's");
    }
    let ended = restore(&home, &copy).await;
    assert!(ended.status.success(), "{}", ended.log);
    let file = fs::metadata(database(&home)).expect("the database");
    assert_eq!(file.mode() & 0o777, 0o600);
    if is_root {
        assert_eq!((file.uid(), file.gid()), (12_345, 54_321), "its server may open it");
    }
}

#[tokio::test]
async fn a_database_that_a_server_has_open_is_not_replaced() {
    if is_postgres() {
        return;
    }
    let (home, copy) = after_a_power_cut().await;
    let server = ServerProcess::start(&home, &[]).await;
    let ended = restore(&home, &copy).await;
    assert_eq!(ended.status.code(), Some(1));
    for part in ["process ", "gestan-account", "open: stop every server"] {
        assert!(ended.log.contains(part), "{part} is not in {}", ended.log);
    }
    assert_eq!(put_aside(&home), Vec::<PathBuf>::new());
    let client = server.connect(ClientOptions::new()).await;
    server.open_account(&client, 3).await;
    server.kill().await;
    assert_eq!(accounts(&database(&home)).await, 3, "it goes on");
}

#[tokio::test]
async fn a_copy_that_is_not_whole_or_not_this_programs_changes_nothing() {
    if is_postgres() {
        return;
    }
    let (home, copy) = after_a_power_cut().await;
    let bytes = fs::read(&copy).expect("the copy");
    let bad = home.path().join("mauvaise.sqlite");
    let write = |bytes: &[u8]| fs::write(&bad, bytes).expect("a file");

    for bytes in [b"".as_slice(), &b"no database".repeat(500), &bytes[..bytes.len() / 2]] {
        write(bytes);
        let log = refused(&home, &bad).await;
        assert!(log.contains("damaged") || log.contains("no database of this"), "{log}");
    }
    for (change, why) in [
        ("DROP TABLE seaql_migrations", "no database of this program"),
        ("INSERT INTO seaql_migrations VALUES ('m29991231_000001_later', 0)", "a later release"),
        ("CREATE TABLE copy_progress (x)", "`copy` that came to no end"),
        ("PRAGMA foreign_keys = OFF; DELETE FROM account", "a row refers to one that is not there"),
    ] {
        write(&bytes);
        let db = Database::connect(format!("sqlite:{}", bad.display())).await.expect("a database");
        execute(&db, change).await;
        db.close().await.expect("it closes");
        let log = refused(&home, &bad).await;
        assert!(log.contains(why), "{change}: {log}");
    }
    write(&bytes);
    let log_beside = home.path().join("mauvaise.sqlite-wal");
    fs::write(&log_beside, "a log").expect("a file");
    assert!(refused(&home, &bad).await.contains("without which it is not whole"));
    fs::remove_file(&log_beside).expect("it was there");
    assert!(refused(&home, &database(&home)).await.contains("is the database itself"));
    assert!(refused(&home, &home.path().join("absente.sqlite")).await.contains("absente.sqlite"));
    assert!(restore(&home, &bad).await.status.success(), "the bytes are those of the copy");
}

#[tokio::test]
async fn a_damaged_database_is_replaced_and_kept_with_its_log() {
    if is_postgres() {
        return;
    }
    let (home, copy) = after_a_power_cut().await;
    let log = fs::read(home.path().join("data/gestan-account.sqlite-wal")).expect("a log");
    fs::write(database(&home), b"scrambled".repeat(2_000)).expect("it is damaged");
    let db = Database::connect(format!("sqlite:{}", copy.display())).await.expect("a database");
    execute(&db, "PRAGMA journal_mode = WAL").await;
    db.close().await.expect("it closes");
    assert_eq!(fs::read(&copy).expect("the copy")[18..20], [2, 2], "as a file that was served");
    let ended = restore(&home, &copy).await;
    assert!(ended.status.success(), "{}", ended.log);
    let versions = &fs::read(database(&home)).expect("the database")[18..20];
    assert_eq!(versions, [1, 1], "a log beside it would be known as another's");
    assert_eq!(accounts(&database(&home)).await, 1);
    let [replaced] = &put_aside(&home)[..] else { panic!("{}", ended.printed) };
    let replaced_bytes = fs::read(replaced).expect("a file");
    assert!(replaced_bytes == b"scrambled".repeat(2_000), "it is kept as it was");
    let kept = fs::read(format!("{}-wal", replaced.display())).expect("its log");
    assert!(kept == log, "nothing of it is lost");
}

#[tokio::test]
async fn where_there_is_no_database_one_is_made_only_if_that_is_asked_for() {
    if is_postgres() {
        return;
    }
    let (home, copy) = after_a_power_cut().await;
    let other = Home::on_sqlite();
    let from = ["restore", "--from", copy.to_str().expect("UTF-8")];
    let ended = run_to_end(other.command().args(from)).await;
    assert_eq!(ended.status.code(), Some(1));
    assert!(ended.log.contains("--new") && ended.log.contains("data/gestan"), "{}", ended.log);
    assert_eq!(other.path().read_dir().expect("a folder").count(), 0, "nothing is made");
    fs::create_dir(other.path().join("data")).expect("a folder");
    let ended = run_to_end(other.command().args(from).arg("--new")).await;
    assert!(ended.status.success(), "{}", ended.log);
    assert_eq!(accounts(&database(&other)).await, 1);
    let ended = run_to_end(home.command().args(from).arg("--new")).await;
    assert!(ended.log.contains("there is a database"), "{}", ended.log);

    let url = "postgres://compte:s3cr3t@127.0.0.1:1/compte";
    let ended = run_to_end(home.command().args(from).args(["--database-url", url])).await;
    assert_eq!(ended.status.code(), Some(1));
    assert!(ended.log.contains("pg_restore") && !ended.log.contains("s3cr3t"), "{}", ended.log);
}

#[tokio::test]
async fn a_disk_without_room_is_told_before_anything_is_written() {
    let name = "database::restore::a_disk_without_room_is_told_before_anything_is_written";
    if is_postgres() || !may_mount(name) {
        return;
    }
    let (_home, copy) = after_a_power_cut().await;
    let disk = SmallDisk::new(8);
    let home = Home::with_database(disk.sqlite_url()).migrate().await;
    disk.fill();
    let before = files(&disk.path().join("data"));
    let ended = restore(&home, &copy).await;
    assert_eq!(ended.status.code(), Some(1));
    assert!(ended.log.contains("bytes free, and"), "{}", ended.log);
    assert!(files(&disk.path().join("data")) == before, "nothing was written");
    disk.make_room();
    let ended = restore(&home, &copy).await;
    assert!(ended.status.success(), "{}", ended.log);
}

#[tokio::test]
async fn whenever_the_power_goes_the_database_is_the_old_one_or_the_new_one() {
    if is_postgres() {
        return;
    }
    let (template, copy) = after_a_power_cut().await;
    let (disk, mut cut_off, mut seen) = (FailingDisk::new(), 0, Vec::new());
    for before in 0.. {
        let home = Home::on_sqlite();
        fs::create_dir(home.path().join("data")).expect("a folder");
        for (path, bytes) in files(&template.path().join("data")) {
            let name = path.file_name().expect("a name");
            fs::write(home.path().join("data").join(name), bytes).expect("a file");
        }
        let mut command = home.command();
        disk.carry(&mut command);
        disk.fail(Failure::PowerCut, before);
        let ended = run_to_end(command.args(["restore", "--from"]).arg(&copy)).await;
        seen.push(accounts(&database(&home)).await);
        if ended.status.success() {
            break;
        }
        cut_off += 1;
        assert_eq!(ended.status.code(), None, "after {before}: {}", ended.log);
        // It is done when it is typed again, and nothing of the old one is lost.
        let again = restore(&home, &copy).await;
        assert!(again.status.success(), "after {before}: {}", again.log);
        assert_eq!(accounts(&database(&home)).await, 1, "after {before}");
        let mut kept = Vec::new();
        for path in put_aside(&home) {
            kept.push(accounts(&path).await);
        }
        assert!(kept.contains(&2), "after {before}: {kept:?}");
    }
    assert!(cut_off >= 4, "only {cut_off} moments");
    let (old, new) = seen.split_at(seen.iter().filter(|accounts| **accounts == 2).count());
    assert!(!old.is_empty() && !new.is_empty(), "{seen:?}");
    assert!(old.iter().all(|accounts| *accounts == 2), "the old one, and then the new: {seen:?}");
    assert!(new.iter().all(|accounts| *accounts == 1), "the old one, and then the new: {seen:?}");
}
