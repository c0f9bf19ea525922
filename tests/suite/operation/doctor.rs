//! `doctor`: what it finds, each from a real cause, and that it changes nothing.

mod outgoing;
mod sender;

use std::{fs, path::Path};

use gestan_account_tests::{
    Authority, Identity, SmallDisk, SmtpPeer, execute, is_postgres, may_mount,
    process::{Ended, Home, run_to_end, server_program},
};
use sea_orm::Database;
use serde_json::Value;

async fn doctor(home: &Home, arguments: &[&str]) -> Ended {
    run_to_end(home.command().arg("doctor").args(arguments)).await
}

/// The problem, or the warning, that has these words.
fn found<'a>(ended: &'a Ended, verdict: &str, words: &str) -> &'a str {
    let line = ended.printed.lines().find(|line| line.contains(words));
    let line = line.unwrap_or_else(|| panic!("{words} is not in:\n{}", ended.printed));
    assert!(line.starts_with(verdict), "{line}");
    assert!(verdict.starts_with("ok") || line.contains("\t→ "), "what to do? {line}");
    assert_eq!(ended.printed.contains("PROBLEM"), !ended.status.success(), "{}", ended.printed);
    line
}

/// Writes a certificate with its authority behind it, and gives the flags that name them.
fn tls_flags(folder: &Path, identity: &Identity, authority: &Authority) -> [String; 4] {
    let (chain, key) = (folder.join("chaine.pem"), folder.join("cle.pem"));
    fs::write(&chain, format!("{}{}", identity.certificate, authority.pem())).expect("a file");
    fs::write(&key, &identity.key).expect("a file");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).expect("a file");
    }
    let [chain, key] = [chain, key].map(|path| path.display().to_string());
    ["--tls-certificate".to_owned(), chain, "--tls-key".to_owned(), key]
}

#[tokio::test]
async fn a_server_in_order_has_no_problem_and_a_test_mail_arrives() {
    let home = Home::on_sqlite().migrate().await;
    let mut peer = SmtpPeer::start(&["--tls", "--user", "compte", "--password", "s3cr3t"]).await;
    let authority = Authority::new();
    let flags = tls_flags(home.path(), &authority.issue(), &authority);
    let relay =
        format!("smtps://compte:s3cr3t@localhost:{}?ca={}", peer.port(), peer.ca().display());
    let more = ["--mail-url", &relay, "--mail-from", "compte@gestan.example"];
    let mut arguments: Vec<&str> = flags.iter().map(String::as_str).chain(more).collect();
    arguments.extend(["--send-to", "exploitant@exemple.fr"]);
    let ended = doctor(&home, &arguments).await;
    assert!(ended.status.success(), "{}{}", ended.printed, ended.log);
    for words in [
        "keeps what is written",
        "settings are durable",
        "only its owner",
        "agree about the time",
        "the relay takes mails",
        "valid until",
        "no mail has failed",
        "enough files",
        "MiB of memory",
    ] {
        found(&ended, "ok", words);
    }
    assert!(!ended.printed.contains("s3cr3t") && !ended.log.contains("s3cr3t"), "{}", ended.log);
    assert_eq!(peer.mail().await.to(), ["exploitant@exemple.fr"]);
    found(&ended, "ok", "Authentication-Results");

    arguments.push("--json");
    let json = doctor(&home, &arguments).await;
    let findings: Value = serde_json::from_str(&json.printed).expect("JSON");
    let findings = findings.as_array().expect("a list");
    assert_eq!(findings.len(), ended.printed.lines().count());
    assert!(findings.iter().all(|finding| finding["verdict"] != "problem"), "{findings:?}");
    assert!(findings.iter().any(|finding| finding["area"] == "certificates"), "{findings:?}");
}

#[tokio::test]
async fn where_there_is_no_database_that_is_told_and_none_is_made() {
    let home = Home::on_sqlite();
    let ended = doctor(&home, &[]).await;
    assert_eq!(ended.status.code(), Some(1));
    found(&ended, "PROBLEM\tdatabase", "there is no database /");
    found(&ended, "warning\tmail", "put into files");
    found(&ended, "warning\tcertificates", "no TLS");
    assert_eq!(home.path().read_dir().expect("a folder").count(), 0, "nothing is made");
}

#[cfg(unix)]
#[tokio::test]
async fn files_that_others_may_read_are_told_with_what_to_type() {
    use std::os::unix::fs::PermissionsExt as _;
    let home = Home::on_sqlite().migrate().await;
    let authority = Authority::new();
    let flags = tls_flags(home.path(), &authority.issue(), &authority);
    let peppers = home.path().join("poivre");
    fs::write(&peppers, format!("1:{}\n", "5a".repeat(32))).expect("a file");
    let database = home.path().join("data/gestan-account.sqlite");
    for path in [&database, &peppers, &home.path().join("cle.pem")] {
        fs::set_permissions(path, fs::Permissions::from_mode(0o644)).expect("it is opened up");
    }
    let peppers = peppers.display().to_string();
    let more = ["--pepper-file", peppers.as_str()];
    let arguments: Vec<&str> = flags.iter().map(String::as_str).chain(more).collect();
    let ended = doctor(&home, &arguments).await;
    let line = found(&ended, "PROBLEM\tdatabase", "gestan-account.sqlite (mode 644)");
    assert!(line.contains("chmod 600"), "{line}");
    found(&ended, "PROBLEM\tcertificates", "cle.pem (mode 644)");
    found(&ended, "PROBLEM\tsettings", "poivre (mode 644)");
}

#[tokio::test]
async fn certificates_that_have_expired_or_soon_will_or_that_nobody_trusts_are_told() {
    let home = Home::on_sqlite().migrate().await;
    let authority = Authority::new();
    for (identity, verdict, words) in [
        (authority.issue_until(-1), "PROBLEM\tcertificates", "expired on"),
        (authority.issue_until(2), "warning\tcertificates", "nothing has renewed it"),
        (authority.issue_until(60), "ok\tcertificates", "valid until"),
    ] {
        let flags = tls_flags(home.path(), &identity, &authority);
        let arguments: Vec<&str> = flags.iter().map(String::as_str).collect();
        found(&doctor(&home, &arguments).await, verdict, words);
    }
    let flags = tls_flags(home.path(), &authority.issue_until(60), &Authority::new());
    let arguments: Vec<&str> = flags.iter().map(String::as_str).collect();
    found(&doctor(&home, &arguments).await, "warning\tcertificates", "ends at no root");
}

#[tokio::test]
async fn a_relay_that_does_not_let_the_server_in_is_told_with_what_helps() {
    let home = Home::on_sqlite().migrate().await;
    let peer = SmtpPeer::start(&["--tls", "--user", "compte", "--password", "s3cr3t"]).await;
    let (port, ca) = (peer.port(), peer.ca().display().to_string());
    let nobody = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        listener.local_addr().expect("an address").port()
    };
    for (url, words, remedy) in [
        (format!("smtps://compte:faux@localhost:{port}?ca={ca}"), "535", "user and password"),
        (format!("smtps://compte:s3cr3t@localhost:{port}"), "tls: unknown authority", "?ca=FILE"),
        (
            format!("smtps://compte:s3cr3t@127.0.0.1:{port}?ca={ca}"),
            "tls: certificate for another name",
            "the name that its certificate has",
        ),
        (format!("smtp://127.0.0.1:{nobody}"), "connection", "host and port"),
        ("smtp://compte:s3cr3t@localhost".to_owned(), "MAIL_URL", "operator's guide"),
    ] {
        let arguments = ["--mail-url", url.as_str(), "--mail-from", "compte@gestan.example"];
        let ended = doctor(&home, &arguments).await;
        let line = found(&ended, "PROBLEM\tmail", words);
        assert!(line.contains(remedy), "{line}");
        assert!(!ended.printed.contains("s3cr3t"), "{}", ended.printed);
    }
    let url = format!("smtps://compte:s3cr3t@localhost:{port}?ca={ca}");
    found(&doctor(&home, &["--mail-url", &url]).await, "PROBLEM\tmail", "gestan.invalid");
}

#[tokio::test]
async fn a_full_disk_is_told() {
    let name = "operation::doctor::a_full_disk_is_told";
    if is_postgres() || !may_mount(name) {
        return;
    }
    let disk = SmallDisk::new(8);
    let home = Home::with_database(disk.sqlite_url()).migrate().await;
    disk.fill();
    let ended = doctor(&home, &[]).await;
    found(&ended, "PROBLEM\tdatabase", "0 MiB are free");
    let cannot = ended.printed.lines().filter(|line| line.starts_with("PROBLEM\tdatabase")).count();
    assert!(cannot >= 2, "nor does it keep what is written: {}", ended.printed);
}

#[tokio::test]
async fn a_database_that_loses_what_was_acknowledged_and_a_clock_that_differs_are_told() {
    let home = Home::migrated().await;
    let db = Database::connect(home.database_url()).await.expect("a database");
    let beat = "UPDATE heartbeat SET time = time + 3600000";
    // The first look leaves a heartbeat.
    doctor(&home, &[]).await;
    execute(&db, beat).await;
    execute(&db, "DELETE FROM heartbeat WHERE time < 1000").await;
    let ended = doctor(&home, &[]).await;
    found(&ended, "PROBLEM\tclock", "yet to come by this clock");
    if is_postgres() {
        // As the tests' own clusters are, for speed.
        found(&ended, "PROBLEM\tdatabase", "fsync = off");
    } else {
        found(&ended, "ok\tdatabase", "settings are durable");
    }
}

#[tokio::test]
async fn limits_that_are_too_low_and_mails_that_are_stuck_are_told() {
    let home = Home::on_sqlite().migrate().await;
    let greedy = ["--hash-memory-kib", "4000000", "--hash-threads", "1000"];
    found(&doctor(&home, &greedy).await, "PROBLEM\tlimits", "hashes take");
    let program = server_program();
    let line = format!("ulimit -n 64 && exec {} doctor", program.display());
    let mut shell = tokio::process::Command::new("sh");
    let ended = run_to_end(shell.args(["-c", &line]).current_dir(home.path())).await;
    found(&ended, "PROBLEM\tlimits", "64 files may be open");

    let db = Database::connect(home.database_url()).await.expect("a database");
    let mail = "INSERT INTO outbox_mail (id, letter, locale, state, attempts, uncertain_attempts, \
                next_attempt_time, lease_expire_time, create_time, expire_time) VALUES \
                (x'018f2e615a3c7c1e9d7e0a6d0b8f4f11', '{}', 'fr', 'failed', 1, 0, 0, 0, 0, 0)";
    execute(&db, mail).await;
    let ended = doctor(&home, &[]).await;
    assert!(ended.status.success(), "a warning is none: {}", ended.printed);
    let line = found(&ended, "warning\tmail", "1 failed");
    assert!(line.contains("outbox list --state failed"), "{line}");
    let ended = doctor(&home, &["--send-to", "personne"]).await;
    assert!(ended.log.contains("--send-to"), "{}", ended.log);
    found(
        &doctor(&home, &["--hash-memory-kib", "1"]).await,
        "PROBLEM\tsettings",
        "hash parameters",
    );
}
