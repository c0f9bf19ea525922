//! Whether this program can work through a connection, and if not, what an operator has to
//! set: asked once, at start. A pooler between may refuse what PostgreSQL gives.

use std::time::Duration;

use sea_orm::{ConnectionTrait as _, DbBackend, DbErr, Statement};

use super::{Connection, Host, Session};
use crate::storage::error::{StorageError, code};

/// Checks that a second connection is like the first; gives it, if it is to be had.
///
/// # Errors
/// [`StorageError::Unavailable`] when the two get into each other's way, with the way out.
pub(in crate::storage) async fn check(
    host: &Host,
    first: &mut Connection,
    session: &Session,
    wanted: u32,
) -> Result<Option<Connection>, StorageError> {
    if let Some(warning) = host.warning {
        tracing::warn!(host = host.options.get_host(), "{warning}");
    }
    if i64::from(wanted) > session.limit {
        tracing::warn!(
            wanted,
            limit = session.limit,
            "the database gives this role fewer connections than DATABASE_CONNECTIONS asks for: \
             raise the limit (of the role, the database, or max_connections), or ask for fewer"
        );
    }
    prepare(first).await?;
    if wanted < 2 {
        return Ok(None);
    }
    // PgBouncer in transaction mode gives both the same server, and the names that the
    // driver gives to its statements begin anew with each connection.
    match Connection::open(&host.options, Duration::ZERO).await {
        Ok((mut second, _)) => {
            prepare(&mut second).await?;
            prepare(first).await?;
            Ok(Some(second))
        }
        Err(error) => {
            tracing::warn!(
                error = %explained(error),
                "the database gives this server one connection only: raise the limit (a pooler's \
                 pool_size, if there is one), or set DATABASE_CONNECTIONS to 1"
            );
            Ok(None)
        }
    }
}

/// Has the connection prepare a statement, or use it again.
async fn prepare(connection: &mut Connection) -> Result<(), StorageError> {
    let statement = Statement::from_string(DbBackend::Postgres, "SELECT 1");
    match connection.begin_use().query_one_raw(statement).await {
        Ok(_) => {
            connection.end_use();
            Ok(())
        }
        Err(error) => Err(explained(error)),
    }
}

/// The error, with the way out if a pooler is the cause.
pub(super) fn explained(error: DbErr) -> StorageError {
    let refused = |hint: &str| StorageError::unreachable(format!("{error}: {hint}"));
    match code(&error).as_deref() {
        Some("26000" | "42P05") => refused(
            "a pooler between gives the prepared statements of one connection to another. With \
             PgBouncer 1.21 or newer set max_prepared_statements = 200, with an older one \
             pool_mode = session",
        ),
        Some("08P01") if error.to_string().contains("startup parameter") => refused(
            "a pooler between does not know what the URL sets. Take it out of the URL, or add its \
             name to PgBouncer's ignore_startup_parameters",
        ),
        _ => error.into(),
    }
}
