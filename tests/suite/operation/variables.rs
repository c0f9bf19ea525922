//! Variables that are named like settings: each is one, or is told.

use gestan_account_tests::process::{Home, ServerProcess, run_to_end};

#[tokio::test]
async fn a_variable_that_is_no_setting_is_refused_with_the_nearest_that_is() {
    let home = Home::new();
    for (name, nearest) in [
        ("GESTAN_ACCOUNT_MAIL_FORM", "did you mean GESTAN_ACCOUNT_MAIL_FROM?"),
        ("GESTAN_ACCOUNT_DATABASE_URLS", "did you mean GESTAN_ACCOUNT_DATABASE_URL?"),
        ("GESTAN_ACCOUNT_TLS_CERT", "did you mean GESTAN_ACCOUNT_TLS_"),
        ("GESTAN_ACCOUNT_PORT", "is no setting"),
        ("GESTAN_ACCOUNT_XYZZY", "`--help` tells them all"),
    ] {
        for command in [&["serve"][..], &["migrate"], &["support-key", "list"]] {
            let ended = run_to_end(home.command().env(name, "50051").args(command)).await;
            assert_eq!(ended.status.code(), Some(2), "{name}: {}", ended.log);
            assert!(ended.log.contains(name) && ended.log.contains(nearest), "{}", ended.log);
        }
    }
    assert!(!home.path().join("data").exists(), "nothing was made");
}

#[tokio::test]
async fn all_variables_that_are_no_settings_are_told_together() {
    let home = Home::new();
    let mut command = home.command();
    command.env("GESTAN_ACCOUNT_LISTN", "127.0.0.1:0").env("GESTAN_ACCOUNT_LOGS", "info");
    let log = run_to_end(&mut command).await.log;
    assert!(log.contains("GESTAN_ACCOUNT_LISTEN?"), "{log}");
    assert!(log.contains("GESTAN_ACCOUNT_LOG?"), "{log}");
}

#[tokio::test]
async fn the_value_of_a_variable_that_is_no_setting_is_not_told() {
    let home = Home::new();
    let mut command = home.command();
    command.env("GESTAN_ACCOUNT_MAIL_PASSWORD", "mot de passe du relais");
    let log = run_to_end(&mut command).await.log;
    assert!(log.contains("GESTAN_ACCOUNT_MAIL_PASSWORD"), "{log}");
    assert!(!log.contains("relais"), "{log}");
}

#[tokio::test]
async fn help_is_given_whatever_the_variables_are() {
    let home = Home::new();
    let mut command = home.command();
    let ended = run_to_end(command.env("GESTAN_ACCOUNT_MAIL_FORM", "x").arg("--help")).await;
    assert!(ended.status.success(), "{}", ended.log);
}

/// What a pod gets beside a service `gestan-account`, and another one beside it.
#[tokio::test]
async fn what_kubernetes_says_of_a_service_is_told_once_and_passed_over() {
    let home = Home::new();
    let variables = [
        ("GESTAN_ACCOUNT_PORT", "tcp://10.0.0.11:50051"),
        ("GESTAN_ACCOUNT_PORT_50051_TCP", "tcp://10.0.0.11:50051"),
        ("GESTAN_ACCOUNT_PORT_50051_TCP_ADDR", "10.0.0.11"),
        ("GESTAN_ACCOUNT_PORT_50051_TCP_PORT", "50051"),
        ("GESTAN_ACCOUNT_PORT_50051_TCP_PROTO", "tcp"),
        ("GESTAN_ACCOUNT_SERVICE_HOST", "10.0.0.11"),
        ("GESTAN_ACCOUNT_SERVICE_PORT", "50051"),
        ("GESTAN_ACCOUNT_SERVICE_PORT_GRPC", "50051"),
        ("GESTAN_ACCOUNT_STAGING_SERVICE_HOST", "10.0.0.12"),
    ];
    let mut command = home.command();
    command.envs(variables);
    let server = ServerProcess::start_as(command, &home, &[]).await;
    server.terminate().await;
    let (status, log) = server.wait().await;
    assert!(status.success(), "{log}");
    for (name, _) in variables {
        let told = log.lines().filter(|line| {
            line.split(|other: char| !other.is_ascii_alphanumeric() && other != '_')
                .any(|word| word == name)
        });
        assert_eq!(told.count(), 1, "{name}: {log}");
    }
}
