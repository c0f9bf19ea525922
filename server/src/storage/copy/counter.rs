//! The last number that a table has given to a row. A copy goes on after it, because no
//! number is ever used twice, not even that of a row that is gone.

use sea_orm::{ConnectionTrait, DbBackend, DbErr, Statement, Value};

use crate::storage::error::StorageError;

/// The number after which a copy has to go on: the last that was given out, or the
/// greatest in use, should somebody have chosen one by hand.
pub(super) async fn due(db: &impl ConnectionTrait, table: &str) -> Result<i64, StorageError> {
    let greatest = format!("SELECT CAST(coalesce(max(id), 0) AS bigint) FROM {table}");
    let row = db.query_one_raw(Statement::from_string(db.get_database_backend(), greatest)).await?;
    let greatest = row.map(|row| row.try_get_by_index::<i64>(0)).transpose()?.unwrap_or(0);
    Ok(greatest.max(read(db, table).await?))
}

/// The last number given out; 0 before the first.
pub(super) async fn read(db: &impl ConnectionTrait, table: &str) -> Result<i64, StorageError> {
    let statement = match db.get_database_backend() {
        DbBackend::Postgres => {
            let sequence = sequence(db, table).await?;
            let last = "SELECT CASE WHEN is_called THEN last_value ELSE last_value - 1 END FROM";
            Statement::from_string(DbBackend::Postgres, format!("{last} {sequence}"))
        }
        backend => {
            let last = "SELECT seq FROM sqlite_sequence WHERE name = ?";
            Statement::from_sql_and_values(backend, last, [table.into()])
        }
    };
    let row = db.query_one_raw(statement).await?;
    Ok(row.map(|row| row.try_get_by_index(0)).transpose()?.unwrap_or(0))
}

/// Has the table go on after `last`.
pub(super) async fn write(
    db: &impl ConnectionTrait,
    table: &str,
    last: i64,
) -> Result<(), StorageError> {
    let backend = db.get_database_backend();
    let run = async |sql: &str, values: Vec<Value>| {
        db.execute_raw(Statement::from_sql_and_values(backend, sql, values)).await
    };
    if backend == DbBackend::Postgres {
        // A sequence of PostgreSQL that has given out nothing stands at 1 with `is_called`
        // false; it cannot stand at 0.
        let sequence = sequence(db, table).await?;
        let values = vec![sequence.into(), last.max(1).into(), (last > 0).into()];
        run("SELECT setval($1::regclass, $2, $3)", values).await?;
        return Ok(());
    }
    let values = vec![last.into(), table.into()];
    let updated = run("UPDATE sqlite_sequence SET seq = ? WHERE name = ?", values.clone()).await?;
    if updated.rows_affected() == 0 && last > 0 {
        run("INSERT INTO sqlite_sequence (seq, name) VALUES (?, ?)", values).await?;
    }
    Ok(())
}

/// The quoted name of the sequence that numbers a table's rows.
async fn sequence(db: &impl ConnectionTrait, table: &str) -> Result<String, StorageError> {
    let name = "SELECT pg_get_serial_sequence($1, 'id')";
    let name = Statement::from_sql_and_values(DbBackend::Postgres, name, [table.into()]);
    let row = db.query_one_raw(name).await?;
    let name: Option<String> = row.map(|row| row.try_get_by_index(0)).transpose()?.flatten();
    name.ok_or_else(|| DbErr::RecordNotFound(format!("the sequence of {table}")).into())
}
