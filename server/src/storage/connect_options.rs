//! What every connection has in common, whichever database it leads to.

use std::time::Duration;

use sea_orm::ConnectOptions;

/// How long a call waits for a connection, or for a lock of another process.
pub(crate) const DATABASE_TIMEOUT: Duration = Duration::from_secs(5);

/// After how long out of use a connection is looked at before it is used: one
/// that the other side has closed is known by then, in most cases.
const TRUSTED_FOR: Duration = Duration::from_secs(1);

/// A pool of up to so many connections to `url`.
pub(super) fn connect_options(url: &str, connections: u32) -> ConnectOptions {
    let mut options = ConnectOptions::new(url);
    options
        .max_connections(connections)
        .min_connections(1)
        .acquire_timeout(DATABASE_TIMEOUT)
        .connect_timeout(DATABASE_TIMEOUT)
        // A look at each use would double the ways there and back.
        .test_before_acquire_if_idle_for(TRUSTED_FOR)
        // Statements are logged by nobody: values might be among them one day.
        .sqlx_logging(false);
    options
}
