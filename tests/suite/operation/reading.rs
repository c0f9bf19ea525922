//! `account show`, `audit list` and `purge`: what took SQL before.

use gestan_account_client::{ClientOptions, v1::Account};
use gestan_account_tests::{
    change, count, desk_at, execute, merge,
    process::{Ended, Home, ServerProcess, run_to_end},
};
use sea_orm::{Database, DatabaseConnection};

async fn run(home: &Home, arguments: &[&str]) -> Ended {
    run_to_end(home.command().args(arguments)).await
}

async fn printed(home: &Home, arguments: &[&str]) -> String {
    let ended = run(home, arguments).await;
    assert!(ended.status.success(), "{arguments:?}: {}", ended.log);
    ended.printed
}

async fn database(home: &Home) -> DatabaseConnection {
    Database::connect(home.database_url()).await.expect("a database")
}

/// The actions in a list of events, each with who did it.
fn actions(printed: &str) -> Vec<(&str, &str)> {
    let fields = printed.lines().map(|line| line.split('\t').collect::<Vec<_>>());
    fields.map(|fields| (fields[2], fields[3].split(' ').next().unwrap_or_default())).collect()
}

#[tokio::test]
async fn the_id_of_a_merged_account_shows_the_one_that_it_leads_to() {
    let home = Home::new();
    let server = ServerProcess::start(&home, &[]).await;
    let client = server.connect(ClientOptions::new()).await;
    let stays = server.open_account(&client, 1).await;
    let ended = server.open_account(&client, 2).await;
    let key = printed(&home, &["support-key", "create", "Ève", "--role", "admin"]).await;
    let desk = desk_at(server.address, Some(key.trim()), None).await;
    merge(&desk, ended.account_id, stays.account_id).await;
    let shown = printed(&home, &["account", "show", &stays.account_id.to_string()]).await;
    assert!(shown.contains("machine_count: 2"), "{shown}");
    let id = ended.account_id.to_string();
    assert_eq!(printed(&home, &["account", "show", &id]).await, shown);
    printed(&home, &["audit", "list", "--account", &id]).await;
    let misfiled =
        "SELECT count(*) FROM audit_event WHERE actor_kind = 'operator' AND account_id = ";
    assert_eq!(count(&database(&home).await, &format!("{misfiled}{id}")).await, 0);
}

#[tokio::test]
async fn an_account_is_shown_with_its_machines_and_its_reading_is_an_event() {
    let home = Home::new();
    let server = ServerProcess::start(&home, &[]).await;
    let client = server.connect(ClientOptions::new()).await;
    let member = server.open_account(&client, 1).await;
    let values = Account {
        company_name: "Éditions Martin".into(),
        address: "12 rue des Lilas\nBâtiment B".into(),
        city: "Lyon".into(),
        ..Default::default()
    };
    let change = change(&["company_name", "address", "city"], values);
    member.update(change).await;

    let id = member.account_id.to_string();
    for _ in 0..2 {
        let shown = printed(&home, &["account", "show", &id]).await;
        for line in [
            format!("id: {id}").as_str(),
            "email: client1@exemple.fr",
            "pending_email: -",
            "company_name: Éditions Martin",
            "address: 12 rue des Lilas, Bâtiment B",
            "city: Lyon",
            "country_code: FRA",
            "has_password: yes",
            "machine_count: 1",
        ] {
            assert!(shown.lines().any(|shown| shown == line), "{line} is not in:\n{shown}");
        }
        let machine = member.machine.clone();
        let machine = format!("machine\t{}\t{}\t", machine.id, machine.name);
        assert!(shown.contains(&machine), "{shown}");
        assert!(!shown.contains("argon2") && !shown.contains(&member.link_token), "{shown}");
    }
    let db = database(&home).await;
    let events = "SELECT count(*) FROM audit_event WHERE action = 'read_account' AND actor_kind = \
                  'operator'";
    assert_eq!(count(&db, events).await, 1, "one in ten minutes");
    let unknown = run(&home, &["account", "show", "4000000000"]).await;
    assert_eq!(unknown.status.code(), Some(1));
    assert!(unknown.log.contains("there is no account 4000000000"), "{}", unknown.log);
    assert_eq!(run(&home, &["account", "show", "0"]).await.status.code(), Some(2));
}

#[tokio::test]
async fn the_trail_is_listed_by_account_and_by_time_the_newest_first() {
    let home = Home::new();
    let server = ServerProcess::start(&home, &[]).await;
    let client = server.connect(ClientOptions::new()).await;
    let members = [server.open_account(&client, 1).await, server.open_account(&client, 2).await];
    let city = Account { city: "Lyon".into(), ..Default::default() };
    members[1].update(change(&["city"], city)).await;
    let db = database(&home).await;
    // Those of the first account are three days old.
    let first = members[0].account_id;
    let older =
        format!("UPDATE audit_event SET time = time - 259200000 WHERE account_id = {first}");
    execute(&db, &older).await;

    let opened =
        [("set_password", "machine"), ("link_machine", "machine"), ("create_account", "machine")];
    let of_second = [&[("update_fields", "machine")][..], &opened].concat();
    let all = printed(&home, &["audit", "list"]).await;
    assert_eq!(actions(&all).len(), 7);
    assert_eq!(actions(&all)[0], ("update_fields", "machine"));
    assert!(all.contains("\tcity\t127.0.0.1"), "{all}");
    let recent = printed(&home, &["audit", "list", "--since", "1d"]).await;
    assert_eq!(sorted(actions(&recent)), sorted(of_second));
    let old = printed(&home, &["audit", "list", "--until", "2d"]).await;
    assert_eq!(sorted(actions(&old)), sorted(opened.to_vec()));
    let none = printed(&home, &["audit", "list", "--until", "2020-01-01"]).await;
    assert_eq!(none, "");
    let none = ["audit", "list", "--since", "2020-01-01T00:00:00Z", "--until", "2020-01-02"];
    assert_eq!(printed(&home, &none).await, "");
    assert_eq!(count(&db, "SELECT count(*) FROM audit_event").await, 7, "no account was read");

    let id = first.to_string();
    let of_first = printed(&home, &["audit", "list", "--account", &id]).await;
    assert_eq!(actions(&of_first)[0], ("list_events", "operator"));
    assert_eq!(actions(&of_first).len(), 4);
    let page = run(&home, &["audit", "list", "--account", &id, "--limit", "2"]).await;
    assert_eq!(actions(&page.printed), actions(&of_first)[..2]);
    assert!(page.log.contains("--until"), "{}", page.log);
    let wrong = run(&home, &["audit", "list", "--since", "hier"]).await;
    assert_eq!(wrong.status.code(), Some(2));
    assert!(wrong.log.contains("7d"), "{}", wrong.log);
}

/// Events of one moment have no order that a test may rely on.
fn sorted<'a>(mut actions: Vec<(&'a str, &'a str)>) -> Vec<(&'a str, &'a str)> {
    actions.sort_unstable();
    actions
}

#[tokio::test]
async fn a_purge_says_how_many_rows_of_what_it_took_and_follows_no_clock_that_jumps() {
    let home = Home::new();
    let server = ServerProcess::start(&home, &[]).await;
    let client = server.connect(ClientOptions::new()).await;
    let member = server.open_account(&client, 1).await;
    server.terminate().await;
    server.wait().await;
    let db = database(&home).await;
    // As if nothing had run for a month.
    for (table, columns) in [
        ("challenge", &["create_time", "expire_time", "spent_time"][..]),
        ("outbox_mail", &["create_time", "end_time"]),
        ("audit_event", &["time"]),
        ("heartbeat", &["time"]),
    ] {
        for column in columns {
            let back = format!("UPDATE {table} SET {column} = {column} - 2592000000");
            execute(&db, &back).await;
        }
    }
    let ended = run(&home, &["purge"]).await;
    assert!(ended.status.success(), "{}", ended.log);
    assert!(ended.printed.contains("challenges\t0\n"), "{}", ended.printed);
    assert!(ended.log.contains("--trust-clock"), "{}", ended.log);
    assert_eq!(count(&db, "SELECT count(*) FROM challenge").await, 1);

    let ended = run(&home, &["purge", "--trust-clock"]).await;
    assert!(ended.status.success(), "{}", ended.log);
    for line in ["challenges\t1\n", "mails that had ended\t2\n", "audit events\t0\n"] {
        assert!(ended.printed.contains(line), "{line} is not in {}", ended.printed);
    }
    assert!(!ended.log.contains("--trust-clock"), "{}", ended.log);
    for table in ["challenge", "outbox_mail"] {
        assert_eq!(count(&db, &format!("SELECT count(*) FROM {table}")).await, 0, "{table}");
    }
    let again = printed(&home, &["purge", "--audit-retention", "24h"]).await;
    assert!(again.contains("audit events\t3\n"), "{again}");
    assert_eq!(count(&db, "SELECT count(*) FROM account").await, 1);
    assert_eq!(member.account_id, 1);
}
