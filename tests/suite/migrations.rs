//! The schema goes up and down and up again.

use gestan_account_migration::Migrator;
use gestan_account_tests::{TestServer, count, rows};
use sea_orm::{ConnectOptions, Database, DatabaseConnection};
use sea_orm_migration::MigratorTrait as _;

/// Everything that defines the schema, in a fixed order.
async fn schema(db: &DatabaseConnection) -> Vec<String> {
    let sql = "SELECT type || ' ' || name || ' ' || coalesce(sql, '') FROM sqlite_schema \
               WHERE name <> 'seaql_migrations' AND name NOT LIKE 'sqlite_%' \
               AND tbl_name <> 'seaql_migrations' ORDER BY type, name";
    let rows = rows(db, sql).await;
    rows.iter().map(|row| row.try_get_by_index(0).expect("a text")).collect()
}

async fn empty_database() -> DatabaseConnection {
    let mut options = ConnectOptions::new("sqlite::memory:");
    // Each connection would have a database of its own.
    options.max_connections(1).sqlx_logging(false);
    Database::connect(options).await.expect("a database")
}

#[tokio::test]
async fn all_the_way_down_leaves_nothing_and_up_again_the_same_schema() {
    let db = empty_database().await;
    Migrator::up(&db, None).await.expect("up");
    let first = schema(&db).await;
    assert!(first.iter().any(|line| line.starts_with("table account ")), "{first:?}");
    Migrator::down(&db, None).await.expect("down");
    assert_eq!(schema(&db).await, [""; 0]);
    Migrator::up(&db, None).await.expect("up again");
    assert_eq!(schema(&db).await, first);
}

#[tokio::test]
async fn each_change_takes_back_exactly_what_it_made() {
    let db = empty_database().await;
    for step in 1..=Migrator::migrations().len() {
        let before = schema(&db).await;
        Migrator::up(&db, Some(1)).await.expect("up");
        let after = schema(&db).await;
        assert_ne!(after, before, "change {step} does nothing");
        Migrator::down(&db, Some(1)).await.expect("down");
        assert_eq!(schema(&db).await, before, "change {step} leaves something behind");
        Migrator::up(&db, Some(1)).await.expect("up again");
        assert_eq!(schema(&db).await, after);
    }
}

#[tokio::test]
async fn migrating_what_is_up_to_date_changes_nothing() {
    let server = TestServer::start().await;
    server.open_account("jeanne@exemple.fr", 1).await;
    let before = schema(server.db()).await;
    server.accounts.db.migrate().await.expect("migrations apply");
    assert!(server.accounts.db.is_migrated().await.expect("it is known"));
    assert_eq!(schema(server.db()).await, before);
    assert_eq!(count(server.db(), "SELECT count(*) FROM account").await, 1);
}
