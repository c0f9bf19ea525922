//! Commands that are started where the server's database is not.

use std::fs;

use gestan_account_tests::process::{Home, run_to_end};

/// Every command that looks into a database that somebody else has made.
const COMMANDS: &[&[&str]] = &[
    &["support-key", "create", "Alice"],
    &["support-key", "list"],
    &["support-key", "revoke", "1"],
    &["support-key", "forget", "1"],
    &["backup", "--to", "copie.sqlite"],
    &["outbox", "list"],
    &["outbox", "retry", "--state", "failed"],
    &["outbox", "refused"],
    &["webhook", "list"],
    &["webhook", "retry", "--state", "expired"],
    &["account", "show", "1"],
    &["account", "unlink", "--all", "--reason", "fuite"],
    &["account", "end-password", "--all", "--reason", "fuite"],
    &["account", "export", "1"],
    &["account", "list", "--unseen-since", "3y"],
    &["audit", "list"],
    &["purge"],
    &["compact"],
    &["check-ledger"],
];

#[tokio::test]
async fn a_command_in_a_folder_without_a_database_says_where_it_looked_and_makes_none() {
    let home = Home::on_sqlite();
    let looked_at = home.path().join("data/gestan-account.sqlite");
    for arguments in COMMANDS {
        let ended = run_to_end(home.command().args(*arguments)).await;
        assert_eq!(ended.status.code(), Some(1), "{arguments:?}: {}", ended.log);
        for part in [looked_at.to_str().expect("UTF-8"), "--database-url", "--config", "`migrate`"]
        {
            assert!(ended.log.contains(part), "{arguments:?}: {part} is not in {}", ended.log);
        }
        assert_eq!(ended.printed, "", "{arguments:?}");
        let left = home.path().read_dir().expect("the folder").count();
        assert_eq!(left, 0, "{arguments:?}: something was made");
    }
}

#[tokio::test]
async fn a_command_on_a_database_without_this_programs_tables_makes_none() {
    let home = Home::new();
    if let Some(file) = home.database_url().strip_prefix("sqlite:") {
        fs::create_dir(home.path().join("data")).expect("a folder");
        fs::write(file, "").expect("a file");
    }
    for arguments in COMMANDS.iter().filter(|arguments| arguments[0] != "backup") {
        let ended = run_to_end(home.command().args(*arguments)).await;
        assert_eq!(ended.status.code(), Some(1), "{arguments:?}: {}", ended.log);
        assert!(ended.log.contains("no table of this program"), "{arguments:?}: {}", ended.log);
        assert!(ended.log.contains("--database-url"), "{arguments:?}: {}", ended.log);
    }
    // `migrate` finds an empty one, and makes what is missing.
    let made = run_to_end(home.command().arg("migrate")).await;
    assert!(made.status.success(), "{}", made.log);
    let listed = run_to_end(home.command().args(["support-key", "list"])).await;
    assert!(listed.status.success() && listed.printed.is_empty(), "{}", listed.log);
}

#[tokio::test]
async fn a_password_of_a_wrong_database_is_not_told() {
    let home = Home::on_sqlite();
    let url = "postgres://compte:s3cr3t@127.0.0.1:1/compte";
    let mut command = home.command();
    let ended = run_to_end(command.args(["support-key", "list", "--database-url", url])).await;
    assert_eq!(ended.status.code(), Some(1), "{}", ended.log);
    assert!(!ended.log.contains("s3cr3t"), "{}", ended.log);
}
