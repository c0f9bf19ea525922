//! The schema goes up and down and up again.

use gestan_account_migration::Migrator;
use gestan_account_tests::{TestDatabase, TestServer, count, is_postgres, rows};
use sea_orm::{ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbBackend};
use sea_orm_migration::MigratorTrait as _;

/// Everything that defines the schema, in a fixed order.
async fn schema(db: &impl ConnectionTrait) -> Vec<String> {
    let sql = match db.get_database_backend() {
        DbBackend::Postgres => POSTGRES_SCHEMA,
        _ => SQLITE_SCHEMA,
    };
    let rows = rows(db, sql).await;
    rows.iter().map(|row| row.try_get_by_index(0).expect("a text")).collect()
}

const SQLITE_SCHEMA: &str = "
    SELECT type || ' ' || name || ' ' || coalesce(sql, '') FROM sqlite_schema
    WHERE name <> 'seaql_migrations' AND name NOT LIKE 'sqlite_%'
    AND tbl_name <> 'seaql_migrations' ORDER BY type, name";

/// Columns stand in their order, without their numbers: that of one that is gone is given to
/// no other.
const POSTGRES_SCHEMA: &str = "
    SELECT * FROM (
        SELECT 'table ' || table_name || ' column '
               || row_number() OVER (PARTITION BY table_name ORDER BY ordinal_position)
               || ' ' || column_name || ' ' || data_type || ' ' || is_nullable || ' '
               || coalesce(column_default, '') || ' ' || is_identity AS line
        FROM information_schema.columns
        WHERE table_schema = 'public' AND table_name <> 'seaql_migrations'
        UNION ALL
        SELECT 'index ' || indexname || ' ' || indexdef FROM pg_indexes
        WHERE schemaname = 'public' AND tablename <> 'seaql_migrations'
        UNION ALL
        SELECT 'constraint ' || conname || ' ' || pg_get_constraintdef(oid) FROM pg_constraint
        WHERE connamespace = 'public'::regnamespace
        AND conrelid::regclass::text <> 'seaql_migrations'
        UNION ALL
        SELECT 'sequence ' || sequencename FROM pg_sequences WHERE schemaname = 'public'
        UNION ALL
        SELECT 'trigger ' || tgname || ' ' || pg_get_triggerdef(oid) FROM pg_trigger
        WHERE NOT tgisinternal
        UNION ALL
        SELECT 'function ' || proname || ' ' || prosrc FROM pg_proc
        WHERE pronamespace = 'public'::regnamespace
    ) AS lines ORDER BY line";

async fn connect(database: &TestDatabase) -> DatabaseConnection {
    // The program that opens an SQLite file makes its folder.
    let url = if is_postgres() { database.url() } else { "sqlite::memory:" };
    let mut options = ConnectOptions::new(url);
    // Each connection would have a database in memory of its own.
    options.max_connections(1).sqlx_logging(false);
    Database::connect(options).await.expect("a database")
}

#[tokio::test]
async fn all_the_way_down_leaves_nothing_and_up_again_the_same_schema() {
    let database = TestDatabase::empty();
    let db = connect(&database).await;
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
    let database = TestDatabase::empty();
    let db = connect(&database).await;
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
