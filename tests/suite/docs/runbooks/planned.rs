//! What is planned: install, TLS, upgrades, backup and restore.

use std::fs;

use gestan_account_client::v1;
use gestan_account_server::clock::{Clock as _, SystemClock};
use gestan_account_tests::{
    Authority, Identity, is_postgres,
    ledger::{Calls, Ledger},
};

use super::{operator::Operator, runbook};

#[tokio::test]
async fn a_fresh_server_is_installed_as_the_runbook_says() {
    let operator = Operator::on_duty_with_a_durable_database().await;
    let mut runbook = runbook("Install");
    let checked = runbook.next(&operator).await;
    assert!(checked.contains("admin_listen = "), "{checked}");
    let looked = runbook.next(&operator).await;
    assert!(looked.contains("ok\tdatabase") && !looked.contains("PROBLEM"), "{looked}");
    assert!(looked.contains("serving"), "{looked}");
}

#[tokio::test]
async fn a_server_gets_its_certificate_as_the_runbook_says() {
    let mut operator = Operator::on_duty("").await;
    let authority = Authority::new();
    let identity = authority.issue();
    fs::write(operator.folder().join("fullchain.pem"), &identity.certificate).expect("a file");
    fs::write(operator.folder().join("privkey.pem"), &identity.key).expect("a file");
    let trusted = operator.folder().join("authority.pem");
    fs::write(&trusted, authority.pem()).expect("a file");
    operator.set("SSL_CERT_FILE", trusted.to_str().expect("UTF-8"));
    let mut runbook = runbook("TLS");
    runbook.next(&operator).await;
    let verified = runbook.next(&operator).await;
    assert!(verified.contains("Verification: OK"), "{verified}");
}

#[tokio::test]
async fn one_server_is_upgraded_as_the_runbook_says() {
    if is_postgres() {
        return;
    }
    let operator = Operator::on_duty("").await;
    let member = operator.open_account(1).await;
    let mut runbook = runbook("Upgrade");
    runbook.next(&operator).await;
    let ready = runbook.next(&operator).await;
    let version = format!("version=\"{}\"", env!("CARGO_PKG_VERSION"));
    assert!(ready.contains(&version), "{ready}");
    member.client.get(v1::GetRequest::default()).await.expect("the account is there");
    let copy = "var/lib/gestan-account-server/before-upgrade.sqlite";
    assert!(operator.path(copy).exists());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_servers_are_upgraded_one_after_the_other_and_no_call_fails() {
    let first = Operator::on_duty(GENEROUS).await;
    // On the same database, and with the same folder of mails.
    let mails = format!("{GENEROUS}mail_url = \"file:{}\"\n", first.mail_folder().display());
    let second = Operator::with_database(Some(first.database_url().to_owned()), &mails);
    second.run("systemctl start gestan-account-server").await;
    let servers = vec![first.address(), second.address()];
    let mut ledger = Ledger::open(Calls::Once, servers, first.mail_folder(), 3);
    ledger.get_on(20).await;
    for operator in [&first, &second] {
        let mut runbook = runbook("Upgrade, one server after the other");
        let ready = runbook.next(operator).await;
        assert!(ready.contains("serving"), "{ready}");
        ledger.get_on(20).await;
    }
    ledger.close_and_check(first.database_url()).await;
}

/// No limit that customers at work would meet.
const GENEROUS: &str = "mails_per_address = \"1000000/1h\"\nmails_per_ip = \"1000000/1h\"\n\
    mails_in_all = \"1000000/1h\"\ncall_burst = 1000000\ncalls_per_second = 1000000\n\
    link_call_burst = 1000000\nlink_calls_per_second = 1000000\nmail_lease = \"2s\"\n";

#[tokio::test]
async fn what_was_backed_up_is_restored_as_the_runbooks_say() {
    if is_postgres() {
        return;
    }
    let operator = Operator::on_duty("").await;
    let member = operator.open_account(1).await;
    let mut back_up = runbook("Back up");
    back_up.next(&operator).await;
    operator.open_account(2).await;
    // The database is lost.
    operator.kill();
    let file = operator.path("var/lib/gestan-account-server/gestan-account.sqlite");
    fs::write(&file, "no database any more").expect("it is damaged");
    for suffix in ["-wal", "-shm"] {
        let _ = fs::remove_file(format!("{}{suffix}", file.display()));
    }
    let mut restore = runbook("Restore");
    let restored = restore.next(&operator).await;
    assert!(restored.contains("accounts\t1"), "{restored}");
    let shown = restore.next(&operator).await;
    assert!(shown.contains("email: client1@exemple.fr"), "{shown}");
    member.client.get(v1::GetRequest::default()).await.expect("it is served");
}

#[tokio::test]
async fn a_certificate_that_ends_soon_is_renewed_as_the_runbook_says() {
    let mut operator = Operator::with_database(None, "");
    let authority = Authority::new();
    let write = |operator: &Operator, identity: &Identity| {
        fs::write(operator.folder().join("fullchain.pem"), &identity.certificate).expect("a file");
        fs::write(operator.folder().join("privkey.pem"), &identity.key).expect("a file");
    };
    let trusted = operator.folder().join("authority.pem");
    fs::write(&trusted, authority.pem()).expect("a file");
    operator.set("SSL_CERT_FILE", trusted.to_str().expect("UTF-8"));
    write(&operator, &authority.issue_until(5));
    let mut tls = runbook("TLS");
    tls.next(&operator).await;
    tls.next(&operator).await;

    let mut renew = runbook("Renew the certificate");
    renew.logged(&operator).await;
    let series = "certificate_expiry_timestamp_seconds";
    let until = operator.figure(series).await.expect("a time");
    let now = SystemClock::start().now().as_millisecond();
    #[expect(clippy::cast_precision_loss, reason = "a time of this century")]
    let left = until - now as f64 / 1_000.0;
    assert!(left < 14.0 * 86_400.0, "the alert fires: {left}");
    write(&operator, &authority.issue_until(80));
    renew.next(&operator).await;
    operator.wait_for_figure(series, |time| time > until).await;
    let told = renew.next(&operator).await;
    assert!(told.contains(series), "{told}");
}
