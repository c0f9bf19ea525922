//! `check-ledger` tells each place where the time ledger does not add up.

use gestan_account_server::storage::time_entry::check::Breach;
use gestan_account_tests::{
    TestServer, execute, is_postgres,
    process::{Ended, Home, run_to_end},
};
use sea_orm::{ConnectionTrait, Database};

/// An account's ledger that adds up, and merges.
const ENTRIES: [(i64, &str); 6] = [
    (1, "1, 'R-1', 'grant', 60, 60, false, NULL, NULL"),
    (2, "1, 'R-2', 'charge', -20, 40, false, NULL, NULL"),
    (3, "1, 'R-3', 'correction', 5, 45, false, 2, NULL"),
    (4, "2, 'R-1', 'grant', 30, 30, false, NULL, NULL"),
    (5, "2, 'R-5', 'merge_out', -30, 0, false, NULL, 1"),
    (6, "1, 'R-6', 'merge_in', 30, 75, false, NULL, 1"),
];

async fn write(db: &impl ConnectionTrait, id: i64, entry: &str) {
    let (columns, transfer) = entry.rsplit_once(", ").expect("a transfer");
    let transfer = match (transfer, is_postgres()) {
        ("NULL", _) => "NULL".to_owned(),
        (number, true) => format!("'00000000-0000-4000-8000-00000000000{number}'"),
        (number, false) => format!("x'0000000000004000800000000000000{number}'"),
    };
    let sql = format!(
        "INSERT INTO time_entry (id, account_id, request_id, kind, minutes, balance_after, \
         overdraft, corrects_id, transfer_id, support_time, create_time) \
         VALUES ({id}, {columns}, {transfer}, 0, 0)"
    );
    execute(db, &sql).await;
}

async fn check(home: &Home) -> Ended {
    run_to_end(home.command().arg("check-ledger")).await
}

/// A database whose ledger adds up, and has one account, 1.
async fn adding_up() -> (Home, sea_orm::DatabaseConnection) {
    let home = Home::migrated().await;
    let db = Database::connect(home.database_url()).await.expect("a database");
    execute(
        &db,
        "INSERT INTO account (id, version, email, email_key, locale, create_time, update_time, \
         time_balance, company_name, last_name, first_name, address, postal_code, city, \
         country_code, phone, ape_code) VALUES (1, 1, 'a', 'a', 'fr', 0, 0, 75, '', '', '', '', \
         '', '', 'FRA', '', '')",
    )
    .await;
    for (id, entry) in ENTRIES {
        write(&db, id, entry).await;
    }
    (home, db)
}

#[tokio::test]
async fn a_ledger_that_adds_up_is_told_so() {
    let (home, _db) = adding_up().await;
    let ended = check(&home).await;
    assert!(ended.status.success(), "{}", ended.log);
    assert_eq!(ended.printed, "");
    assert!(ended.log.contains("adds up: 2 accounts, 6 entries"), "{}", ended.log);
}

#[tokio::test]
async fn each_breach_is_a_line_and_the_command_fails() {
    for (sql, line) in [
        (
            "UPDATE account SET time_balance = 76",
            "L1 account 1: its balance is 76, and its entries come to 75",
        ),
        (
            "DELETE FROM time_entry WHERE id = 5",
            "L1 account 2: it has ended, and its entries come to 30",
        ),
        (
            "DELETE FROM time_entry WHERE id = 1",
            "L2 account 1: after entry 2 the balance is 40, and not -20",
        ),
        (
            "DROP INDEX time_entry_request; INSERT INTO time_entry (id, account_id, request_id, \
             kind, minutes, balance_after, overdraft, support_time, create_time) VALUES \
             (7, 1, 'R-2', 'grant', 1, 76, false, 0, 0)",
            "L4 account 1: 2 entries have the request ID of entry 2",
        ),
        (
            "INSERT INTO time_entry (id, account_id, request_id, kind, minutes, balance_after, \
             overdraft, corrects_id, support_time, create_time) VALUES \
             (7, 1, 'R-7', 'correction', 16, 91, false, 2, 0, 0)",
            "L5 entry 2: it has -20 minutes, and is corrected by 21",
        ),
        (
            "INSERT INTO time_entry (id, account_id, request_id, kind, minutes, balance_after, \
             overdraft, corrects_id, support_time, create_time) VALUES \
             (7, 1, 'R-7', 'correction', 1, 76, false, 1, 0, 0)",
            "L5 entry 1: it has 60 minutes, and is corrected by 1",
        ),
        (
            "DELETE FROM time_entry WHERE id = 6",
            "L6 entry 5: the transfer has 1 entries, which come to -30",
        ),
    ] {
        let (home, db) = adding_up().await;
        for statement in sql.split("; ") {
            execute(&db, statement).await;
        }
        let ended = check(&home).await;
        assert_eq!(ended.status.code(), Some(1), "{sql}: {}", ended.log);
        assert!(ended.printed.lines().any(|printed| printed == line), "{sql}: {}", ended.printed);
        assert!(ended.log.contains("does not add up"), "{}", ended.log);
    }
}

/// Pages have a thousand rows: a breach behind the first is found, too.
#[tokio::test]
async fn a_ledger_of_many_pages_is_read_to_its_end() {
    let server = TestServer::start().await;
    let account = server.open_account("jeanne@exemple.fr", 1).await.account_id;
    let numbers = if is_postgres() {
        "SELECT n FROM generate_series(1, 2500) AS numbers(n)".to_owned()
    } else {
        "WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers \
         WHERE n < 2500) SELECT n FROM numbers"
            .to_owned()
    };
    let columns = "account_id, request_id, kind, minutes, balance_after, overdraft, support_time, \
                   create_time";
    execute(
        server.db(),
        &format!(
            "INSERT INTO time_entry ({columns}) SELECT {account}, 'R-' || n, 'grant', 2, 2 * n, \
             false, 0, 0 FROM ({numbers}) AS many"
        ),
    )
    .await;
    execute(server.db(), &format!("UPDATE account SET time_balance = 5001 WHERE id = {account}"))
        .await;
    let snapshot = server.accounts.db.snapshot().await.expect("a snapshot");
    let checked = gestan_account_server::storage::time_entry::check::check(&snapshot).await;
    let checked = checked.expect("it is read");
    assert_eq!((checked.accounts, checked.entries), (1, 2_500));
    let breach = Breach::Balance { account_id: account.into(), balance: 5_001, sum: 5_000 };
    assert_eq!(checked.breaches, [breach]);
}
