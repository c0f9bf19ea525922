//! What the program makes of its settings.

use gestan_account_client::{
    ClientOptions, LinkToken,
    v1::{self, ErrorReason},
};
use gestan_account_proto::support::v1::StartEmailChangeRequest;
use gestan_account_server::cli;
use gestan_account_tests::{
    count, creation, desk_at,
    process::{Ended, Home, ServerProcess, run_to_end, server_command},
};
use sea_orm::Database;
use tempfile::TempDir;
use tokio::{net::TcpListener, process::Command};

/// Runs the program with arguments that it must refuse.
async fn refused(folder: &TempDir, arguments: &[&str]) -> String {
    refused_by(&mut server_command(folder.path()), arguments).await
}

async fn refused_by(command: &mut Command, arguments: &[&str]) -> String {
    let Ended { status, log, .. } = run_to_end(command.args(arguments)).await;
    assert!(!status.success(), "{arguments:?} is accepted: {log}");
    let errors: Vec<&str> = log.lines().filter(|line| line.starts_with("Error:")).collect();
    assert_eq!(errors.len(), 1, "{arguments:?}: no one-line error in\n{log}");
    assert!(!log.contains("Caused by"), "{arguments:?}: more than a line:\n{log}");
    assert!(!log.contains("panicked"), "{log}");
    log
}

#[tokio::test]
async fn a_port_in_use_is_told() {
    let folder = TempDir::new().expect("a folder");
    let taken = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = taken.local_addr().expect("an address").to_string();
    let log = refused(&folder, &["--listen", &address]).await;
    assert!(log.contains(&address) && log.contains("in use"), "{log}");
}

#[tokio::test]
async fn a_folder_that_cannot_be_made_is_told() {
    let folder = TempDir::new().expect("a folder");
    // A file is in its way: that stops even root.
    std::fs::write(folder.path().join("data"), "").expect("a file");
    let arguments = ["--listen", "127.0.0.1:0", "--mail-url", "file:mail"];
    let log = refused(&folder, &arguments).await;
    assert!(log.contains("data"), "{log}");
    let arguments = ["--listen", "127.0.0.1:0", "--database-url", "sqlite:a.sqlite"];
    let log = refused(&folder, &arguments).await;
    assert!(log.contains("data/mail"), "{log}");
}

#[tokio::test]
async fn unusable_settings_are_told_without_their_passwords() {
    let folder = TempDir::new().expect("a folder");
    for (arguments, word) in [
        (["--mail-url", "smtp://relais:secretdurelais@127.0.0.1"], "clear"),
        (["--mail-url", "ftp://relais:secretdurelais@127.0.0.1"], "file:"),
        (["--mail-url", "smtps://relais:secretdurelais@127.0.0.1:x"], "port"),
        (["--mail-from", "nobody"], "sender"),
        (["--mail-from", "é@exemple.fr"], "ASCII"),
        (["--mail-from", "a@exemple.fr\nb@exemple.fr"], "MAIL_FROM"),
        (["--mail-url", "smtps://relais:secretdurelais@127.0.0.1\nx"], "MAIL_URL"),
        (["--database-url", "postgres://u:secretdurelais@127.0.0.1\nx"], "DATABASE_URL"),
        (["--mail-company", "Gestan\r\nBcc: x@exemple.fr"], "company"),
        (["--mail-address", "1 rue\nHaute"], "postal address"),
        (["--mail-legal-line", &*"x".repeat(301)], "300"),
        (["--mail-reply-to", "nobody"], "reply-to"),
        (["--support-phone", "appelez le 08"], "digits"),
        (["--support-email", "assistance@gestan"], "support address"),
        (["--database-url", "postgres://u:secretdurelais@127.0.0.1:1/n"], "database"),
        (["--database-url", "mysql://u:secretdurelais@127.0.0.1/n"], "database"),
        (["--database-url", "postgres://u:secretdurelais@127.0.0.1:x/n"], "database"),
        (["--hash-memory-kib", "1"], "hash"),
        (["--hash-passes", "0"], "hash"),
    ] {
        let mut all = vec!["--listen", "127.0.0.1:0", "--allow-trial-settings"];
        all.extend(arguments);
        let log = refused(&folder, &all).await;
        assert!(log.contains(word), "{arguments:?}: {log}");
        assert!(!log.contains("secretdurelais"), "{arguments:?}: {log}");
    }
}

#[tokio::test]
async fn no_migrate_refuses_a_database_without_the_schema_and_migrate_makes_it() {
    let home = Home::new();
    let arguments = ["--listen", "127.0.0.1:0", "--no-migrate"];
    let log = refused_by(&mut home.command(), &arguments).await;
    assert!(log.contains("migrate"), "{log}");

    for _ in 0..2 {
        let ended = run_to_end(home.command().arg("migrate")).await;
        assert!(ended.status.success(), "{}", ended.log);
    }
    let server = ServerProcess::start(&home, &["--no-migrate"]).await;
    let client = server.connect(ClientOptions::new()).await;
    client.create(creation(1)).await.expect("Create is answered");
}

#[tokio::test]
async fn an_empty_folder_and_no_setting_are_enough() {
    let folder = TempDir::new().expect("a folder");
    let mut command = server_command(folder.path());
    // Only the port differs: the usual one may be in use on this machine.
    command.env("GESTAN_ACCOUNT_LISTEN", "127.0.0.1:0");
    let server = ServerProcess::spawn(command, &folder.path().join("data/mail")).await;
    let client = server.connect(ClientOptions::new()).await;
    client.create(creation(1)).await.expect("Create is answered");
    server.code_to("client1@exemple.fr").await;
    assert!(folder.path().join("data/gestan-account.sqlite").is_file());
}

#[tokio::test]
async fn settings_are_read_from_variables() {
    let folder = TempDir::new().expect("a folder");
    let mut command = server_command(folder.path());
    for (name, value) in [
        // As files of variables have them: with blanks and line ends behind them.
        ("LISTEN", "127.0.0.1:0 "),
        ("DATABASE_URL", "sqlite:donnees/comptes.sqlite\r\n"),
        ("MAIL_URL", "file:courrier "),
        ("MAIL_FROM", " Essai <essai@variable.example> \n"),
        ("MAIL_EHLO_NAME", "poste.exemple.fr\n"),
        ("MAIL_COMPANY", " Éditions Gestan "),
        ("MAIL_ADDRESS", "12 rue des Lilas, 69001 Lyon"),
        ("MAIL_LEGAL_LINE", "SARL au capital de 10 000 €"),
        ("MAIL_REPLY_TO", "reponse@variable.example\n"),
        ("SUPPORT_PHONE", " 01 58 90 49 77 "),
        ("SUPPORT_EMAIL", "assistance@variable.example"),
        ("HASH_MEMORY_KIB", "64"),
        ("HASH_PASSES", "1"),
        ("LOG_FORMAT", "json"),
        ("CODE_LIFETIME", "2h\n"),
    ] {
        command.env(format!("GESTAN_ACCOUNT_{name}"), value);
    }
    let mail_folder = folder.path().join("courrier");
    let server = ServerProcess::spawn(command, &mail_folder).await;
    let client = server.connect(ClientOptions::new()).await;
    let created = client.create(creation(1)).await.expect("Create is answered");
    let seconds = |time: Option<gestan_account_client::Timestamp>| time.expect("a time").seconds;
    let lifetime = seconds(created.code_expire_time) - seconds(created.resend_time);
    assert_eq!(lifetime, 2 * 3600 - 60);
    server.code_to("client1@exemple.fr").await;
    let mails = gestan_account_tests::process::mail_files(&mail_folder);
    assert!(mails[0].message_id.ends_with("@variable.example>"), "{}", mails[0].message_id);
    let json = server.log().lines().all(|line| line.starts_with('{'));
    assert!(json, "{}", server.log());
    let url = format!("sqlite:{}", folder.path().join("donnees/comptes.sqlite").display());
    let db = Database::connect(url).await.expect("the database");
    assert_eq!(count(&db, "SELECT count(*) FROM challenge").await, 1);
}

#[tokio::test]
async fn settings_of_the_support_desk_are_read_from_variables() {
    let home = Home::migrated().await;
    let made = run_to_end(home.command().args(["support-key", "create", "Luc"])).await;
    let key = LinkToken::parse(made.printed.trim()).expect("a key");
    let reasons = async |networks: &str| {
        let mut command = home.command();
        command.env("GESTAN_ACCOUNT_SUPPORT_NETWORKS", networks);
        command.env("GESTAN_ACCOUNT_SUPPORT_CALLS_PER_MINUTE", " 1\n");
        let server = ServerProcess::start_as(command, &home, &[]).await;
        let agent = server.connect(ClientOptions::new().max_attempts(1)).await;
        let agent = agent.with_link_token(&key);
        let request = v1::GetRequest { account_id: 4_000_000_000 };
        let mut reasons = Vec::new();
        for _ in 0..2 {
            let refused = agent.get(request).await.expect_err("there is no such account");
            reasons.push(refused.reason().expect("a reason"));
        }
        reasons
    };
    let [denied, unknown] = [ErrorReason::PermissionDenied, ErrorReason::InvalidCredentials];
    assert_eq!(reasons("10.1.0.0/16").await, [denied, denied]);
    let too_many = ErrorReason::TooManyCallsWithKey;
    assert_eq!(reasons("10.1.0.0/16, 127.0.0.1 \n").await, [unknown, too_many]);

    let mut create = home.command();
    create.args(["support-key", "create", "Eve", "--role", "admin"]);
    let made = run_to_end(&mut create).await;
    let mut command = home.command();
    command.env("GESTAN_ACCOUNT_SUPPORT_EMAIL_DELAY", " 90m\n");
    let server = ServerProcess::start_as(command, &home, &[]).await;
    let client = server.connect(ClientOptions::new()).await;
    let account_id = server.open_account(&client, 1).await.account_id;
    let request = StartEmailChangeRequest {
        account_id,
        email: "neuve@exemple.fr".to_owned(),
        reason: "rappel au siège".to_owned(),
        ..Default::default()
    };
    let mut desk = desk_at(server.address, Some(made.printed.trim()), None).await;
    let started = desk.start_email_change(request).await.expect("an admin may").into_inner();
    let asked = started.account.expect("an account").update_time.expect("a time");
    let sent = started.send_time.expect("a time");
    assert_eq!(sent.seconds - asked.seconds, 90 * 60);
}

#[test]
fn what_surrounds_a_setting_is_passed_over_and_a_line_break_inside_is_refused_by_name() {
    let command = cli::program();
    let mut number = 0;
    for setting in command.get_arguments().filter(|setting| setting.get_env().is_some()) {
        let long = setting.get_long().expect("a name");
        let parsed =
            |value: String| cli::Cli::parse(["server".to_owned(), format!("--{long}={value}")]);
        let [default] = setting.get_default_values() else { continue };
        // These three may hold a password, or are read where their part is built.
        let is_plain = *default == *"" || *default == *"false";
        if is_plain || ["database-url", "mail-url", "mail-from"].contains(&long) {
            continue;
        }
        let default = default.to_string_lossy();
        assert!(parsed(format!(" {default}\r\n")).is_ok(), "--{long}");
        let error = parsed(format!("{default}\n{default}")).err().expect(long).to_string();
        assert!(error.contains(&format!("--{long}")), "{error}");
        number += 1;
    }
    assert!(number > 25, "{number} settings were looked at");
}

/// The help is the reference of the settings.
#[tokio::test]
async fn the_help_names_the_variable_and_the_default_of_every_setting() {
    let folder = TempDir::new().expect("a folder");
    let ended = run_to_end(server_command(folder.path()).arg("--help")).await;
    assert!(ended.status.success());
    let help = ended.printed.split_whitespace().collect::<Vec<_>>().join(" ");
    let command = cli::program();
    let settings = command.get_arguments().filter(|setting| setting.get_long().is_some());
    let mut number = 0;
    for setting in settings.filter(|setting| setting.get_id() != "help") {
        let Some(variable) = setting.get_env() else {
            // The latter has none, so that nobody inherits it.
            assert!(["version", "testing"].contains(&setting.get_id().as_str()), "{setting}");
            continue;
        };
        let long = setting.get_long().expect("a name");
        let name = format!("GESTAN_ACCOUNT_{}", long.replace('-', "_").to_uppercase());
        assert_eq!(variable.to_string_lossy(), name);
        assert!(help.contains(&format!("--{long}")), "--{long} is not in the help");
        assert!(help.contains(&format!("[env: {name}")), "{name} is not in the help");
        for default in setting.get_default_values() {
            // A switch is off by default; what has spaces stands in quotes.
            let default = default.to_string_lossy();
            let forms = [format!("[default: {default}]"), format!("[default: \"{default}\"]")];
            let is_told = default == "false" || forms.iter().any(|form| help.contains(form));
            assert!(is_told, "{default}, the default of --{long}, is not in the help");
        }
        number += 1;
    }
    assert!(number > 20, "{number} settings");
}

/// A variable may be set where somebody asks for the help.
#[tokio::test]
async fn the_help_shows_no_password_of_a_variable() {
    let folder = TempDir::new().expect("a folder");
    let mut command = server_command(folder.path());
    let program = cli::program();
    // Their help says where the password stands in them.
    let secret = program.get_arguments().filter(|argument| {
        argument
            .get_long_help()
            .or(argument.get_help())
            .is_some_and(|help| help.to_string().contains("PASSWORD"))
    });
    let secret: Vec<_> = secret.map(|argument| argument.get_env().expect("a variable")).collect();
    assert_eq!(
        secret,
        [
            "GESTAN_ACCOUNT_DATABASE_URL",
            "GESTAN_ACCOUNT_MAIL_URL",
            "GESTAN_ACCOUNT_MAIL_FALLBACK_URL"
        ]
    );
    for variable in secret {
        command.env(variable, "smtps://relais:secretdurelais@127.0.0.1");
    }
    let help = run_to_end(command.arg("--help")).await.printed;
    assert!(help.contains("GESTAN_ACCOUNT_MAIL_URL"), "{help}");
    assert!(!help.contains("secretdurelais"), "{help}");
}
