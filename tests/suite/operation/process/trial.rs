//! Settings for a trial: told at start, and refused beside what only a service has.

use gestan_account_tests::process::{Home, ServerProcess, make_ready, run_to_end, server_command};
use tokio::process::Command;

const TOLD: &str = "FOR A TRIAL ONLY, NOT FOR CUSTOMERS";
const IN_FILES: &str = "MAIL_URL: mails are put into files";
const SENDER: &str = "MAIL_FROM: the sender is at .invalid";

/// The program without a setting, not even the one that tests usually have.
fn bare(home: &Home) -> Command {
    let mut command = server_command(home.path());
    command.env("GESTAN_ACCOUNT_LISTEN", "127.0.0.1:0");
    command
}

#[tokio::test]
async fn a_trial_is_told_at_every_start() {
    let home = Home::on_sqlite();
    let server = ServerProcess::spawn(bare(&home), &home.mail_folder()).await;
    let log = server.log();
    for setting in [IN_FILES, SENDER] {
        let line = log.lines().find(|line| line.contains(setting));
        assert!(line.is_some_and(|line| line.contains("WARN") && line.contains(TOLD)), "{log}");
    }
}

#[tokio::test]
async fn what_is_set_for_customers_is_not_told() {
    let home = Home::on_sqlite();
    let mut command = server_command(home.path());
    let settings = ["--mail-url", "smtp://127.0.0.1:1", "--mail-from", "compte@gestan.example"];
    make_ready(&mut command, &settings);
    let server = ServerProcess::spawn(command, &home.mail_folder()).await;
    assert!(!server.log().contains(TOLD), "{}", server.log());
}

#[tokio::test]
async fn a_trial_setting_beside_what_a_service_has_is_refused_unless_it_is_meant() {
    let home = Home::on_sqlite();
    let postgres = ["--database-url", "postgres://u:motsecret@127.0.0.1:1/n"];
    let relay = ["--mail-url", "smtps://u:motsecret@127.0.0.1:1"];
    let sender = ["--mail-from", "compte@gestan.example"];
    let (both, no_files, no_sender) = ([IN_FILES, SENDER], [SENDER], [IN_FILES]);
    for (settings, beside, told) in [
        (&[postgres][..], "beside a PostgreSQL database: ", &both[..]),
        (&[postgres, sender], "beside a PostgreSQL database: ", &no_sender),
        (&[relay], "beside a mail server: ", &no_files),
        (&[relay, postgres], "beside a PostgreSQL database and a mail server: ", &no_files),
    ] {
        let settings = settings.concat();
        for command in [&["serve"][..], &["config", "check"]] {
            let ended = run_to_end(bare(&home).args(command).args(&settings)).await;
            assert!(!ended.status.success(), "{settings:?}: {}", ended.log);
            let error = ended.log.lines().find(|line| line.starts_with("Error:"));
            let error = error.unwrap_or_else(|| panic!("{settings:?}: {}", ended.log));
            assert!(error.contains(beside), "{settings:?}: {error}");
            for setting in both {
                assert_eq!(error.contains(setting), told.contains(&setting), "{error}");
            }
            assert!(!ended.log.contains("motsecret"), "{}", ended.log);
        }
        let meant = ["config", "check", "--allow-trial-settings"];
        let ended = run_to_end(bare(&home).args(meant).args(&settings)).await;
        assert!(ended.status.success(), "{settings:?}: {}", ended.log);
        assert_eq!(ended.log.matches(TOLD).count(), told.len(), "{}", ended.log);
    }
    assert_eq!(home.path().read_dir().expect("the folder").count(), 0, "nothing was made");
}
