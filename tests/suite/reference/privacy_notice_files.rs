//! The files of the privacy notice: a broken one ends the start, and changes nothing while the
//! server runs.

use std::{fs, path::Path};

use gestan_account_client::{Client, ClientOptions, v1::GetPrivacyNoticeRequest};
use gestan_account_server::{
    domain::locale::Locale,
    reference::privacy_notice::{MAX_BYTES, NoticeFiles, PrivacyNotice},
};
use gestan_account_tests::{
    Log,
    process::{Home, ServerProcess, TIMEOUT, run_to_end, server_command},
};
use tempfile::TempDir;
use tokio::time::timeout;

/// What a file may hold, and a word of the refusal.
fn broken() -> Vec<(&'static str, Vec<u8>, &'static str)> {
    vec![
        ("nothing", Vec::new(), "has no text"),
        ("blanks", b" \r\n\t\n ".to_vec(), "has no text"),
        ("only what nobody sees", "\u{2800}".as_bytes().to_vec(), "has no text"),
        ("Latin-1", b"Donn\xe9es".to_vec(), "UTF-8"),
        ("UTF-16", b"\xff\xfeD\0o\0".to_vec(), "UTF-8"),
        ("a byte too many", "x".repeat(MAX_BYTES + 1).into_bytes(), "more than 16 KiB"),
        ("a terminal's colours", b"\x1b[31mRouge\x1b[0m".to_vec(), "cannot be seen"),
        ("a tabulator", b"Vos\tdonn\xc3\xa9es".to_vec(), "cannot be seen"),
        ("text that is turned round", "a\u{202e}b".as_bytes().to_vec(), "cannot be seen"),
    ]
}

fn of(path: &Path) -> NoticeFiles {
    NoticeFiles { french: Some(path.to_owned()), english: None }
}

#[test]
fn a_broken_file_is_refused_by_name_at_the_start_and_when_it_is_read_again() {
    let folder = TempDir::new().expect("a folder");
    let (good, path) = (folder.path().join("good.txt"), folder.path().join("notice.txt"));
    fs::write(&good, "Un bon texte").expect("it is written");
    for (name, contents, word) in broken() {
        fs::write(&path, &contents).expect("it is written");
        let error = PrivacyNotice::load(of(&path)).expect_err(name).to_string();
        assert!(error.contains(word) && error.contains("notice.txt"), "{name}: {error}");
        // As the English one beside a good one, too: neither is taken over.
        fs::write(&path, "A good text").expect("it is written");
        let files = NoticeFiles { french: Some(good.clone()), english: Some(path.clone()) };
        let notice = PrivacyNotice::load(files).expect("both are good");
        let before = (notice.of(Locale::Fr), notice.of(Locale::En));
        fs::write(&good, "Un autre texte").expect("it is written");
        fs::write(&path, &contents).expect("it is written");
        notice.reload().expect_err(name);
        assert_eq!((notice.of(Locale::Fr), notice.of(Locale::En)), before, "{name}");
        fs::write(&path, "A good text").expect("it is written");
        assert!(notice.reload().expect("both are good again"), "the French one is new");
        assert_eq!(&*notice.of(Locale::Fr).0, "Un autre texte");
        assert!(!notice.reload().expect("both are good"), "nothing is new");
        fs::write(&good, "Un bon texte").expect("it is written");
    }
    fs::write(&path, "x".repeat(MAX_BYTES)).expect("it is written");
    PrivacyNotice::load(of(&path)).expect("it has the longest text");
    for missing in [folder.path().join("missing.txt"), folder.path().to_owned()] {
        let error = PrivacyNotice::load(of(&missing)).expect_err("it cannot be read");
        assert!(error.to_string().contains("cannot read"), "{error}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn of_a_file_without_an_end_no_more_is_read_than_a_text_may_have() {
    let error = PrivacyNotice::load(of(Path::new("/dev/zero"))).expect_err("it has no end");
    assert!(error.to_string().contains("more than 16 KiB"), "{error}");
}

#[test]
fn what_is_shown_is_told_and_nothing_of_its_text() {
    let (log, _guard) = Log::capture();
    PrivacyNotice::default().tell_source();
    let text = log.text();
    assert_eq!(text.matches("the built-in privacy notice is shown").count(), 2, "{text}");
    assert!(text.contains("INFO") && text.contains("--privacy-notice-file"), "{text}");
    let folder = TempDir::new().expect("a folder");
    let path = folder.path().join("notice.txt");
    fs::write(&path, "Un texte à nous").expect("it is written");
    let (log, _guard) = Log::capture();
    PrivacyNotice::load(of(&path)).expect("it is good").tell_source();
    let text = log.text();
    assert!(text.contains("privacy notice read") && !text.contains("built-in"), "{text}");
    assert!(!text.contains("à nous"), "{text}");
}

#[tokio::test]
async fn a_server_does_not_start_with_a_broken_file() {
    let folder = TempDir::new().expect("a folder");
    fs::write(folder.path().join("notice.txt"), b"Donn\xe9es").expect("it is written");
    for flag in ["--privacy-notice-file", "--privacy-notice-file-en"] {
        let mut command = server_command(folder.path());
        command.args(["--listen", "127.0.0.1:0", "--allow-trial-settings", flag, "notice.txt"]);
        let ended = run_to_end(&mut command).await;
        assert!(!ended.status.success(), "{}", ended.log);
        let error = ended.log.lines().find(|line| line.starts_with("Error:"));
        let error = error.unwrap_or_else(|| panic!("no error in {}", ended.log));
        assert!(error.contains("notice.txt is not written in UTF-8"), "{error}");
    }
}

async fn shown(client: &Client) -> String {
    let request = GetPrivacyNoticeRequest::default();
    client.get_privacy_notice(request).await.expect("the notice").text
}

#[cfg(unix)]
#[tokio::test]
async fn a_server_reads_its_notice_again_on_sighup_and_passes_over_a_broken_one() {
    let home = Home::on_sqlite();
    let path = home.path().join("notice.txt");
    fs::write(&path, "Le premier texte").expect("it is written");
    let mut command = home.command();
    command.env("GESTAN_ACCOUNT_PRIVACY_NOTICE_FILE", &path);
    let server = ServerProcess::start_as(command, &home, &[]).await;
    let client = server.connect(ClientOptions::new()).await;
    assert_eq!(shown(&client).await, "Le premier texte");
    // Not before it is asked to: a text may be half written.
    fs::write(&path, "Le deuxième texte").expect("it is written");
    assert_eq!(shown(&client).await, "Le premier texte");
    server.signal("HUP").await;
    server.wait_for_log("privacy notice read again").await;
    assert_eq!(shown(&client).await, "Le deuxième texte");
    fs::remove_file(&path).expect("it is deleted");
    server.signal("HUP").await;
    server.wait_for_log("privacy notice refused").await;
    assert!(server.log().contains("cannot read the privacy notice"), "{}", server.log());
    assert_eq!(shown(&client).await, "Le deuxième texte");
    fs::write(&path, "Le troisième texte").expect("it is written");
    server.signal("HUP").await;
    // The log has said so before: what is shown tells when it has been read.
    let changes = async { while shown(&client).await != "Le troisième texte" {} };
    timeout(TIMEOUT, changes).await.expect("it is read again");
}

#[cfg(unix)]
#[tokio::test]
async fn without_files_sighup_changes_nothing() {
    let home = Home::on_sqlite();
    let server = ServerProcess::start(&home, &[]).await;
    assert!(server.log().contains("the built-in privacy notice is shown"), "{}", server.log());
    let client = server.connect(ClientOptions::new()).await;
    let before = shown(&client).await;
    server.signal("HUP").await;
    server.wait_for_log("SIGHUP").await;
    assert_eq!(shown(&client).await, before);
    assert!(!server.log().contains("privacy notice read again"), "{}", server.log());
}
