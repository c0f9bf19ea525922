//! The commands that an operator types.

use std::collections::BTreeSet;

use gestan_account_client::{ClientOptions, LinkToken, v1};
use gestan_account_tests::process::{Ended, Home, ServerProcess, run_to_end};
use jiff::Timestamp;

async fn run(home: &Home, arguments: &[&str]) -> Ended {
    run_to_end(home.command().args(arguments)).await
}

/// Why `Get` of an account that does not exist is refused: a live key may ask,
/// and the request is at fault when it names none.
async fn reason(server: &ServerProcess, key: &str) -> Option<v1::ErrorReason> {
    let key = LinkToken::parse(key).expect("a key");
    let client = server.connect(ClientOptions::new()).await.with_link_token(&key);
    client.get(v1::GetRequest::default()).await.expect_err("there is no account").reason()
}

#[tokio::test]
async fn a_support_key_lives_from_create_to_revoke() {
    let home = Home::new();
    // The command works on a database that a server is using.
    let server = ServerProcess::start(&home, &[]).await;
    let created = run(&home, &["support-key", "create", "Hotline Lille"]).await;
    assert!(created.status.success(), "{}", created.log);
    let key = created.printed.trim();
    assert_eq!(created.printed.lines().count(), 1, "only the key is printed");
    assert!(!created.log.contains(key), "the key is in the log");
    assert_eq!(reason(&server, key).await, Some(v1::ErrorReason::InvalidRequest));

    let listed = run(&home, &["support-key", "list"]).await;
    assert!(listed.printed.contains("Hotline Lille"), "{}", listed.printed);
    assert!(listed.printed.trim_end().ends_with("alive"), "{}", listed.printed);
    assert!(!listed.printed.contains(key), "a key is shown once");
    let id = listed.printed.split('\t').next().expect("a number").to_owned();

    let revoked = run(&home, &["support-key", "revoke", &id]).await;
    assert!(revoked.status.success(), "{}", revoked.log);
    assert_eq!(reason(&server, key).await, Some(v1::ErrorReason::InvalidCredentials));
    let listed = run(&home, &["support-key", "list"]).await;
    assert!(listed.printed.trim_end().ends_with("revoked"), "{}", listed.printed);
    let again = run(&home, &["support-key", "revoke", &id]).await;
    assert!(!again.status.success());
    assert!(again.log.contains("no support key"), "{}", again.log);
}

/// The fields of each key in the list.
async fn listed(home: &Home) -> Vec<Vec<String>> {
    let ended = run(home, &["support-key", "list"]).await;
    assert!(ended.status.success(), "{}", ended.log);
    let fields = |line: &str| line.split('\t').map(str::to_owned).collect();
    ended.printed.lines().map(fields).collect()
}

#[tokio::test]
async fn a_support_key_has_the_role_and_the_end_that_it_was_made_with() {
    let home = Home::migrated().await;
    let create = |more: &'static [&'static str]| [&["support-key", "create"][..], more].concat();
    let endless = run(&home, &create(&["Alice"])).await;
    assert!(endless.log.contains("no end"), "{}", endless.log);
    let key = run(&home, &create(&["Bruno", "--role", "agent", "--expires", "2999-03-31"])).await;
    assert!(key.status.success() && !key.log.contains("no end"), "{}", key.log);
    let days = run(&home, &create(&["Chloé", "--role=admin", "--expires", "90d"])).await;
    assert!(days.status.success(), "{}", days.log);

    let keys = listed(&home).await;
    let [alice, bruno, chloe] = keys.as_slice() else { panic!("{keys:?}") };
    let hint = key.printed.strip_prefix("gestan_support_").expect("a key").get(..4).expect("four");
    assert_eq!([&bruno[1], &bruno[2], &bruno[3]], [hint, "Bruno", "agent"]);
    // The day is over at midnight in Paris, where summer has begun.
    assert_eq!(bruno[5], "2999-03-31T22:00:00Z");
    assert_eq!(alice[3..], ["reader", &alice[4], "-", "-", "alive"]);
    assert_eq!(chloe[3], "admin");
    let (made, ends): (Timestamp, Timestamp) =
        (chloe[4].parse().expect("a time"), chloe[5].parse().expect("a time"));
    // An hour more or less where a change of the clocks lies between.
    let days = ends.duration_since(made).as_secs_f64() / 86_400.0;
    assert!((89.9..=90.1).contains(&days), "{days}");
}

#[tokio::test]
async fn a_support_key_is_refused_whose_role_or_end_means_nothing() {
    let home = Home::migrated().await;
    for (arguments, word) in [
        (["--role", "chef"], "agent"),
        (["--role", ""], "--role"),
        (["--expires", "2020-01-01"], "past"),
        (["--expires=-90d", "--role=agent"], "past"),
        (["--expires", "0s"], "past"),
        (["--expires", "bientôt"], "90d"),
        (["--expires", "9999-12-31"], "calendar"),
        (["--expires", "19998y"], "calendar"),
    ] {
        let ended =
            run(&home, &[&["support-key", "create", "Alice"][..], &arguments].concat()).await;
        assert!(!ended.status.success(), "{arguments:?} is accepted");
        assert!(ended.log.contains(word), "{arguments:?}: {}", ended.log);
        assert_eq!(ended.printed, "", "{arguments:?}");
    }
    assert_eq!(listed(&home).await, [[""; 0]; 0]);
}

#[tokio::test]
async fn the_name_of_a_key_is_forgotten_once_the_key_is_revoked() {
    let home = Home::migrated().await;
    assert!(run(&home, &["support-key", "create", "Hélène"]).await.status.success());
    let alive = run(&home, &["support-key", "forget", "1"]).await;
    assert!(!alive.status.success());
    assert!(alive.log.contains("support-key revoke 1"), "{}", alive.log);
    assert_eq!(listed(&home).await[0][2], "Hélène");
    assert!(run(&home, &["support-key", "revoke", "1"]).await.status.success());
    assert!(run(&home, &["support-key", "forget", "1"]).await.status.success());
    let keys = listed(&home).await;
    assert_eq!((&*keys[0][2], &*keys[0][7]), ("agent 1", "revoked"), "the row stays");
    assert!(!run(&home, &["support-key", "forget", "2"]).await.status.success());
}

#[tokio::test]
async fn a_support_key_needs_a_name() {
    let home = Home::migrated().await;
    for name in ["", "  ", "a\tb", &"x".repeat(101)] {
        let ended = run(&home, &["support-key", "create", name]).await;
        assert!(!ended.status.success(), "{name:?} is accepted");
        assert_eq!(ended.printed, "");
    }
}

#[tokio::test]
async fn a_setting_that_cannot_be_parsed_is_refused_by_its_name() {
    let home = Home::new();
    for (flag, value) in [
        ("--listen", "nowhere"),
        ("--code-lifetime", "0s"),
        ("--mail-lease", "-1s"),
        ("--support-email-delay", "-1s"),
        ("--support-email-delay", "73h"),
        ("--time-zone", "Europe/Atlantis"),
        ("--compact-at", "24:00"),
        ("--compact-at", "never"),
        ("--mail-ehlo-name", "a b"),
        ("--database-connections", "0"),
        ("--hash-threads", "0"),
        ("--log-format", "xml"),
    ] {
        // With "=", so that "-1s" is not taken for another flag.
        let ended = run(&home, &[&format!("{flag}={value}")]).await;
        assert_eq!(ended.status.code(), Some(2), "{flag} {value}: {}", ended.log);
        assert!(ended.log.contains(flag), "{flag} {value}: {}", ended.log);
    }
    assert!(!home.path().join("data").exists(), "nothing was made");
}

/// The options that a help tells, but for those of every command.
fn options(help: &str) -> BTreeSet<&str> {
    let words = help.lines().filter_map(|line| line.split_whitespace().next());
    let all = words.filter(|word| word.starts_with("--"));
    all.filter(|word| !["--log", "--log-format", "--config"].contains(word)).collect()
}

#[tokio::test]
async fn the_help_of_a_command_tells_what_it_reads_and_nothing_else() {
    let home = Home::new();
    let database = ["--database-url", "--database-connections", "--no-migrate"];
    let keys = [&database[..2], &["--time-zone"]].concat();
    let webhook = [
        &database[..2],
        &["--webhook-url", "--webhook-secret", "--webhook-ca-file", "--webhook-timeout"],
        &["--webhook-keep", "--webhook-max-waiting"],
    ]
    .concat();
    for (command, settings, lines) in [
        (&["copy"][..], &["--from", "--to"][..], 30),
        (&["backup"], &["--to", "--into", "--keep", "--database-url"], 40),
        (&["restore"], &["--from", "--new", "--database-url"], 35),
        (&["migrate"], &database[..2], 35),
        (&["support-key"], &keys, 60),
        (&["support-key", "create"], &[&keys[..], &["--role", "--expires"]].concat(), 60),
        (&["support-key", "list"], &keys, 60),
        (&["support-key", "revoke"], &keys, 60),
        (&["support-key", "forget"], &keys, 60),
        (&["outbox", "list"], &[&database[..2], &["--state", "--after", "--limit"]].concat(), 60),
        (&["outbox", "show"], &database[..2], 40),
        (&["outbox", "retry"], &[&database[..2], &["--state"]].concat(), 40),
        (&["outbox", "drop"], &[&database[..2], &["--state"]].concat(), 40),
        (&["outbox", "refused"], &[&database[..2], &["--after", "--limit"]].concat(), 50),
        (&["webhook", "list"], &[&webhook[..], &["--state", "--after", "--limit"]].concat(), 90),
        (&["webhook", "retry"], &[&webhook[..], &["--state"]].concat(), 80),
        (&["webhook", "test"], &webhook, 80),
        (&["account", "show"], &database[..2], 40),
        (&["account", "unlink"], &[&database[..2], &["--all", "--reason"]].concat(), 50),
        (&["account", "end-password"], &[&database[..2], &["--all", "--reason"]].concat(), 50),
        (
            &["account", "export"],
            &[
                &database[..2],
                &[
                    "--challenge-retention",
                    "--audit-retention",
                    "--time-note-retention",
                    "--ledger-retention",
                ],
            ]
            .concat(),
            50,
        ),
        (&["account", "erase"], &[&database[..2], &["--ids", "--reason"]].concat(), 40),
        (&["account", "list"], &[&database[..2], &["--unseen-since"]].concat(), 40),
        (&["compact"], &database[..2], 40),
        (
            &["audit", "list"],
            &[&keys[..], &["--account", "--support-key", "--since", "--until", "--limit"]].concat(),
            60,
        ),
        (&["check-ledger"], &database[..2], 35),
        (
            &["purge"],
            &[
                &database[..2],
                &["--challenge-retention", "--audit-retention", "--time-note-retention"],
                &["--ledger-retention", "--trust-clock"],
            ]
            .concat(),
            50,
        ),
    ] {
        let Ended { status, printed, .. } = run(&home, &[command, &["--help"]].concat()).await;
        assert!(status.success(), "{command:?}");
        assert_eq!(options(&printed), settings.iter().copied().collect(), "{command:?}");
        assert!(printed.contains("--log-format"), "{command:?}");
        let number = printed.lines().count();
        assert!(number <= lines, "{command:?}: {number} lines\n{printed}");
    }
    let serve = run(&home, &["serve", "--help"]).await.printed;
    let all = run(&home, &["--help"]).await.printed;
    assert!(options(&serve).is_superset(&database.into()), "{serve}");
    assert_eq!(options(&serve), options(&all), "without a name it is `serve`");
}

#[tokio::test]
async fn a_setting_that_a_command_does_not_read_is_refused_by_its_name() {
    let home = Home::new();
    for (command, name, value) in [
        (&["copy", "--from", "sqlite:a", "--to", "sqlite:b"][..], "--database-url", "sqlite:c"),
        (&["migrate"], "--listen", "127.0.0.1:0"),
        (&["backup", "--to", "b.sqlite"], "--database-connections", "3"),
        (&["support-key", "list"], "--mail-from", "compte@exemple.fr"),
        (&["support-key", "create", "Alice"], "--hash-queue", "9"),
    ] {
        for arguments in [[&[name, value], command].concat(), [command, &[name, value]].concat()] {
            let ended = run(&home, &arguments).await;
            assert_eq!(ended.status.code(), Some(2), "{arguments:?}: {}", ended.log);
            assert!(ended.log.contains(&format!("'{name}'")), "{arguments:?}: {}", ended.log);
        }
    }
    let ended = run(&home, &["--no-migrate", "migrate"]).await;
    assert!(ended.log.contains("'--no-migrate'"), "{}", ended.log);
    assert_eq!(home.path().read_dir().expect("the folder").count(), 0, "nothing was made");
}

#[tokio::test]
async fn a_setting_may_stand_before_or_behind_the_name_of_its_command() {
    let home = Home::on_sqlite();
    let url = ["--database-url", "sqlite:ici.sqlite"];
    let [create, list, log] = [&["create", "Alice"][..], &["list"], &["--log=off"]];
    let migrated = run(&home, &[&url[..], &["migrate"]].concat()).await;
    assert!(migrated.status.success(), "{}", migrated.log);
    let ended = run(&home, &[&url[..], &["support-key"], create].concat()).await;
    assert!(ended.status.success(), "{}", ended.log);
    for arguments in [
        [log, &url[..], &["support-key"], list].concat(),
        [&["support-key"][..], &url, list, log].concat(),
        [&["support-key"][..], list, &url, log].concat(),
    ] {
        let ended = run(&home, &arguments).await;
        assert!(ended.printed.contains("Alice"), "{arguments:?}: {}", ended.log);
        assert_eq!(ended.log, "", "{arguments:?}");
    }
    assert!(!home.path().join("data").exists(), "the default is not used");
}

#[tokio::test]
async fn a_command_passes_over_the_variables_that_it_does_not_read() {
    let home = Home::new();
    let mut command = home.command();
    command.env("GESTAN_ACCOUNT_LISTEN", "nowhere").env("GESTAN_ACCOUNT_TLS_KEY", "cle.pem");
    let ended = run_to_end(command.arg("migrate")).await;
    assert!(ended.status.success(), "{}", ended.log);
    let ended = run_to_end(home.command().env("GESTAN_ACCOUNT_LISTEN", "nowhere")).await;
    assert!(ended.log.contains("--listen"), "{}", ended.log);
}
