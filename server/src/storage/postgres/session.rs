//! What a new connection says of the server behind it, and what is set for as long as it
//! lasts. Asked as plain text: a pooler may not keep prepared statements.

use std::{io, time::Duration};

use sqlx::{PgPool, Row as _};
use tokio::time::{Instant, timeout_at};

use crate::storage::error::StorageError;

/// What the connection leads to.
#[derive(Clone, Debug)]
pub(in crate::storage) struct Session {
    is_read_only: bool,
    encoding: String,
    database: String,
    /// Connections that this role may have to this database, with those of others.
    pub(super) limit: i64,
}

/// A level above READ COMMITTED shows a transaction what was there when it began: one that
/// waited for another server's migration would migrate again.
const READ_COMMITTED: &str =
    "SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL READ COMMITTED";

/// A role that may do everything is held by the server's own limit only.
const ASK: &str = "
    SELECT current_setting('transaction_read_only'), current_setting('server_encoding'),
           current_database()::text, current_setting('default_transaction_isolation'),
           least(
               CASE WHEN rolsuper OR rolconnlimit < 0 THEN NULL ELSE rolconnlimit END,
               CASE WHEN rolsuper OR datconnlimit < 0 THEN NULL ELSE datconnlimit END,
               current_setting('max_connections')::integer
                   - current_setting('superuser_reserved_connections')::integer
           )::text
    FROM pg_roles, pg_database
    WHERE rolname = session_user AND datname = current_database()";

impl Session {
    /// Asks, until `deadline`: a pooler takes a connection, and then says nothing until a
    /// server is free for it.
    pub(super) async fn begin(pool: &PgPool, deadline: Instant) -> Result<Self, sqlx::Error> {
        let begun = async {
            let row = sqlx::raw_sql(ASK).fetch_one(pool).await?;
            let isolation: String = row.try_get(3)?;
            if isolation != "read committed" {
                sqlx::raw_sql(READ_COMMITTED).execute(pool).await?;
            }
            let is_read_only = row.try_get::<String, _>(0)? != "off";
            let limit: String = row.try_get(4)?;
            let limit = limit.parse().unwrap_or(i64::MAX);
            let (encoding, database) = (row.try_get(1)?, row.try_get(2)?);
            Ok(Self { is_read_only, encoding, database, limit })
        };
        timeout_at(deadline, begun).await.unwrap_or_else(|_| {
            let why = "the server says nothing; a pooler may have none free for this connection";
            Err(io::Error::new(io::ErrorKind::TimedOut, why).into())
        })
    }

    /// Refuses a standby, which would refuse every write but answers reads, so that only
    /// its word on it tells; and a database that cannot hold every letter.
    pub(super) fn check(&self) -> Result<(), StorageError> {
        if self.is_read_only {
            let why = "the server is a standby, or read-only";
            return Err(StorageError::unreachable(why.to_owned()));
        }
        if self.encoding != "UTF8" {
            let (database, encoding) = (&self.database, &self.encoding);
            return Err(StorageError::unreachable(format!(
                "the database `{database}` has the encoding {encoding}, in which not every name \
                 can be stored: make one by CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0"
            )));
        }
        Ok(())
    }
}

/// How long before the end of the time of a connection it is asked for the last time why it
/// is not made.
pub(super) const WHY: Duration = Duration::from_secs(1);
