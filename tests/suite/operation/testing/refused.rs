//! Nothing of a service for customers stands beside `--testing`, and no other server has what a
//! testing server has.

use std::{collections::BTreeSet, fs};

use clap::builder::ArgAction;
use gestan_account_proto::{
    FILE_DESCRIPTOR_SET,
    testing::v1::{GetCodeRequest, testing_service_client::TestingServiceClient},
};
use gestan_account_server::cli::{Cli, program};
use gestan_account_tests::{
    TestServer, TestingProcess,
    process::{Ended, Home, ServerProcess, run_to_end, server_command},
};
use prost::Message as _;
use prost_types::FileDescriptorSet;
use tempfile::TempDir;
use tonic::{Code, transport::Channel};
use tonic_health::pb::{HealthCheckRequest, health_client::HealthClient};

use crate::polyglot::grpcurl::grpcurl;

const SERVICE: &str = "gestan.testing.v1.TestingService";

/// What a testing server takes beside its flag, and nothing else.
const TAKEN: [&str; 30] = [
    "admin-listen",
    "call-burst",
    "call-deadline",
    "calls-per-second",
    "code-lifetime",
    "config",
    "handshake-timeout",
    "hash-lanes",
    "hash-memory-kib",
    "hash-passes",
    "hash-queue",
    "hash-threads",
    "idle-timeout",
    "link-call-burst",
    "link-calls-per-second",
    "listen",
    "log",
    "log-answered-one-in",
    "log-format",
    "mails-in-all",
    "mails-per-address",
    "mails-per-ip",
    "max-connections",
    "max-connections-per-ip",
    "max-unfinished-calls",
    "max-unfinished-calls-per-ip",
    "reflection",
    "resend-interval",
    "shutdown-grace",
    "ticket-lifetime",
];

#[test]
fn every_setting_is_refused_beside_testing_but_those_that_are_listed() {
    let (mut refused, mut taken) = (BTreeSet::new(), BTreeSet::new());
    for setting in program().get_arguments().filter(|setting| setting.get_env().is_some()) {
        let flag = setting.get_long().expect("a flag").to_owned();
        let argument = match setting.get_action() {
            ArgAction::SetTrue => format!("--{flag}"),
            _ => format!("--{flag}=1"),
        };
        let error = match Cli::parse(["server", "serve", "--testing", argument.as_str()]) {
            Ok(_) => String::new(),
            Err(error) => error.to_string(),
        };
        let is_refused = error.contains(&format!("--testing and --{flag} (a flag) exclude"));
        if is_refused {
            refused.insert(flag)
        } else {
            taken.insert(flag)
        };
    }
    assert_eq!(taken, TAKEN.map(str::to_owned).into_iter().collect());
    assert!(refused.len() > 30, "{refused:?}");
}

async fn start(folder: &TempDir, more: impl FnOnce(&mut tokio::process::Command)) -> Ended {
    let mut command = server_command(folder.path());
    command.env("TMPDIR", folder.path()).args(["serve", "--testing"]);
    more(&mut command);
    run_to_end(&mut command).await
}

#[tokio::test]
async fn what_a_service_for_customers_has_is_refused_with_both_names_and_the_way_out() {
    let folder = TempDir::new().expect("a folder");
    let secret = "secretdurelais";
    for (flag, value) in [
        ("database-url", "sqlite:data/gestan-account.sqlite"),
        ("database-url", "postgres://u:secretdurelais@127.0.0.1:1/n"),
        ("mail-url", "smtps://u:secretdurelais@127.0.0.1:1"),
        ("mail-url", "file:courrier"),
        ("mail-fallback-url", "smtps://u:secretdurelais@127.0.0.1:1"),
        ("mail-from", "compte@gestan.example"),
        ("tls-certificate", "chaine.pem"),
        ("tls-key", "cle.pem"),
        ("tls-client-ca", "ca.pem"),
        ("trusted-proxies", "127.0.0.1"),
        ("webhook-url", "http://127.0.0.1:1/secretdurelais"),
        ("webhook-secret", secret),
        ("traces-url", "http://127.0.0.1:1"),
        ("pepper-file", "poivre"),
        ("support-networks", "127.0.0.1"),
    ] {
        let variable = format!("GESTAN_ACCOUNT_{}", flag.replace('-', "_").to_uppercase());
        let file = folder.path().join("reglages.toml");
        fs::write(&file, format!("{} = \"{value}\"\n", flag.replace('-', "_"))).expect("a file");
        let by_flag = start(&folder, |command| {
            command.arg(format!("--{flag}")).arg(value);
        });
        let by_variable = start(&folder, |command| {
            command.env(&variable, value);
        });
        let by_file = start(&folder, |command| {
            command.arg("--config").arg(&file);
        });
        for (ended, origin) in [
            (by_flag.await, "a flag".to_owned()),
            (by_variable.await, format!("the variable {variable}")),
            (by_file.await, format!("file {}", file.display())),
        ] {
            let both = format!("--testing and --{flag} ({origin}) exclude each other");
            assert_eq!(ended.status.code(), Some(2), "{}", ended.log);
            assert!(ended.log.contains(&both), "{both}: {}", ended.log);
            assert!(ended.log.contains("leave --testing out"), "{}", ended.log);
            assert!(!ended.log.contains(secret), "{}", ended.log);
            assert_eq!(ended.printed, "");
        }
        fs::remove_file(&file).expect("a file");
    }
    for flag in ["dangerously-listen-in-clear", "proxy-protocol", "allow-trial-settings"] {
        let ended = start(&folder, |command| {
            command.arg(format!("--{flag}"));
        })
        .await;
        assert!(ended.log.contains(&format!("--testing and --{flag} (a flag)")), "{}", ended.log);
    }
    assert_eq!(TestingProcess::entries(folder.path()), 0, "nothing was made");
}

#[tokio::test]
async fn an_address_that_others_reach_is_refused_beside_testing() {
    let folder = TempDir::new().expect("a folder");
    for (flag, address) in [
        ("--listen", "0.0.0.0:0"),
        ("--listen", "[::]:0"),
        ("--listen", "192.0.2.1:50051"),
        ("--listen", "[::ffff:192.0.2.1]:0"),
        ("--admin-listen", "0.0.0.0:0"),
        ("--admin-listen", "[::]:0"),
    ] {
        let ended = start(&folder, |command| {
            command.args([flag, address]);
        })
        .await;
        let both = format!("--testing and {flag} {address} exclude each other");
        assert_eq!(ended.status.code(), Some(1), "{}", ended.log);
        assert!(ended.log.contains(&both), "{both}: {}", ended.log);
        assert!(ended.log.contains("127.0.0.1"), "{}", ended.log);
        assert_eq!(ended.printed, "", "nobody is told an address");
    }
    assert_eq!(TestingProcess::entries(folder.path()), 0, "nothing was made");
}

#[tokio::test]
async fn testing_is_a_flag_of_serve_and_nothing_else_switches_it_on() {
    let folder = TempDir::new().expect("a folder");
    let mut by_variable = server_command(folder.path());
    by_variable.env("GESTAN_ACCOUNT_TESTING", "true");
    let ended = run_to_end(&mut by_variable).await;
    assert!(ended.log.contains("GESTAN_ACCOUNT_TESTING is no setting"), "{}", ended.log);
    let file = folder.path().join("reglages.toml");
    fs::write(&file, "testing = true\n").expect("a file");
    let mut by_file = server_command(folder.path());
    let ended = run_to_end(by_file.arg("--config").arg(&file)).await;
    assert!(ended.log.contains("`testing` is no setting"), "{}", ended.log);
    for command in [&["doctor"][..], &["migrate"], &["support-key", "list"]] {
        let ended = run_to_end(server_command(folder.path()).args(command).arg("--testing")).await;
        assert_eq!(ended.status.code(), Some(2), "{command:?}: {}", ended.log);
        assert!(ended.log.contains("--testing"), "{command:?}: {}", ended.log);
    }
    let check = ["config", "check", "--testing"];
    let ended = run_to_end(server_command(folder.path()).args(check)).await;
    assert!(ended.status.success(), "{}", ended.log);
    let listen = "listen = \"127.0.0.1:0\"  # default of --testing";
    assert!(ended.printed.contains(listen), "{}", ended.printed);
    let open = [&check[..], &["--listen", "0.0.0.0:0"]].concat();
    let ended = run_to_end(server_command(folder.path()).args(open)).await;
    assert!(!ended.status.success() && ended.log.contains("exclude each other"), "{}", ended.log);
}

async fn ask_for_a_code(url: &str) -> Code {
    let mut testing = TestingServiceClient::connect(url.to_owned()).await.expect("it answers");
    let request = GetCodeRequest { email: "client1@exemple.fr".to_owned() };
    testing.get_code(request).await.expect_err("it is refused").code()
}

async fn health(url: &str) -> Option<Code> {
    let channel = Channel::from_shared(url.to_owned()).expect("a URL");
    let mut health = HealthClient::new(channel.connect().await.expect("it answers"));
    let request = HealthCheckRequest { service: SERVICE.to_owned() };
    health.check(request).await.err().map(|status| status.code())
}

/// What reflection lists, by grpcurl.
async fn listed(url: &str) -> String {
    let address = url.strip_prefix("http://").expect("a URL");
    let mut list = tokio::process::Command::new(grpcurl());
    let ended = run_to_end(list.args(["-plaintext", address, "list"])).await;
    assert!(ended.status.success(), "{}", ended.log);
    ended.printed
}

#[tokio::test]
async fn no_other_server_has_the_testing_service() {
    let descriptors = FileDescriptorSet::decode(FILE_DESCRIPTOR_SET).expect("descriptors");
    let names = descriptors.file.iter().map(|file| file.package().to_owned());
    assert!(!names.into_iter().any(|package| package.contains("testing")));

    let in_tests = TestServer::start().await;
    assert_eq!(ask_for_a_code(&format!("http://{}", in_tests.address)).await, Code::Unimplemented);
    let home = Home::new();
    let server = ServerProcess::start(&home, &["--reflection", "on"]).await;
    assert_eq!(ask_for_a_code(&server.url()).await, Code::Unimplemented);
    assert_eq!(health(&server.url()).await, Some(Code::NotFound));
    let services = listed(&server.url()).await;
    assert!(services.contains("gestan.account.v1.AccountService"), "{services}");
    assert!(!services.contains("testing"), "{services}");

    let testing = TestingProcess::start(&[]).await;
    assert_eq!(ask_for_a_code(&testing.url).await, Code::NotFound);
    assert_eq!(health(&testing.url).await, None, "it says that it is one");
    assert!(listed(&testing.url).await.contains(SERVICE));
}
