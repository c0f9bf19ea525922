//! Where the database is, as the operator says it. Apart from `database`, because
//! the pools that `database` holds are made from it.

use std::{fmt, thread};

use super::sqlite::is_sqlite;

/// Where the data is.
#[derive(Clone)]
pub struct DatabaseConfig {
    /// `sqlite:PATH` or `postgres://…`, where several hosts may stand, with
    /// commas between: the one that takes writes is worked with.
    pub url: String,
    /// Connections for reading; with PostgreSQL, for everything.
    pub connections: u32,
}

impl DatabaseConfig {
    /// That URL, and, unless it is given, a usual number of connections: reading
    /// SQLite is work for this program's own processors, and more connections than
    /// there are of them only take memory.
    #[must_use]
    pub fn new(url: String, connections: Option<u32>) -> Self {
        let processors = thread::available_parallelism().map_or(1, usize::from);
        let processors = u32::try_from(processors).unwrap_or(u32::MAX);
        let usual = if is_sqlite(&url) { processors.clamp(2, 8) } else { 8 };
        Self { connections: connections.unwrap_or(usual), url }
    }
}

/// The address may have a password in it.
impl fmt::Debug for DatabaseConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DatabaseConfig")
            .field("connections", &self.connections)
            .finish_non_exhaustive()
    }
}
