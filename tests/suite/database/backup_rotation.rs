//! `backup --into`: dated backups in a folder, of which the oldest go; and the lines by which
//! the documents have them made each night.

use std::{fs, path::Path};

use gestan_account_tests::{
    count,
    process::{Ended, Home, ServerProcess, run_to_end, server_program, workspace},
};
use sea_orm::Database;
use tempfile::TempDir;

async fn back_up(home: &Home, folder: &Path, keep: &str) -> Ended {
    let into = folder.to_str().expect("UTF-8");
    run_to_end(home.command().args(["backup", "--into", into, "--keep", keep])).await
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("a folder");
    let name = |entry: fs::DirEntry| entry.file_name().to_string_lossy().into_owned();
    let mut names: Vec<String> = entries.map(|entry| name(entry.expect("an entry"))).collect();
    names.sort();
    names
}

/// What stands in the folder that no backup has made.
const OTHERS: [&str; 7] = [
    "gestan-account-20200101T000000Z.sqlite.bak",
    "gestan-account-2020-01-01.sqlite",
    "gestan-account-20200101T00000xZ.sqlite",
    "autre-gestan-account-20200101T000000Z.sqlite",
    ".gestan-account-20200101T000000Z.sqlite.x.partial",
    "gestan-account.sqlite",
    "notes.txt",
];

#[tokio::test]
async fn of_the_backups_in_a_folder_the_newest_are_kept_and_nothing_else_is_touched() {
    let home = Home::on_sqlite().migrate().await;
    let folder = TempDir::new().expect("a folder");
    let folder = folder.path();
    let old = [1, 2, 3, 4].map(|day| format!("gestan-account-2020010{day}T000000Z.sqlite"));
    let leftover = ".gestan-account-20200102T000000Z.sqlite.4711.partial".to_owned();
    for name in OTHERS.iter().map(|name| (*name).to_owned()).chain(old.clone()).chain([leftover]) {
        fs::write(folder.join(name), "x").expect("a file");
    }
    // A folder with such a name is no backup.
    let no_file = "gestan-account-20190101T000000Z.sqlite";
    fs::create_dir(folder.join(no_file)).expect("a folder");

    let ended = back_up(&home, folder, "3").await;
    assert!(ended.status.success(), "{}", ended.log);
    let mut left = names(folder);
    let mut expected: Vec<String> = OTHERS.iter().map(|name| (*name).to_owned()).collect();
    expected.extend([no_file.to_owned(), old[2].clone(), old[3].clone()]);
    let made = left.iter().position(|name| !expected.contains(name)).expect("a new one");
    let made = left.remove(made);
    expected.sort();
    assert_eq!(left, expected, "{}", ended.log);
    assert!(ended.log.contains(&old[0]) && ended.log.contains("4711"), "{}", ended.log);
    let url = format!("sqlite:{}", folder.join(&made).display());
    let db = Database::connect(url).await.expect("a database");
    assert_eq!(count(&db, "SELECT count(*) FROM account").await, 0);
}

#[tokio::test]
async fn the_new_backup_stays_even_beside_one_of_a_clock_that_was_ahead() {
    let home = Home::on_sqlite().migrate().await;
    let folder = TempDir::new().expect("a folder");
    let ahead = "gestan-account-29990101T000000Z.sqlite";
    fs::write(folder.path().join(ahead), "x").expect("a file");
    assert!(back_up(&home, folder.path(), "1").await.status.success());
    let [made] = &names(folder.path())[..] else { panic!("{:?}", names(folder.path())) };
    assert_ne!(made, ahead);
}

#[tokio::test]
async fn a_backup_that_fails_removes_none() {
    let home = Home::on_sqlite();
    fs::create_dir(home.path().join("data")).expect("a folder");
    fs::write(home.path().join("data/gestan-account.sqlite"), "no database".repeat(100))
        .expect("a file");
    let folder = TempDir::new().expect("a folder");
    let old = "gestan-account-20200101T000000Z.sqlite";
    for name in [old, "gestan-account-20200102T000000Z.sqlite"] {
        fs::write(folder.path().join(name), "x").expect("a file");
    }
    let ended = back_up(&home, folder.path(), "1").await;
    assert_eq!(ended.status.code(), Some(1));
    assert_eq!(names(folder.path()).len(), 2, "{}", ended.log);

    let absent = folder.path().join("pas-monte");
    let ended = back_up(&home, &absent, "1").await;
    assert_eq!(ended.status.code(), Some(1));
    assert!(ended.log.contains("there is no folder"), "{}", ended.log);
    assert!(!absent.exists(), "it may be a disk that is not mounted");
    for wrong in
        [&["--keep", "1"][..], &["--to", "a", "--into", "b"], &["--into", "b", "--keep", "0"]]
    {
        let ended = run_to_end(home.command().arg("backup").args(wrong)).await;
        assert_eq!(ended.status.code(), Some(2), "{wrong:?}: {}", ended.log);
    }
}

/// The lines of the operator's guide that run `backup` by themselves, as a shell gets them.
fn scheduled() -> Vec<String> {
    let guide = fs::read_to_string(workspace().join("docs/OPERATIONS.md")).expect("the guide");
    let lines = guide.lines().filter(|line| line.contains("gestan-account-server --config"));
    let lines = lines.filter(|line| line.contains(" backup --into "));
    // Behind `ExecStart=` of a service, or the time and the user of a line of cron.
    let commands = lines.map(|line| line[line.find("/usr/").expect("a program")..].to_owned());
    commands.collect()
}

#[tokio::test]
async fn the_lines_of_the_guide_make_backups_each_night() {
    let home = Home::on_sqlite();
    let server = ServerProcess::start(&home, &[]).await;
    let folder = TempDir::new().expect("a folder");
    let settings = home.path().join("reglages.toml");
    fs::write(&settings, format!("database_url = \"{}\"\n", home.database_url())).expect("a file");
    let lines = scheduled();
    assert_eq!(lines.len(), 2, "a timer and a line of cron: {lines:?}");
    for (number, line) in lines.iter().enumerate() {
        let into = folder.path().join(number.to_string());
        fs::create_dir(&into).expect("a folder");
        let line = line
            .replace("/usr/local/bin/gestan-account-server", &server_program().to_string_lossy())
            .replace("/etc/gestan-account/settings.toml", &settings.to_string_lossy())
            .replace("/var/backups/gestan-account", &into.to_string_lossy());
        assert!(!line.contains("/var") && !line.contains("/etc"), "{line}");
        let mut shell = tokio::process::Command::new("sh");
        // Where cron and systemd start it, no database lies.
        let ended = run_to_end(shell.args(["-c", &line]).current_dir("/")).await;
        assert!(ended.status.success(), "{line}: {}", ended.log);
        assert_eq!(names(&into).len(), 1, "{line}");
    }
    server.kill().await;
}
