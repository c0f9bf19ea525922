//! docs/PRIVACY.md has every table and every column of the schema as it is: in the record of
//! processing, and in the table of what an erasure makes of it.

use std::collections::BTreeSet;

use gestan_account_tests::{TestServer, is_postgres, process::workspace, rows, tables};
use sea_orm::ConnectionTrait;

use super::{quoted, read};

/// Every column, as `table.column`.
async fn schema(db: &impl ConnectionTrait) -> BTreeSet<String> {
    let mut schema = BTreeSet::new();
    for table in tables(db).await {
        let sql = if is_postgres() {
            format!(
                "SELECT column_name::text FROM information_schema.columns \
                 WHERE table_schema = 'public' AND table_name = '{table}'"
            )
        } else {
            format!("SELECT name FROM pragma_table_info('{table}')")
        };
        for row in rows(db, &sql).await {
            let column: String = row.try_get_by_index(0).expect("a name");
            schema.insert(format!("{table}.{column}"));
        }
    }
    schema
}

/// The rows of the tables in a section, without their heads: the cells of each.
fn section<'a>(document: &'a str, title: &str) -> Vec<Vec<&'a str>> {
    let (_, section) = document.split_once(&format!("\n## {title}\n")).expect("a section");
    let section = section.split("\n## ").next().unwrap_or_default();
    let lines = section.lines().filter(|line| line.starts_with("| `"));
    lines.map(|line| line.trim_matches('|').split('|').map(str::trim).collect()).collect()
}

/// The columns of the record: the first one of a cell names the table.
fn recorded(document: &str) -> Vec<String> {
    let mut columns = Vec::new();
    for row in section(document, "2. Every column") {
        let mut table = "";
        for word in quoted(row[0]) {
            let column = match word.split_once('.') {
                Some((named, column)) => {
                    table = named;
                    column
                }
                None => word,
            };
            columns.push(format!("{table}.{column}"));
        }
    }
    columns
}

/// The columns of the table of erasure.
fn erased(document: &str) -> Vec<String> {
    let rows = section(document, "3. What an erasure does");
    let columns = rows.iter().flat_map(|row| {
        let table = quoted(row[0]).next().expect("a table");
        quoted(row[1]).map(move |column| format!("{table}.{column}"))
    });
    columns.collect()
}

#[tokio::test]
async fn every_column_is_in_the_record_and_in_the_table_of_erasure() {
    let server = TestServer::start().await;
    let schema = schema(server.db()).await;
    assert!(schema.len() > 100, "{schema:?}");
    let document = read(&workspace().join("docs/PRIVACY.md"));
    for (what, told) in [("the record", recorded(&document)), ("the erasure", erased(&document))] {
        let once: BTreeSet<String> = told.iter().cloned().collect();
        assert_eq!(once.len(), told.len(), "{what} tells a column twice");
        let missing: Vec<&String> = schema.difference(&once).collect();
        assert!(missing.is_empty(), "not in {what}: {missing:#?}");
        let gone: Vec<&String> = once.difference(&schema).collect();
        assert!(gone.is_empty(), "{what} tells of what is not there: {gone:#?}");
    }
    for row in section(&document, "2. Every column") {
        assert!(row.len() == 5 && row.iter().all(|cell| !cell.is_empty()), "{row:?}");
    }
    for row in section(&document, "3. What an erasure does") {
        assert!(row.len() == 4 && row.iter().all(|cell| !cell.is_empty()), "{row:?}");
    }
}
