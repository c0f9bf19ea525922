//! What the program says of itself when it starts: which one it is, where it keeps accounts,
//! where mails go, where it listens.

#[path = "../../../server/build/commit.rs"]
mod commit;

use std::{fs, path::Path, process::Command};

use gestan_account_client::ClientOptions;
use gestan_account_server::{listener::tls::TlsFiles, version::VERSION};
use gestan_account_tests::{
    Authority, Identity, creation, is_postgres,
    process::{Home, ServerProcess, mail_files, run_to_end},
};
use tempfile::TempDir;

/// The line of a log that has `text`.
fn line<'a>(log: &'a str, text: &str) -> &'a str {
    log.lines().find(|line| line.contains(text)).unwrap_or_else(|| panic!("no {text}: {log}"))
}

#[tokio::test]
async fn the_start_tells_version_database_mail_and_address() {
    let home = Home::new();
    let authority = Authority::new();
    authority.issue().write(home.path());
    let TlsFiles { certificate, key, .. } = Identity::files(home.path());
    let mail_url = "smtps://compte:motsecret@relais.exemple.fr";
    let arguments = [
        ["--mail-url", mail_url],
        ["--mail-from", "Gestan <compte@gestan.example>"],
        ["--tls-certificate", certificate.to_str().expect("a path")],
        ["--tls-key", key.to_str().expect("a path")],
    ];
    let server = ServerProcess::start(&home, &arguments.concat()).await;
    let log = server.log();
    assert!(line(&log, " starting ").contains(VERSION), "{log}");
    let database = line(&log, " database opened ");
    assert!(database.contains("schema=\"m20"), "{database}");
    if is_postgres() {
        assert!(database.contains("engine=\"PostgreSQL 1"), "{database}");
        let url = home.database_url();
        let (_, name) = url.rsplit_once('/').expect("a name");
        let name = name.split('?').next().expect("a name");
        assert!(database.contains(name), "{database}");
    } else {
        assert!(database.contains("engine=\"SQLite 3."), "{database}");
        assert!(database.contains("/data/gestan-account.sqlite\""), "{database}");
    }
    let mail = line(&log, " mail configured ");
    assert!(mail.contains("to=\"smtps://relais.exemple.fr:465\""), "{mail}");
    assert!(mail.contains("sender=\"Gestan <compte@gestan.example>\""), "{mail}");
    let listening = line(&log, " listening ");
    assert!(listening.contains("tls=true tls_until=4096-01-01"), "{listening}");
    assert!(!log.contains("motsecret"), "{log}");
}

#[tokio::test]
async fn the_file_of_each_mail_is_told() {
    let home = Home::new();
    let server = ServerProcess::start(&home, &[]).await;
    let folder = home.mail_folder();
    let mail = line(&server.log(), " mail configured ").to_owned();
    assert!(mail.contains(&format!("to=\"file:{}\"", folder.display())), "{mail}");
    server.connect(ClientOptions::new()).await.create(creation(1)).await.expect("Create");
    server.wait_for_log("mail sent").await;
    let log = server.log();
    let (_, path) = line(&log, "mail sent").split_once("file=").expect("a file");
    let path = Path::new(path);
    assert!(path.starts_with(&folder) && path.is_file(), "{}", path.display());
    assert_eq!(mail_files(&folder).len(), 1);
}

#[tokio::test]
async fn the_version_says_what_the_program_is_built_from() {
    let home = Home::on_sqlite();
    for flag in ["--version", "-V"] {
        let printed = run_to_end(home.command().arg(flag)).await.printed;
        assert_eq!(printed.trim(), format!("gestan-account-server {VERSION}"));
    }
    assert!(VERSION.starts_with(concat!(env!("CARGO_PKG_VERSION"), " (")), "{VERSION}");
}

/// Runs git in `folder`; gives what it prints.
fn git(folder: &Path, arguments: &[&str]) -> String {
    let who = ["-c", "user.name=Test", "-c", "user.email=test@exemple.fr"];
    let git = Command::new("git").arg("-C").arg(folder).args(who).args(arguments).output();
    let output = git.expect("git runs");
    assert!(output.status.success(), "{arguments:?}: {output:?}");
    String::from_utf8(output.stdout).expect("a text").trim().to_owned()
}

#[test]
fn the_commit_is_found_with_git_in_an_archive_and_with_neither() {
    const SOURCES: [&str; 1] = ["source"];
    const NOT_ARCHIVED: &str = "$Format:%H$\n";
    let parent = TempDir::new().expect("a folder");
    let folder = parent.path();
    assert_eq!(commit::find(folder, None, NOT_ARCHIVED, &SOURCES), None, "no repository");
    assert!(commit::files_of_git(folder).is_empty());

    git(folder, &["init", "-q", "-b", "main"]);
    fs::write(folder.join("source"), "1").expect("a file");
    fs::write(folder.join("commit.txt"), NOT_ARCHIVED).expect("a file");
    fs::write(folder.join(".gitattributes"), "commit.txt export-subst\n").expect("a file");
    git(folder, &["add", "."]);
    git(folder, &["commit", "-qm", "1"]);
    let head = git(folder, &["rev-parse", "HEAD"]);
    let short = &head[..12];
    let found = || commit::find(folder, None, NOT_ARCHIVED, &SOURCES);
    assert_eq!(found().as_deref(), Some(short));
    fs::write(folder.join("notes"), "").expect("a file");
    assert_eq!(found().as_deref(), Some(short), "a file that nothing is built from");
    fs::write(folder.join("source"), "2").expect("a file");
    assert_eq!(found(), Some(format!("{short}-dirty")));
    let given = "0123456789abcdef0123456789abcdef01234567";
    let by_packager = commit::find(folder, Some(given), NOT_ARCHIVED, &SOURCES);
    assert_eq!(by_packager.as_deref(), Some("0123456789ab"));

    // Unpacked inside of a repository, an archive is still what it was made of.
    let inside = folder.join("archive");
    fs::create_dir(&inside).expect("a folder");
    git(folder, &["archive", "-o", "archive.tar", "HEAD"]);
    let tar = Command::new("tar").args(["xf", "../archive.tar"]).current_dir(&inside).status();
    assert!(tar.expect("tar runs").success());
    let archived = fs::read_to_string(inside.join("commit.txt")).expect("a file");
    let found = commit::find(&inside, None, &archived, &SOURCES);
    assert_eq!(found.as_deref(), Some(short));

    let files = commit::files_of_git(folder);
    assert!(files.iter().any(|file| file.ends_with("refs/heads/main")), "{files:?}");
    assert!(files.iter().any(|file| file.ends_with("HEAD")), "{files:?}");
}

/// What the build of a release reads from an archive is what `git archive` writes.
#[test]
fn the_archive_of_this_repository_names_its_commit() {
    let workspace = gestan_account_tests::process::workspace();
    let file = "server/build/archived_commit.txt";
    let attribute = git(workspace, &["check-attr", "export-subst", file]);
    assert!(attribute.ends_with("export-subst: set"), "{attribute}");
    let text = fs::read_to_string(workspace.join(file)).expect("a file");
    assert_eq!(text.trim(), "$Format:%H$");
}
