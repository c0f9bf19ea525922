//! The version before and the new one run side by side on one schema: what the
//! old one reads and writes must still be there, and what is new must not be
//! asked of it. `upgrades/` holds what each release expects; a file is added
//! with a release and never changed.

use std::{collections::BTreeMap, fs};

use gestan_account_server::domain::profile::Profile;
use gestan_account_tests::{TestServer, is_postgres, process::workspace, rows, tables};
use sea_orm::ConnectionTrait;

/// A column: whether it must be written, for want of a default.
type Columns = BTreeMap<(String, String), bool>;

async fn columns(db: &impl ConnectionTrait) -> Columns {
    let mut columns = Columns::new();
    for table in tables(db).await.into_iter().filter(|table| table != "seaql_migrations") {
        let sql = if is_postgres() {
            format!(
                "SELECT column_name::text, is_nullable = 'NO' AND column_default IS NULL \
                 AND is_identity = 'NO' FROM information_schema.columns \
                 WHERE table_schema = 'public' AND table_name = '{table}'"
            )
        } else {
            format!(
                "SELECT name, \"notnull\" = 1 AND dflt_value IS NULL AND NOT (pk = 1 AND \
                 lower(type) = 'integer' AND (SELECT lower(sql) LIKE '%autoincrement%' FROM \
                 sqlite_master WHERE name = '{table}')) FROM pragma_table_info('{table}')"
            )
        };
        for row in rows(db, &sql).await {
            let name: String = row.try_get_by_index(0).expect("a name");
            let required: bool = row.try_get_by_index(1).expect("a truth");
            columns.insert((table.clone(), name), required);
        }
    }
    columns
}

fn lines(columns: &Columns) -> String {
    let line = |((table, column), required): (&(String, String), &bool)| {
        let written = if *required { "required" } else { "optional" };
        format!("{table} {column} {written}\n")
    };
    columns.iter().map(line).collect()
}

fn parse(text: &str) -> Columns {
    let parse = |line: &str| {
        let mut words = line.split(' ').map(str::to_owned);
        let (table, column) = (words.next().expect("a table"), words.next().expect("a column"));
        ((table, column), words.next().as_deref() == Some("required"))
    };
    text.lines().map(parse).collect()
}

/// Expand, then contract: a release only adds, and what it adds can be left out.
#[tokio::test]
async fn every_release_can_work_on_the_newest_schema() {
    let server = TestServer::start().await;
    let newest = columns(server.db()).await;
    let folder = workspace().join("tests/suite/database/upgrades");
    let mut releases = 0;
    for release in fs::read_dir(&folder).expect("a folder") {
        let release = release.expect("a file").path();
        let expected = parse(&fs::read_to_string(&release).expect("a text"));
        let release = release.file_stem().expect("a name").to_string_lossy().into_owned();
        for (column, required) in &expected {
            let now = newest.get(column);
            assert!(now.is_some(), "{release} uses {column:?}, which is gone");
            // A column that it may leave out may be left out still.
            assert!(*required || now == Some(&false), "{release} may leave {column:?} out");
        }
        let known: Vec<&String> = expected.keys().map(|(table, _)| table).collect();
        for (column, required) in &newest {
            let is_new = known.contains(&&column.0) && !expected.contains_key(column);
            assert!(!(is_new && *required), "{release} cannot write {column:?}");
        }
        releases += 1;
    }
    assert!(releases > 0, "no release is looked at");
}

/// The newest file is true: a change of the schema comes with a file of its own,
/// or, before the first release, with a change of this one.
#[tokio::test]
async fn the_expectations_of_this_version_are_written_down() {
    let server = TestServer::start().await;
    let file = format!("tests/suite/database/upgrades/{}.txt", env!("CARGO_PKG_VERSION"));
    let written = fs::read_to_string(workspace().join(&file)).unwrap_or_default();
    let columns = lines(&columns(server.db()).await);
    assert_eq!(written, columns, "{file} must be\n{columns}");
}

/// A challenge holds a form in one column, as JSON, which the list of columns does not
/// show: what one release writes there, the others read.
#[test]
fn the_form_in_a_challenge_is_written_as_every_release_reads_it() {
    const FILLED: &str = r#"{"company_name":"Boulangerie Martin","last_name":"Martin","first_name":"Jeanne","address":"12 rue des Lilas\nLyon","postal_code":"69001","city":"Lyon","country_code":"FRA","phone":"01-58-90-49-77","phone_e164":"+33158904977","ape_code":"4711Y","ape_naf_2025":true}"#;
    const FOREIGN: &str = r#"{"company_name":"","last_name":"","first_name":"","address":"","postal_code":"B 1000","city":"","country_code":"BEL","phone":"","phone_e164":null,"ape_code":"47.1","ape_naf_2025":null}"#;
    for written in [FILLED, FOREIGN] {
        let form: Profile = serde_json::from_str(written).expect("a form");
        assert_eq!(serde_json::to_string(&form).expect("JSON"), written);
    }
    // A release before did not know the one, and one to come adds the other.
    let other = FILLED.replace(r#""city":"Lyon","#, r#""region":"Rhône","#);
    let form: Profile = serde_json::from_str(&other).expect("a form");
    assert_eq!((form.city.as_str(), form.last_name.as_str()), ("", "Martin"));
}
