//! Settings that are given without a value: by a variable, as `${X:-}` in a compose file
//! does where nothing was set, and by a flag, as nobody means it.

use gestan_account_client::ClientOptions;
use gestan_account_server::cli;
use gestan_account_tests::{
    creation,
    process::{Home, ServerProcess, mail_files, run_to_end, server_command},
};
use tokio::process::Command;

/// The program with every variable that there is, and a value in none of them.
fn with_empty_variables(home: &Home) -> Command {
    let mut command = server_command(home.path());
    for setting in cli::program().get_arguments() {
        if let Some(variable) = setting.get_env() {
            command.env(variable, "");
        }
    }
    command
}

#[tokio::test]
async fn an_empty_variable_is_as_good_as_none() {
    let home = Home::on_sqlite();
    let mut command = with_empty_variables(&home);
    // Only the port differs: the usual one may be in use on this machine.
    command.args(["--listen", "127.0.0.1:0"]);
    let server = ServerProcess::spawn(command, &home.mail_folder()).await;
    let client = server.connect(ClientOptions::new()).await;
    let created = client.create(creation(1)).await.expect("Create is answered");
    let seconds = |time: Option<gestan_account_client::Timestamp>| time.expect("a time").seconds;
    let lifetime = seconds(created.code_expire_time) - seconds(created.resend_time);
    assert_eq!(lifetime, 24 * 3600 - 60, "the usual lifetimes");
    server.code_to("client1@exemple.fr").await;
    let mails = mail_files(&home.mail_folder());
    assert!(mails[0].message_id.ends_with("@gestan.invalid>"), "the usual sender");
    assert!(home.path().join("data/gestan-account.sqlite").is_file(), "the usual database");
    let log = server.log();
    assert!(log.contains("INFO") && !log.contains('{'), "the usual log: {log}");

    for arguments in [&["migrate"][..], &["support-key", "list"], &["backup", "--to", "b.sqlite"]] {
        let ended = run_to_end(with_empty_variables(&home).args(arguments)).await;
        assert!(ended.status.success(), "{arguments:?}: {}", ended.log);
    }
}

#[tokio::test]
async fn the_help_names_the_variables_that_are_empty_too() {
    let home = Home::on_sqlite();
    let help = run_to_end(with_empty_variables(&home).arg("--help")).await.printed;
    for setting in cli::program().get_arguments() {
        if let Some(variable) = setting.get_env() {
            let variable = variable.to_string_lossy();
            assert!(help.contains(&*variable), "{variable} is not in the help");
        }
    }
}

#[tokio::test]
async fn an_empty_flag_is_refused_by_its_name() {
    let home = Home::on_sqlite();
    let program = cli::program();
    let settings = program.get_arguments().filter(|setting| setting.get_env().is_some());
    let flags = settings.filter(|setting| setting.get_action().takes_values());
    let flags = flags.map(|flag| format!("--{}", flag.get_long().expect("a name")));
    let mut cases: Vec<_> = flags.map(|flag| (vec!["serve"], flag)).collect();
    assert!(cases.len() > 30, "{} flags", cases.len());
    for (arguments, flag) in [
        (vec!["copy", "--from", "sqlite:a"], "--to"),
        (vec!["copy", "--to", "sqlite:a"], "--from"),
        (vec!["backup"], "--to"),
        (vec!["migrate"], "--database-url"),
        (vec!["support-key", "list"], "--database-url"),
    ] {
        cases.push((arguments, flag.to_owned()));
    }
    for (arguments, flag) in cases {
        for empty in [vec![flag.clone(), String::new()], vec![format!("{flag}=")]] {
            let ended = run_to_end(home.command().args(&arguments).args(&empty)).await;
            let log = ended.log;
            assert_eq!(ended.status.code(), Some(2), "{arguments:?} {empty:?}: {log}");
            assert!(log.contains(&format!("'{flag} ")), "{arguments:?} {empty:?}: {log}");
        }
    }
    assert_eq!(home.path().read_dir().expect("the folder").count(), 0, "nothing was made");
}
