//! An ID that a caller names is looked up together with where it leads, and still by primary
//! keys; the commonest call names none, and pays nothing.

use gestan_account_client::v1;
use gestan_account_proto::support::v1::{
    CancelEmailChangeRequest, GetAccountRequest, SendCodeRequest,
};
use gestan_account_server::domain::role::Role;
use gestan_account_tests::{PASSWORD, TestServer, execute, is_postgres, machine, rows};
use sea_orm::TryGetable as _;

/// Enough of both that a planner has a choice.
const ROWS: u32 = 3_000;

async fn fill(server: &TestServer) {
    let numbers = if is_postgres() {
        format!("(SELECT generate_series(1, {ROWS}) AS n) AS numbers")
    } else {
        format!(
            "(WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers \
             WHERE n < {ROWS}) SELECT n FROM numbers)"
        )
    };
    for sql in [
        format!(
            "INSERT INTO account (version, email, email_key, locale, company_name, last_name, \
             first_name, address, postal_code, city, country_code, phone, ape_code, create_time, \
             update_time) SELECT 1, 'x' || n, 'x' || n, 'fr', '', '', '', '', '', '', 'FRA', '', \
             '', 1, 1 FROM {numbers}"
        ),
        format!("INSERT INTO account_alias SELECT 1000000 + n, n, 1, 0, 0 FROM {numbers}"),
        "ANALYZE".to_owned(),
    ] {
        execute(server.db(), &sql).await;
    }
}

/// How the database finds what the statement asks for.
async fn plan(server: &TestServer, statement: &str) -> String {
    let explained = if is_postgres() {
        // Every value of these is a number.
        let values = (1..=9)
            .fold(statement.to_owned(), |sql, number| sql.replace(&format!("${number}"), "7"));
        format!("EXPLAIN {values}")
    } else {
        format!("EXPLAIN QUERY PLAN {statement}")
    };
    let column = if is_postgres() { 0 } else { 3 };
    let lines = rows(server.db(), &explained).await;
    let line = |row| String::try_get_by_index(row, column).expect("a line");
    lines.iter().map(line).collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn an_account_is_found_by_primary_keys_whatever_id_leads_to_it() {
    let server = TestServer::start().await;
    let member = server.open_account("jeanne@exemple.fr", 1).await;
    fill(&server).await;
    let mut desk = server.desk(Role::Admin).await;
    let (account_id, _) = (member.account_id, server.take_statements());

    let read = member.client.get(v1::GetRequest { account_id }).await;
    read.expect("it is read");
    let own = server.take_statements();
    assert!(own.iter().all(|sql| !sql.contains("account_alias")), "{own:#?}");

    server.resend(account_id, 2).await;
    let register = v1::RegisterExistingRequest {
        account_id,
        secret: PASSWORD.to_owned(),
        machine: Some(machine(3)),
    };
    server.client.register_existing(register).await.expect("it is linked");
    desk.get_account(GetAccountRequest { account_id }).await.expect("it is read");
    let send = SendCodeRequest { account_id, ..Default::default() };
    desk.send_code(send).await.expect("it is sent");
    desk.cancel_email_change(CancelEmailChangeRequest { account_id }).await.expect("none");
    server.deliver_mail().await;
    let mut statements = server.take_statements();
    statements.retain(|sql| sql.contains("COALESCE") && sql.contains("\"account_alias\""));
    statements.sort_unstable();
    statements.dedup();
    assert_eq!(statements.len(), 3, "to read, to change, the address alone: {statements:#?}");
    for statement in statements {
        let plan = plan(&server, &statement).await;
        println!("{statement}\n{plan}\n");
        let uses: &[&str] = if is_postgres() {
            &["using account_pkey on account", "using account_alias_pkey on account_alias"]
        } else {
            &[
                "SEARCH account USING INTEGER PRIMARY KEY (rowid=?)",
                "SEARCH account_alias USING INTEGER PRIMARY KEY (rowid=?)",
            ]
        };
        assert!(uses.iter().all(|uses| plan.contains(uses)), "{statement}\n{plan}");
        assert!(!plan.contains("Seq Scan") && !plan.contains("SCAN "), "{statement}\n{plan}");
    }
}
