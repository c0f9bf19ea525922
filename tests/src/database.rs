//! Looks into the database, past the server.

use sea_orm::{ConnectionTrait as _, DatabaseConnection, QueryResult, Statement};

/// The rows of a query.
///
/// # Panics
/// When the query fails.
pub async fn rows(db: &DatabaseConnection, sql: &str) -> Vec<QueryResult> {
    let statement = Statement::from_string(db.get_database_backend(), sql);
    db.query_all_raw(statement).await.unwrap_or_else(|error| panic!("{sql}: {error}"))
}

/// The number that a query gives in its first column.
///
/// # Panics
/// When it gives none.
pub async fn count(db: &DatabaseConnection, sql: &str) -> i64 {
    rows(db, sql).await[0].try_get_by_index(0).unwrap_or_else(|error| panic!("{sql}: {error}"))
}

/// The text that a query gives in its first column; none for NULL or no row.
///
/// # Panics
/// When it gives something else.
pub async fn text(db: &DatabaseConnection, sql: &str) -> Option<String> {
    let rows = rows(db, sql).await;
    let text: Option<String> =
        rows.first()?.try_get_by_index(0).unwrap_or_else(|error| panic!("{sql}: {error}"));
    text
}

/// Changes the database, past the server.
///
/// # Panics
/// When the statement fails.
pub async fn execute(db: &DatabaseConnection, sql: &str) {
    db.execute_unprepared(sql).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
}
