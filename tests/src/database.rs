//! Looks into the database, past the server.

use sea_orm::{ConnectionTrait, DbBackend, QueryResult, Statement};

/// The rows of a query.
///
/// # Panics
/// When the query fails.
pub async fn rows(db: &impl ConnectionTrait, sql: &str) -> Vec<QueryResult> {
    let statement = Statement::from_string(db.get_database_backend(), sql);
    db.query_all_raw(statement).await.unwrap_or_else(|error| panic!("{sql}: {error}"))
}

/// The number that a query gives in its first column.
///
/// # Panics
/// When it gives none.
pub async fn count(db: &impl ConnectionTrait, sql: &str) -> i64 {
    let rows = rows(db, sql).await;
    let number = rows[0].try_get_by_index(0);
    // PostgreSQL tells small integers from large ones.
    number
        .or_else(|_| rows[0].try_get_by_index::<i32>(0).map(i64::from))
        .unwrap_or_else(|error| panic!("{sql}: {error}"))
}

/// The text that a query gives in its first column; none for NULL or no row.
///
/// # Panics
/// When it gives something else.
pub async fn text(db: &impl ConnectionTrait, sql: &str) -> Option<String> {
    let rows = rows(db, sql).await;
    let text: Option<String> =
        rows.first()?.try_get_by_index(0).unwrap_or_else(|error| panic!("{sql}: {error}"));
    text
}

/// The names of all tables.
///
/// # Panics
/// When they cannot be read.
pub async fn tables(db: &impl ConnectionTrait) -> Vec<String> {
    let sql = match db.get_database_backend() {
        DbBackend::Postgres => {
            "SELECT tablename::text FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename"
        }
        _ => {
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' \
             ORDER BY name"
        }
    };
    let rows = rows(db, sql).await;
    rows.iter().map(|row| row.try_get_by_index(0).expect("a name")).collect()
}

/// Changes the database, past the server.
///
/// # Panics
/// When the statement fails.
pub async fn execute(db: &impl ConnectionTrait, sql: &str) {
    db.execute_unprepared(sql).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
}
