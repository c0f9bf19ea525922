//! How PostgreSQL reads a page: entry by entry in the order of the index, whatever it knows
//! of the words.

use gestan_account_server::storage::account_word::{Search, repair, search_statement};
use gestan_account_tests::{TestServer, execute, is_postgres, made_up, rows};
use sea_orm::{ConnectionTrait, Statement, Value};

const ACCOUNTS: u32 = 3_000;

async fn lines(db: &impl ConnectionTrait, sql: &str) -> String {
    let rows = rows(db, sql).await;
    let lines = rows.iter().map(|row| row.try_get_by_index::<String>(0).expect("a line"));
    lines.collect::<Vec<_>>().join("\n")
}

fn literal(value: &Value) -> String {
    match value {
        Value::String(Some(text)) => format!("'{}'", text.replace('\'', "''")),
        Value::BigInt(Some(number)) => number.to_string(),
        other => panic!("{other:?}"),
    }
}

fn assert_reads_entry_by_entry(plan: &str, query: &str) {
    assert!(plan.contains("SubPlan"), "{query}:\n{plan}");
    assert!(plan.contains("using account_word_account"), "{query}:\n{plan}");
    for bad in ["Join", "Nested Loop", "Hash", "Seq Scan"] {
        assert!(!plan.contains(bad), "{query}: {bad}:\n{plan}");
    }
}

/// With EXISTS it made a join over all entries of the other word of some queries, and took
/// seconds: the statement has values, and the plan is held here.
#[tokio::test]
async fn postgresql_asks_each_entry_for_the_other_words_and_joins_nothing() {
    // What SQLite does is written in the statement: it has no other ways.
    if !is_postgres() {
        return;
    }
    let server = TestServer::start().await;
    made_up::insert(server.db(), ACCOUNTS).await;
    repair(&server.accounts.db).await.expect("words are written");
    execute(server.db(), "ANALYZE account_word").await;
    let db = server.accounts.db.read();
    for words in [
        vec!["martin", "paris"],
        vec!["epicerie", "marche"],
        vec!["a", "b", "c"],
        vec!["saint", "denis"],
        vec!["boulangerie", "soleil", "lille"],
        vec!["zzzz", "fr"],
        vec!["@orange", "dupont"],
        vec!["s", "d", "l", "m", "b", "c", "r", "p"],
    ] {
        let search = Search {
            driver: words[0],
            others: words[1..].to_vec(),
            not_all_of: vec!["sarl"],
            not_with: Some("+33612345678"),
            without: &[],
            after: None,
            entries: 5_000,
            limit: 21,
        };
        let statement: Statement = search_statement(&db, &search);
        let query = words.join(" ");
        let plan = lines(&db, &format!("EXPLAIN (COSTS OFF) {statement}")).await;
        assert_reads_entry_by_entry(&plan, &query);
        // As it is prepared, when it has been run often: for any words.
        let values = statement.values.as_ref().expect("values").0.iter().map(literal);
        let values = values.collect::<Vec<_>>().join(", ");
        let transaction = server.accounts.db.begin().await.expect("a transaction");
        execute(&transaction, "SET LOCAL plan_cache_mode = force_generic_plan").await;
        execute(&transaction, &format!("PREPARE page AS {}", statement.sql)).await;
        let explain = format!("EXPLAIN (COSTS OFF) EXECUTE page({values})");
        assert_reads_entry_by_entry(&lines(&transaction, &explain).await, &query);
        execute(&transaction, "DEALLOCATE page").await;
        transaction.rollback().await.expect("it ends");
    }
    // Nor does it read a table to learn that no account is stale, or to count a word.
    execute(server.db(), "ANALYZE account").await;
    let _ = server.take_statements();
    assert!(!gestan_account_server::storage::account_word::has_stale(&db).await.expect("read"));
    let asked = server.take_statements().pop().expect("a statement").replace("$1", "1");
    let plan = lines(&db, &format!("EXPLAIN (COSTS OFF) {asked}")).await;
    assert!(plan.contains("account_stale") && !plan.contains("Seq Scan"), "{plan}");
}
