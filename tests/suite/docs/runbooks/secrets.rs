//! The operator's own secrets are rotated: peppers, support keys.

use std::fs;

use gestan_account_client::v1;
use gestan_account_proto::support::v1::GetAccountRequest;
use gestan_account_tests::{PASSWORD, desk_at, machine, text};
use sea_orm::Database;

use super::{operator::Operator, runbook};

#[tokio::test]
async fn a_pepper_is_rotated_as_the_runbook_says_and_passwords_stay_right() {
    let operator = Operator::with_database(None, "");
    let file = operator.path("etc/gestan-account-server/peppers");
    fs::write(&file, "2026:000102030405060708090a0b0c0d0e0f\n").expect("a file");
    let config = operator.path("etc/gestan-account-server/config.toml");
    let settings = fs::read_to_string(&config).expect("settings");
    let settings = format!("{settings}pepper_file = \"{}\"\n", file.display());
    fs::write(&config, settings).expect("settings");
    operator.run("systemctl start gestan-account-server").await;
    let member = operator.open_account(1).await;
    let db = Database::connect(operator.database_url()).await.expect("a database");
    let hash = async || text(&db, "SELECT password_hash FROM account").await.expect("a hash");
    let before = hash().await;

    let mut runbook = runbook("Rotate the pepper");
    runbook.next(&operator).await;
    runbook.next(&operator).await;
    let peppers = fs::read_to_string(&file).expect("peppers");
    assert_eq!(peppers.lines().count(), 2, "the older one stays");
    let join = |number| {
        let request = v1::RegisterExistingRequest {
            account_id: member.account_id,
            secret: PASSWORD.to_owned(),
            machine: Some(machine(number)),
        };
        let client = operator.client();
        async move { client.await.register_existing(request).await }
    };
    join(2).await.expect("the password of before is right");
    let after = hash().await;
    assert_ne!(after, before, "and is hashed with the new pepper");
    join(3).await.expect("it is right again");
    assert!(!operator.folder().join("peppers.new").exists());
}

#[tokio::test]
async fn a_support_key_is_replaced_as_the_runbook_says() {
    let operator = Operator::on_duty("").await;
    let member = operator.open_account(1).await;
    let old = operator.run("gestan support-key create Luc --role agent").await;
    let old =
        old.lines().find(|line| line.starts_with("gestan_support_")).expect("a key").to_owned();
    let mut runbook = runbook("Rotate a support key");
    let printed = runbook.next(&operator).await;
    let new = printed.lines().find(|line| line.starts_with("gestan_support_")).expect("a key");
    let listed = runbook.next(&operator).await;
    assert!(listed.contains("revoked") && listed.contains("alive"), "{listed}");
    for (key, serves) in [(new, true), (&*old, false)] {
        let mut desk = desk_at(operator.address(), Some(key), None).await;
        let request = GetAccountRequest { account_id: member.account_id };
        assert_eq!(desk.get_account(request).await.is_ok(), serves, "{listed}");
    }
}
