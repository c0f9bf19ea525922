//! How the pools of connections to a file are made, and what every connection has in common
//! with them.

use std::time::Duration;

use sea_orm::ConnectOptions;

/// How long a call waits for a connection, or for a lock of another process.
pub(crate) const DATABASE_TIMEOUT: Duration = Duration::from_secs(5);

/// A connection that was out of use for longer than this is checked before it is used.
/// One that the other side has closed meanwhile is mostly known by then.
pub(super) const TRUSTED_FOR: Duration = Duration::from_secs(1);

/// A pool of up to so many connections to `url`.
pub(super) fn connect_options(url: &str, connections: u32) -> ConnectOptions {
    let mut options = ConnectOptions::new(url);
    options
        .max_connections(connections)
        .min_connections(1)
        .acquire_timeout(DATABASE_TIMEOUT)
        .connect_timeout(DATABASE_TIMEOUT)
        // A check at each use would double the round trips of a single statement.
        .test_before_acquire_if_idle_for(TRUSTED_FOR)
        // No statement is logged: values might be among them one day.
        .sqlx_logging(false);
    options
}
