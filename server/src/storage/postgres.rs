//! The connections to PostgreSQL: where they lead and how they are guarded (`url`), that
//! there are as many as the database gives (`pool`), whether it is one that this program
//! can work with (`suitability`), and what its refusals mean (`sqlstate`).

mod connection;
mod pool;
mod session;
pub mod sqlstate;
mod suitability;
mod url;

use std::time::Duration;

pub(super) use self::{
    connection::Connection,
    pool::{Lease, Observer, PostgresPool},
    session::Session,
    suitability::check as check_suitability,
    url::{Host, hosts},
};
use super::{connect_options::DATABASE_TIMEOUT, error::StorageError};

/// A connection to the first host that can be reached and takes writes, and the way to
/// make more of them.
pub(super) async fn connect_to_primary(
    url: &str,
) -> Result<(Host, Connection, Session), StorageError> {
    let mut problem = None;
    let mut hosts = hosts(url)?.into_iter();
    while let Some(host) = hosts.next() {
        // The last one may be about to start; before it, the next may be there already.
        let patience = if hosts.len() == 0 { DATABASE_TIMEOUT } else { Duration::ZERO };
        match Connection::open(&host.options, patience).await {
            Ok((connection, session)) => match session.check() {
                Ok(()) => return Ok((host, connection, session)),
                Err(error) => {
                    connection.close().await;
                    problem = Some(error);
                }
            },
            Err(error) => problem = Some(suitability::explained(error)),
        }
    }
    Err(problem.unwrap_or_else(|| StorageError::unreachable("its URL names no host".to_owned())))
}
