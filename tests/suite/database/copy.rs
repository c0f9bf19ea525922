//! The command that moves everything from one database into another.

mod interrupted;
mod refusals;

use std::path::{Path, PathBuf};

use gestan_account_client::{ClientOptions, v1};
use gestan_account_tests::{
    count, execute,
    ledger::{self, Calls, Customer, Ledger},
    machine,
    postgres::{Cluster, VOLATILE},
    process::{Ended, Home, ServerProcess, code_to, run_to_end},
    tables, uuid,
};
use sea_orm::{Database, DatabaseConnection};

/// Every table, `seaql_migrations` apart.
const TABLES: [&str; 14] = [
    "account",
    "account_alias",
    "erased_account",
    "link",
    "challenge",
    "personal_code",
    "idempotency_key",
    "outbox_mail",
    "event_outbox",
    "audit_event",
    "support_key",
    "time_entry",
    "time_entry_note",
    "throttle",
];

/// A new, empty database, whose texts are ordered as in a French dictionary; a
/// password that nobody asks for.
fn database(cluster: &Cluster, name: &str) -> String {
    let create = format!(
        "CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8' LOCALE_PROVIDER icu \
         ICU_LOCALE 'fr'"
    );
    cluster.execute("postgres", &create);
    format!("postgres://postgres:s3cr3t@127.0.0.1:{}/{name}", cluster.port)
}

async fn copy(home: &Home, from: &str, to: &str) -> Ended {
    let ended = run_to_end(home.command().args(["copy", "--from", from, "--to", to])).await;
    assert!(!ended.log.contains("s3cr3t"), "a password is told: {}", ended.log);
    assert!(!ended.printed.contains("s3cr3t"), "a password is told: {}", ended.printed);
    ended
}

fn file(home: &Home, name: &str) -> PathBuf {
    home.path().join(name)
}

fn url(file: &Path) -> String {
    format!("sqlite:{}", file.display())
}

/// A database in `source.sqlite` that was served, and is not any more; its
/// customers.
async fn served(home: &Home) -> Vec<Customer> {
    let url = url(&file(home, "source.sqlite"));
    let server = ServerProcess::start(home, &["--database-url", &url]).await;
    let mut ledger = Ledger::open(Calls::Once, vec![server.address], home.mail_folder(), 4);
    ledger.get_on(40).await;
    let customers = ledger.close().await;
    server.terminate().await;
    assert!(server.wait().await.0.success());
    let db = Database::connect(&url).await.expect("a database");
    execute(&db, "INSERT INTO account_alias VALUES (6999, 1, 1795545720000, 2, 1)").await;
    // Of one that a server sends, with every column.
    let event = "INSERT INTO event_outbox VALUES (x'5b0f3c1e7f5e4d8e9a520d6f0f3f7a11', \
                 'account.opened', '{\"data\":{\"account_id\":1}}', 'delivered', 2, 1795545720000, \
                 x'6b0f3c1e7f5e4d8e9a520d6f0f3f7a11', 1795545730000, 1795545710000, 1795545740000, \
                 'status 500 — « occupé »')";
    execute(&db, event).await;
    execute(&db, "INSERT INTO erased_account VALUES (6998, 1795545720000)").await;
    db.close().await.expect("it closes");
    let key = ["create", "Hélène", "--role", "agent", "--expires", "90d"];
    let command = [&["--database-url", &url, "support-key"][..], &key].concat();
    assert!(run_to_end(home.command().args(command)).await.status.success());
    write_time(&url).await;
    customers
}

/// Time that was bought, used and put right, and moved by a merge, with every column filled.
async fn write_time(url: &str) {
    let db = Database::connect(url).await.expect("a database");
    let machine = "x'0123456789abcdef0123456789abcdef'";
    for sql in [
        "INSERT INTO time_entry VALUES (16, 1, 'FA-1', 'grant', 60, 60, false, NULL, NULL, 'FA-1', 1, \
         1795545720000, 1795545720000)",
        "INSERT INTO time_entry VALUES (17, 1, 'T-1', 'charge', -90, -30, true, NULL, NULL, '', 1, \
         1795545720000, 1795545720001)",
        "INSERT INTO time_entry VALUES (18, 1, 'T-2', 'correction', 5, -25, false, 17, NULL, '', NULL, \
         1795545720000, 1795545720002)",
        &format!(
            "INSERT INTO time_entry VALUES (19, 1, 'M-1', 'merge_in', 25, 0, false, NULL, {machine}, \
             '', NULL, 1795545720000, 1795545720003)"
        ),
        &format!(
            "INSERT INTO time_entry_note VALUES (17, 'Export', 'Dupont & fils', {machine}, 'Caisse é')"
        ),
        "UPDATE account SET time_balance = 7 WHERE id = 1",
    ] {
        execute(&db, sql).await;
    }
    db.close().await.expect("it closes");
}

/// What one SQLite file has in a table and the other has not, both ways.
async fn differences(db: &DatabaseConnection, other: &Path) -> Vec<String> {
    execute(db, &format!("ATTACH DATABASE '{}' AS other", other.display())).await;
    // Words are not copied: what was copied has none yet.
    execute(db, "UPDATE account SET search_version = NULL").await;
    let mut differences = Vec::new();
    for table in TABLES {
        for (one, two) in [("main", "other"), ("other", "main")] {
            let sql = format!(
                "SELECT count(*) FROM (SELECT * FROM {one}.{table} EXCEPT SELECT * FROM \
                 {two}.{table})"
            );
            if count(db, &sql).await > 0 {
                differences.push(format!("{one}.{table}"));
            }
        }
    }
    differences
}

/// The lines of a report that tell of tables.
fn report_lines(report: &str) -> Vec<&str> {
    report.lines().skip(1).collect()
}

/// Opens an account; its ID.
async fn new_account(server: &ServerProcess, home: &Home, number: u128) -> u32 {
    let client = server.connect(ClientOptions::new()).await;
    let email = format!("nouveau{number}@exemple.fr");
    let request = v1::CreateRequest {
        request_id: uuid(number),
        email: email.clone(),
        machine: Some(machine(number)),
        ..Default::default()
    };
    let challenge_id = client.create(request).await.expect("Create").challenge_id;
    let code = code_to(&home.mail_folder(), &email).await;
    let confirmed =
        client.confirm(v1::ConfirmRequest { challenge_id, code, ..Default::default() }).await;
    confirmed.expect("Confirm").account_id
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_moves_to_postgresql_and_back_and_is_served_there() {
    let home = Home::on_sqlite();
    let customers = served(&home).await;
    let source = file(&home, "source.sqlite");
    let db = Database::connect(url(&source)).await.expect("a database");
    for table in TABLES {
        let rows = count(&db, &format!("SELECT count(*) FROM {table}")).await;
        assert!(rows > 0, "nothing of {table} would be copied");
    }
    // An account that is no more; its number must stay its own.
    execute(
        &db,
        "INSERT INTO account SELECT 7000, version, 'x', 'x', pending_email, \
        pending_email_expire_time, locale, company_name, last_name, first_name, address, \
        postal_code, city, country_code, phone, phone_e164, ape_code, ape_version, password_hash, \
        create_time, update_time, search_version, time_balance FROM account LIMIT 1",
    )
    .await;
    execute(&db, "DELETE FROM account WHERE id = 7000").await;
    // A code that linked a machine a moment ago, whose call may be repeated.
    execute(
        &db,
        "INSERT INTO personal_code SELECT randomblob(16), challenge_id, hash, create_time, \
        expire_time, create_time, hash, hash FROM personal_code LIMIT 1",
    )
    .await;
    db.close().await.expect("it closes");

    let cluster = Cluster::start(VOLATILE);
    let postgres = database(&cluster, "compte");
    let there = copy(&home, &url(&source), &postgres).await;
    assert!(there.status.success(), "{}", there.log);
    assert!(there.printed.contains("the same, row by row"), "{}", there.printed);
    let back = file(&home, "back.sqlite");
    let ended = copy(&home, &postgres, &url(&back)).await;
    assert!(ended.status.success(), "{}", ended.log);
    let sorted = |report| {
        let mut lines: Vec<String> = report_lines(report).into_iter().map(str::to_owned).collect();
        // Texts are in another order in PostgreSQL.
        lines.retain(|line| !line.starts_with("throttle"));
        lines
    };
    assert_eq!(sorted(&there.printed), sorted(&ended.printed));
    assert_eq!(report_lines(&there.printed).len(), TABLES.len());
    let db = Database::connect(url(&source)).await.expect("a database");
    assert_eq!(differences(&db, &back).await, [""; 0]);
    db.close().await.expect("it closes");

    for (number, database) in [(90_001, &postgres), (90_002, &url(&back))] {
        let server = ServerProcess::start(&home, &["--database-url", database]).await;
        ledger::check(&customers, server.address).await;
        let id = new_account(&server, &home, number).await;
        assert_eq!(id, 7001, "the next number, and no other");
        server.kill().await;
    }
}

#[tokio::test]
async fn no_table_is_forgotten() {
    let home = Home::on_sqlite();
    let source = url(&file(&home, "source.sqlite"));
    let migrate = ["--database-url", &source, "migrate"];
    assert!(run_to_end(home.command().args(migrate)).await.status.success());
    let target = url(&file(&home, "new/target.sqlite"));
    let ended = copy(&home, &source, &target).await;
    assert!(ended.status.success(), "{}", ended.log);
    let mut copied: Vec<&str> = report_lines(&ended.printed)
        .iter()
        .map(|line| line.split_whitespace().next().expect("a name"))
        .collect();
    copied.sort_unstable();
    let db = Database::connect(&target).await.expect("a database");
    let mut all = tables(&db).await;
    // The row that a server writes to try the database belongs to nobody; words are made anew; a
    // new file has nothing to be compacted for.
    let made_anew = ["seaql_migrations", "heartbeat", "account_word", "maintenance"];
    all.retain(|name| !made_anew.contains(&&**name));
    assert_eq!(copied, all);
}

#[tokio::test]
async fn no_table_of_postgresql_is_copied_unlocked() {
    let home = Home::on_sqlite();
    let cluster = Cluster::start(&[VOLATILE, &["log_statement=all"]].concat());
    let source = database(&cluster, "source");
    let migrate = ["--database-url", &source, "migrate"];
    assert!(run_to_end(home.command().args(migrate)).await.status.success());
    let ended = copy(&home, &source, &url(&file(&home, "target.sqlite"))).await;
    assert!(ended.status.success(), "{}", ended.log);
    let log = cluster.log();
    let lock = log.split("LOCK TABLE ").nth(1).and_then(|rest| rest.split(" IN SHARE MODE").next());
    let mut locked: Vec<&str> = lock.expect("a lock").split(", ").collect();
    let mut copied = TABLES.to_vec();
    locked.sort_unstable();
    copied.sort_unstable();
    assert_eq!(locked, copied);
}
