//! What an erased account leaves: in every table, in the bytes of the files, in a backup, in the
//! log at `trace`.

use std::{collections::BTreeSet, fs, process::Command};

use gestan_account_client::{Client, ClientOptions, v1};
use gestan_account_proto::support::v1::{
    ChargeTimeRequest, EraseAccountRequest, ExportAccountRequest, GrantTimeRequest,
    SendCodeRequest, StartEmailChangeRequest,
};
use gestan_account_tests::{
    PASSWORD, change, change_email, count, desk_at, erase_request, execute, is_postgres, merge,
    process::{Home, ServerProcess, run_to_end},
    rows, tables, uuid,
};
use sea_orm::{ConnectionTrait, Database, DatabaseConnection};

const EMAIL: &str = "Jeanne.Quetzal@marquadresse.fr";
const NEW_EMAIL: &str = "quetzal.neuve@marquenouvelle.fr";
const PENDING: &str = "quetzal.attente@marqueattente.fr";
const OF_DESK: &str = "quetzal.assistance@marqueassistance.fr";
const MERGED: &str = "quetzal.double@marquedouble.fr";

/// What a person has typed, or is known by; each but the digests and the machines' IDs.
const TEXTS: [&str; 19] = [
    "marquadresse",
    "marquenouvelle",
    "marqueattente",
    "marqueassistance",
    "marquedouble",
    "quetzal",
    "marqueraison",
    "marquenom",
    "marqueprenom",
    "marquerue",
    "marqueville",
    "0158904977",
    "01-58-90-49-77",
    "+33158904977",
    "marqueposte",
    "marqueerreur",
    "marqueachat",
    "marquesujet",
    "marquefiliale",
];

fn machine(number: u128) -> v1::Machine {
    v1::Machine { id: uuid(7_770_000 + number), name: format!("Marqueposte {number}") }
}

/// What is looked for.
struct Marks {
    texts: BTreeSet<String>,
    bytes: Vec<Vec<u8>>,
}

impl Marks {
    /// Those that are known from the beginning, and what the tables have made of them.
    async fn collect(db: &DatabaseConnection) -> Self {
        let mut texts: BTreeSet<String> = TEXTS.map(str::to_owned).into();
        let mut bytes = Vec::new();
        for number in 1..=9 {
            let id = machine(number).id;
            let parsed = id.parse::<uuid::Uuid>().expect("a UUID");
            bytes.push(parsed.as_bytes().to_vec());
            // As it is told, and as a dump has it.
            texts.extend([id, parsed.simple().to_string()]);
        }
        // Whoever shares the network has those, too.
        let keys = "SELECT key FROM throttle WHERE key NOT LIKE 'mails-from:%'";
        for row in rows(db, keys).await {
            let key: String = row.try_get_by_index(0).expect("a key");
            // Its address is digested; nobody asks twice what it is digested from.
            let digest = key.split(':').nth(1).filter(|part| part.len() > 20);
            texts.extend(digest.map(str::to_lowercase));
        }
        Self { texts, bytes }
    }

    fn found_in(&self, contents: &[u8]) -> Vec<String> {
        let text = String::from_utf8_lossy(contents).to_lowercase();
        let texts = self.texts.iter().filter(|mark| text.contains(mark.as_str())).cloned();
        let has =
            |mark: &&Vec<u8>| contents.windows(mark.len()).any(|part| part == mark.as_slice());
        let bytes = self.bytes.iter().filter(has).map(|mark| format!("{mark:02x?}"));
        texts.chain(bytes).collect()
    }
}

/// Every row of every table, as text.
async fn dump(db: &DatabaseConnection) -> String {
    let mut dump = String::new();
    for table in tables(db).await {
        let sql = if is_postgres() {
            format!("SELECT t::text FROM {table} AS t")
        } else {
            let columns = rows(db, &format!("SELECT name FROM pragma_table_info('{table}')")).await;
            let columns: Vec<String> = columns
                .iter()
                .map(|row| row.try_get_by_index::<String>(0).expect("a name"))
                .map(|name| format!("quote({name})"))
                .collect();
            format!("SELECT {} FROM {table}", columns.join(" || '|' || "))
        };
        for row in rows(db, &sql).await {
            let line: String = row.try_get_by_index(0).expect("a text");
            dump.extend([table.as_str(), " ", &line, "\n"]);
        }
    }
    dump
}

async fn open(server: &ServerProcess, client: &Client, email: &str, number: u128) -> (u32, String) {
    let profile = v1::Account {
        company_name: "Marqueraison et fils".to_owned(),
        last_name: "Marquenom".to_owned(),
        first_name: "Marqueprénom".to_owned(),
        address: "3 rue Marquerue".to_owned(),
        postal_code: "59000".to_owned(),
        city: "Marqueville".to_owned(),
        phone: "01-58-90-49-77".to_owned(),
        ..Default::default()
    };
    let request = v1::CreateRequest {
        request_id: uuid(7_780_000 + number),
        email: email.to_owned(),
        machine: Some(machine(number)),
        profile: Some(profile),
        ..Default::default()
    };
    let challenge_id = client.create(request).await.expect("Create").challenge_id;
    let code = server.code_to(email).await;
    let confirm = v1::ConfirmRequest { challenge_id, code, ..Default::default() };
    let confirmed = client.confirm(confirm).await.expect("Confirm");
    let set = v1::SetPasswordRequest {
        ticket: confirmed.ticket,
        new_password: PASSWORD.to_owned(),
        ..Default::default()
    };
    let set = client.set_password(set).await.expect("SetPassword");
    (confirmed.account_id, set.link_token)
}

fn with_token(client: &Client, token: &str) -> Client {
    client.with_link_token(&gestan_account_client::LinkToken::parse(token).expect("a token"))
}

/// Everything that leaves a row with something of the customer.
async fn live(server: &ServerProcess, db: &DatabaseConnection, key: &str) -> u32 {
    let client = server.connect(ClientOptions::new()).await;
    let (account_id, token) = open(server, &client, EMAIL, 1).await;
    let own = with_token(&client, &token);
    let register = |number: u128, secret: &str| {
        let (secret, machine) = (secret.to_owned(), Some(machine(number)));
        client.register_existing(v1::RegisterExistingRequest { account_id, secret, machine })
    };
    register(2, PASSWORD).await.expect("it is linked");
    let third = register(3, PASSWORD).await.expect("it is linked").link_token;
    with_token(&client, &third).unlink(v1::UnlinkRequest::default()).await.expect("it is cut");
    register(4, "pas celui-là du tout").await.expect_err("a wrong password");
    // Another address, and mails to the old one; then one that stays pending.
    let moved = own.update(change_email(NEW_EMAIL)).await.expect("Update").challenge_id;
    let code = server.code_to(NEW_EMAIL).await;
    let confirm = v1::ConfirmRequest { challenge_id: moved, code, ..Default::default() };
    client.confirm(confirm).await.expect("the address is changed");
    own.update(change_email(PENDING)).await.expect("Update");
    // A window that waits.
    let resend = v1::ResendPasswordRequest {
        request_id: uuid(7_790_000),
        account_id,
        machine: Some(machine(5)),
        ..Default::default()
    };
    client.resend_password(resend).await.expect("ResendPassword");
    server.code_to(NEW_EMAIL).await;
    // Another account, that becomes a part of it.
    let (double, _) = open(server, &client, MERGED, 6).await;
    let mut desk = desk_at(server.address, Some(key), None).await;
    merge(&desk, double, account_id).await;
    let send = SendCodeRequest { account_id, ..Default::default() };
    desk.send_code(send).await.expect("SendCode");
    let start = StartEmailChangeRequest {
        account_id,
        email: OF_DESK.to_owned(),
        reason: "rappel de Marquenom".to_owned(),
        ..Default::default()
    };
    desk.start_email_change(start).await.expect("StartEmailChange");
    let city = v1::Account { city: "Marqueville-sur-Mer".to_owned(), ..Default::default() };
    own.update(change(&["city"], city)).await.expect("Update");
    let grant = GrantTimeRequest {
        account_id,
        minutes: 60,
        reference: "FA-2026-0042".to_owned(),
        summary: "Marqueachat".to_owned(),
        ..Default::default()
    };
    desk.grant_time(grant).await.expect("GrantTime");
    let charge = ChargeTimeRequest {
        account_id,
        minutes: 45,
        summary: "Marquesujet".to_owned(),
        company_name: "Marquefiliale".to_owned(),
        machine_id: machine(2).id,
        ..Default::default()
    };
    desk.charge_time(charge).await.expect("ChargeTime");
    desk.export_account(ExportAccountRequest { account_id, ..Default::default() })
        .await
        .expect("ExportAccount");
    // Mails in each state: one waits for a day, others were sent; these have not arrived.
    until(db, "SELECT count(*) FROM outbox_mail WHERE state = 'pending' AND attempts = 0", 1).await;
    for state in ["failed", "expired", "dropped"] {
        let sql = format!(
            "UPDATE outbox_mail SET state = '{state}', last_error = '550 5.1.1: Marqueerreur' \
             WHERE id = (SELECT id FROM outbox_mail WHERE state = 'sent' LIMIT 1)"
        );
        execute(db, &sql).await;
    }
    account_id
}

/// Waits until a query gives a number; the server that brings it about has no line for it.
async fn until(db: &impl ConnectionTrait, sql: &str, number: i64) {
    let waited = async {
        while count(db, sql).await != number {
            tokio::task::yield_now().await;
        }
    };
    let limit = gestan_account_tests::process::TIMEOUT;
    tokio::time::timeout(limit, waited).await.unwrap_or_else(|_| panic!("never {number}: {sql}"));
}

#[tokio::test]
async fn nothing_of_an_erased_account_is_left_in_tables_files_backup_and_log() {
    let home = Home::migrated().await;
    let key = ["support-key", "create", "Ève", "--role", "admin"];
    let key = run_to_end(home.command().args(key)).await.printed.trim().to_owned();
    let server = ServerProcess::start(&home, &["--log", "trace"]).await;
    let db = Database::connect(home.database_url()).await.expect("a database");
    let account_id = live(&server, &db, &key).await;
    let marks = Marks::collect(&db).await;
    let before = dump(&db).await;
    for text in TEXTS {
        // The ways to write one number are not all kept.
        let is_kept = marks.found_in(before.as_bytes()).contains(&text.to_owned());
        assert!(is_kept, "{text} would not be found");
    }
    let mut desk = desk_at(server.address, Some(&key), None).await;
    let request = EraseAccountRequest { write_off_minutes: 15, ..erase_request(account_id) };
    let answer = desk.erase_account(request).await.expect("it is erased").into_inner();
    assert!(answer.machines > 2 && answer.events > 10, "{answer:?}");
    assert_eq!(answer.kept_time_entries, 3);
    until(&db, "SELECT count(*) FROM outbox_mail", 0).await;
    // The log has a word for each kind of mail.
    server.wait_for_log("account_erased").await;

    // What the server does each minute: it takes rows that counted nothing, and only were locked.
    let purged = run_to_end(home.command().arg("purge")).await;
    assert!(purged.status.success(), "{}", purged.log);
    let left = dump(&db).await;
    assert_eq!(marks.found_in(left.as_bytes()), [""; 0], "{left}");
    let kept = "SELECT CAST(sum(minutes) AS bigint) FROM time_entry";
    assert_eq!(count(&db, kept).await, 0, "the books are settled");
    assert!(left.contains("FA-2026-0042"), "the number of an invoice is kept: {left}");
    let compacted = run_to_end(home.command().arg("compact")).await;
    assert!(compacted.status.success(), "{}", compacted.log);
    assert_eq!(count(&db, "SELECT count(*) FROM maintenance").await, 0);
    if is_postgres() {
        let dumped = Command::new("pg_dump").arg(home.database_url()).output();
        // Where the client programs are not in the path, the rows above have to do.
        if let Ok(dumped) = dumped.as_ref().map(|dumped| &dumped.stdout) {
            assert_eq!(marks.found_in(dumped), [""; 0]);
        }
    } else {
        for contents in home.database_files() {
            assert_eq!(marks.found_in(&contents), [""; 0]);
        }
        let copy = home.path().join("copie.sqlite");
        let backup = ["backup", "--to", copy.to_str().expect("UTF-8")];
        let backed_up = run_to_end(home.command().args(backup)).await;
        assert!(backed_up.status.success(), "{}", backed_up.log);
        assert_eq!(marks.found_in(&fs::read(copy).expect("a copy")), [""; 0]);
    }
    server.wait_for_log("account erased").await;
    let log = server.log();
    let logged: Vec<String> = marks.found_in(log.as_bytes());
    // Machines are told by their IDs, as accounts are.
    let logged: Vec<&String> =
        logged.iter().filter(|mark| mark.parse::<uuid::Uuid>().is_err()).collect();
    assert_eq!(logged, [""; 0]);
    assert!(log.contains("account.id=1"), "by it an operator erases again: {log}");
    server.terminate().await;
    server.wait().await;
    if !is_postgres() {
        for contents in home.database_files() {
            assert_eq!(marks.found_in(&contents), [""; 0], "after the end");
        }
    }
}
