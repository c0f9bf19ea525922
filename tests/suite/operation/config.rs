//! Settings that stand in files, and the command that tells what is in force.

use std::fs;

use gestan_account_tests::process::{Ended, Home, run_to_end};

/// What `config check` prints, with these variables.
async fn check(home: &Home, variables: &[(&str, &str)], arguments: &[&str]) -> Ended {
    let mut command = home.command();
    command.env_remove("GESTAN_ACCOUNT_DATABASE_URL").envs(variables.iter().copied());
    run_to_end(command.args(["config", "check"]).args(arguments)).await
}

fn write(home: &Home, name: &str, text: &str) -> String {
    let path = home.path().join(name);
    fs::write(&path, text).expect("a file");
    path.to_str().expect("a path").to_owned()
}

fn assert_line(ended: &Ended, line: &str) {
    assert!(ended.printed.lines().any(|printed| printed == line), "{line}:\n{}", ended.printed);
}

#[tokio::test]
async fn a_flag_counts_before_a_variable_before_the_file_before_the_default() {
    let home = Home::new();
    let text = "call_burst = 7\ncalls_per_second = 8\nmails_in_all = \"9/1h\"\nno_migrate = true\n\
                trusted_proxies = [\"10.0.0.1\", \"10.0.1.0/24\"]\nlog = \"warn\"\n";
    let file = write(&home, "compte.toml", text);
    let variables = [
        ("GESTAN_ACCOUNT_CONFIG", &*file),
        ("GESTAN_ACCOUNT_CALL_BURST", "70"),
        ("GESTAN_ACCOUNT_CALLS_PER_SECOND", "80"),
        // As good as none.
        ("GESTAN_ACCOUNT_MAILS_IN_ALL", ""),
    ];
    let ended = check(&home, &variables, &["--call-burst", "700"]).await;
    assert!(ended.status.success(), "{}", ended.log);
    assert_line(&ended, "call_burst = 700  # flag --call-burst");
    assert_line(&ended, "calls_per_second = 80  # variable GESTAN_ACCOUNT_CALLS_PER_SECOND");
    assert_line(&ended, &format!("mails_in_all = \"9/1h\"  # file {file}"));
    assert_line(&ended, &format!("no_migrate = true  # file {file}"));
    assert_line(&ended, &format!("trusted_proxies = \"10.0.0.1,10.0.1.0/24\"  # file {file}"));
    assert_line(&ended, &format!("log = \"warn\"  # file {file}"));
    assert_line(&ended, "code_lifetime = \"24h\"  # default");
    assert_line(&ended, "# mail_company is not set");
    // The flag names the file as well, before or behind the command.
    let ended = run_to_end(home.command().args(["--config", &file, "config", "check"])).await;
    assert_line(&ended, &format!("call_burst = 7  # file {file}"));
}

#[tokio::test]
async fn what_config_check_prints_is_a_file_of_settings() {
    let home = Home::new();
    let first = check(&home, &[("GESTAN_ACCOUNT_CALL_BURST", "70")], &[]).await;
    let file = write(&home, "compte.toml", &first.printed);
    let again = check(&home, &[], &["--config", &file]).await;
    assert!(again.status.success(), "{}", again.log);
    assert_line(&again, &format!("call_burst = 70  # file {file}"));
}

#[tokio::test]
async fn a_secret_may_stand_in_a_file_of_its_own_and_is_never_shown() {
    let home = Home::new();
    let secret = write(&home, "url", "smtps://compte:tres%20secret@relais.exemple?ca=ca.pem\n");
    let file = write(&home, "compte.toml", &format!("mail_url_file = \"{secret}\"\n"));
    let shown = format!("mail_url = \"smtps://compte:…@relais.exemple?…\"  # file {secret}");
    for (variable, value) in
        [("GESTAN_ACCOUNT_MAIL_URL_FILE", &secret), ("GESTAN_ACCOUNT_CONFIG", &file)]
    {
        let ended = check(&home, &[(variable, value)], &[]).await;
        assert_line(&ended, &shown);
        assert!(!format!("{}{}", ended.printed, ended.log).contains("tres"), "{}", ended.printed);
    }
    // It is the value that counts.
    let database = home.path().join("ici.sqlite");
    let url = write(&home, "database", &format!("sqlite:{}\n", database.display()));
    let mut command = home.command();
    command.env_remove("GESTAN_ACCOUNT_DATABASE_URL");
    command.env("GESTAN_ACCOUNT_DATABASE_URL_FILE", url).arg("migrate");
    let ended = run_to_end(&mut command).await;
    assert!(ended.status.success() && database.exists(), "{}", ended.log);
}

#[tokio::test]
async fn no_password_of_a_url_is_shown_whatever_is_in_it() {
    let home = Home::new();
    for (url, shown) in [
        ("smtps://anna:secret@relay.example", "smtps://anna:…@relay.example"),
        ("smtps://anna:sec@ret@relay.example?ca=x", "smtps://anna:…@relay.example?…"),
        ("smtps://anna:sec?ret@relay.example", "smtps://anna:…"),
        ("smtps://anna:sec?ret@relay.example?ca=x", "smtps://anna:…"),
        ("smtps://relay.example:465?password=sec@ret", "smtps://relay.example:…"),
        ("smtps://anna@relay.example?password=sec@ret", "smtps://anna@relay.example?…"),
        ("smtps://relay.example:465?password=secret", "smtps://relay.example:465?…"),
        ("smtps://relay.example?password=sec:ret@x", "smtps://relay.example?…"),
        ("file:data/mail", "file:data/mail"),
    ] {
        let ended = check(&home, &[("GESTAN_ACCOUNT_MAIL_URL", url)], &[]).await;
        let shown = format!("mail_url = \"{shown}\"  # variable GESTAN_ACCOUNT_MAIL_URL");
        assert_line(&ended, &shown);
    }
}

#[tokio::test]
async fn a_file_that_says_what_nothing_reads_is_refused() {
    let home = Home::new();
    let missing = home.path().join("nulle-part").to_str().expect("a path").to_owned();
    for (text, why) in [
        ("mail_form = \"a@b.fr\"\nlistn = \"127.0.0.1:0\"\n", "did you mean `mail_from`?"),
        ("mail_form = \"a@b.fr\"\nlistn = \"127.0.0.1:0\"\n", "did you mean `listen`?"),
        ("xyzzy = 1\n", "`xyzzy` is no setting; `--help` tells them all"),
        ("config = \"autre.toml\"\n", "`config` is no setting"),
        ("call_burst = 1.5\n", "`call_burst` must be a text, a whole number"),
        ("[mail]\nfrom = \"a@b.fr\"\n", "`mail` is no setting"),
        (
            "no_migrate = \"peut-être\"\n",
            "`no_migrate` in the file of settings must be true or false",
        ),
        ("call_burst = \"beaucoup\"\n", "'--call-burst <COUNT>'"),
        ("listen = \"127.0.0.1:0\"\nlisten = \"127.0.0.1:1\"\n", "line 2: duplicate key"),
        ("mail_url = \"smtp://u:secret@h\n", "line 1: "),
        (
            "mail_url = \"file:a\"\nmail_url_file = \"b\"\n",
            "mail_url and mail_url_file are both set",
        ),
        ("mail_url_file = \"nulle-part\"\n", "the file of `mail_url`, nulle-part: No such file"),
        ("tls_certificate = \"a.pem\"\n", "--tls-key <FILE>"),
    ] {
        let file = write(&home, "compte.toml", text);
        let ended = check(&home, &[("GESTAN_ACCOUNT_CONFIG", &file)], &[]).await;
        assert_eq!(ended.status.code(), Some(2), "{text}: {}", ended.log);
        assert!(ended.log.contains(why), "{text}: {}", ended.log);
        assert!(!ended.log.contains("secret"), "{text}: {}", ended.log);
    }
    let ended = check(&home, &[("GESTAN_ACCOUNT_CONFIG", &missing)], &[]).await;
    assert!(ended.log.contains(&missing), "{}", ended.log);
    let both = [("GESTAN_ACCOUNT_MAIL_URL", "file:a"), ("GESTAN_ACCOUNT_MAIL_URL_FILE", "b")];
    let ended = check(&home, &both, &[]).await;
    assert!(ended.log.contains("are both set"), "{}", ended.log);
    let help = run_to_end(home.command().args(["serve", "--help", "--config", &missing])).await;
    assert!(help.status.success(), "{}", help.log);
}

#[tokio::test]
async fn config_check_tells_what_serve_could_not_start_with() {
    let home = Home::new();
    let ended = check(&home, &[("GESTAN_ACCOUNT_MAIL_FROM", "personne")], &[]).await;
    assert!(!ended.status.success());
    assert_line(&ended, "mail_from = \"personne\"  # variable GESTAN_ACCOUNT_MAIL_FROM");
    let missing = ["--tls-certificate", "nulle.pem", "--tls-key", "part.pem"];
    let ended = check(&home, &[], &missing).await;
    assert!(!ended.status.success() && ended.log.contains("nulle.pem"), "{}", ended.log);
    for (flags, words) in [
        (&["--hash-memory-kib", "1"][..], "hash parameters"),
        (&["--pepper-file", "nulle.txt"], "nulle.txt"),
        (
            &["--mail-url", "smtp://compte:s3cr3t@relais.fr", "--mail-from", "compte@gestan.fr"],
            "MAIL_URL",
        ),
        (&["--mail-url", "smtps://relais.exemple"], "settings of a trial"),
        (&["--webhook-url", "https://crm.exemple/e"], "WEBHOOK_SECRET"),
        (&["--traces-url", "http://collecteur/v1/traces"], "TRACES_URL"),
        (&["--database-url", "oracle:comptes"], "DATABASE_URL"),
    ] {
        let variables = [("GESTAN_ACCOUNT_ALLOW_TRIAL_SETTINGS", "false")];
        let ended = check(&home, &variables, flags).await;
        assert_eq!(ended.status.code(), Some(1), "{flags:?}");
        assert!(ended.log.contains(words), "{flags:?}: {}", ended.log);
        assert!(!ended.log.contains("s3cr3t"), "{}", ended.log);
    }
    assert_eq!(home.path().read_dir().expect("the folder").count(), 0, "nothing was made");
}
