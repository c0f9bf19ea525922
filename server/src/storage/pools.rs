//! How connections are made: to a file (`sqlite`), or to whichever of several
//! hosts takes writes.

use std::str::FromStr as _;

use sea_orm::{
    ConnectOptions, ConnectionTrait, DatabaseConnection, DbBackend, Statement,
    sqlx::postgres::PgConnectOptions,
};

pub(crate) use super::connect_options::DATABASE_TIMEOUT;
use super::{
    connect_options::connect_options,
    database_config::DatabaseConfig,
    error::StorageError,
    sqlite::{self, Bond, IfMissing, is_sqlite},
    sqlite_file::SqliteFile,
};

/// One pool for reading and one for writing; with PostgreSQL they are the same.
#[derive(Clone, Debug)]
pub(super) struct Pools {
    pub(super) reader: DatabaseConnection,
    pub(super) writer: DatabaseConnection,
    /// With SQLite: what there is to know of the file.
    bond: Option<Bond>,
}

impl Pools {
    /// Connects; an SQLite file is created with its folder, if it may be.
    pub(super) async fn connect(
        config: &DatabaseConfig,
        if_missing: IfMissing,
    ) -> Result<Self, StorageError> {
        check_url(&config.url)?;
        if is_sqlite(&config.url) {
            let sqlite = sqlite::connect(&config.url, config.connections, if_missing).await?;
            let sqlite::Connected { reader, writer, bond } = sqlite;
            return Ok(Self { reader, writer, bond: Some(bond) });
        }
        let options = |url: &str| connect_options(url, config.connections);
        let pool = connect_to_primary(&config.url, options).await?;
        Ok(Self { reader: pool.clone(), writer: pool, bond: None })
    }

    /// The file that these connections have lost, if they have: it is gone, or they
    /// were closed because it was.
    pub(super) fn lost_file(&self) -> Option<&SqliteFile> {
        let file = self.bond.as_ref().map(|bond| &bond.file);
        file.filter(|file| {
            !file.is_in_place() || self.writer.get_sqlite_connection_pool().is_closed()
        })
    }

    /// These pools; or, while the file is not in its place, pools that refuse
    /// everything. A pool must not open the file's replacement while it holds what only
    /// the log has.
    pub(super) fn in_place(self) -> Self {
        match &self.bond {
            Some(Bond { nowhere, .. }) if self.lost_file().is_some() => {
                Self { reader: nowhere.clone(), writer: nowhere.clone(), ..self }
            }
            _ => self,
        }
    }

    pub(super) fn observe_statements(
        &mut self,
        observer: impl Fn(&str) + Clone + Send + Sync + 'static,
    ) {
        let writes = observer.clone();
        self.reader.set_metric_callback(move |info| observer(&info.statement.sql));
        self.writer.set_metric_callback(move |info| writes(&info.statement.sql));
    }

    /// Closes every connection, after what runs on it.
    pub(super) async fn close(self) {
        if let Some(bond) = &self.bond {
            // The pool is closed from here on. `leave` lets go a connection that it would
            // wait for in vain; the end of what runs is awaited below.
            drop(self.writer.get_sqlite_connection_pool().close());
            bond.leave();
        }
        // Nothing can be done about a connection that does not close.
        let _ = self.reader.close().await;
        let _ = self.writer.close().await;
    }
}

/// The first host that can be reached and takes writes.
pub(super) async fn connect_to_primary(
    url: &str,
    options: impl Fn(&str) -> ConnectOptions,
) -> Result<DatabaseConnection, StorageError> {
    let mut problem = None;
    for url in hosts(url) {
        let pool = match sea_orm::Database::connect(options(&url)).await {
            Ok(pool) => pool,
            Err(error) => {
                problem = Some(error.into());
                continue;
            }
        };
        match check_takes_writes(&pool).await {
            Ok(()) => return Ok(pool),
            Err(error) => problem = Some(error),
        }
        let _ = pool.close().await;
    }
    Err(problem.unwrap_or_else(|| StorageError::unreachable("its URL names no host".to_owned())))
}

/// Refuses a standby, which would refuse every write. It answers reads, so that only
/// its word on it tells.
pub(super) async fn check_takes_writes(db: &impl ConnectionTrait) -> Result<(), StorageError> {
    let backend = db.get_database_backend();
    if backend != DbBackend::Postgres {
        db.execute_unprepared("SELECT 1").await?;
        return Ok(());
    }
    let shown = Statement::from_string(backend, "SHOW transaction_read_only");
    let shown = db.query_one_raw(shown).await?.map(|row| row.try_get_by_index::<String>(0));
    match shown.transpose()?.as_deref() {
        Some("off") => Ok(()),
        _ => Err(StorageError::unreachable("the server is a standby, or read-only".to_owned())),
    }
}

/// Refuses what is no URL of a database. SeaORM would do so, too, but its message has
/// the URL, and with it the password.
pub(super) fn check_url(url: &str) -> Result<(), StorageError> {
    if is_sqlite(url) {
        return if url.contains(":memory:") || url.contains("mode=memory") {
            Err(StorageError::unreachable("it must be a file, not memory".to_owned()))
        } else {
            Ok(())
        };
    }
    if !url.starts_with("postgres:") && !url.starts_with("postgresql:") {
        return Err(StorageError::unreachable(
            "its URL must begin with sqlite: or postgres://".to_owned(),
        ));
    }
    for url in hosts(url) {
        PgConnectOptions::from_str(&url)
            .map_err(|error| StorageError::unreachable(format!("its URL is wrong: {error}")))?;
    }
    Ok(())
}

/// One URL for each host of a URL with several, as libpq reads them.
pub(super) fn hosts(url: &str) -> Vec<String> {
    let Some((scheme, rest)) = url.split_once("://") else {
        return vec![url.to_owned()];
    };
    let (authority, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    let (user, hosts) = authority.split_at(authority.rfind('@').map_or(0, |at| at + 1));
    hosts.split(',').map(|host| format!("{scheme}://{user}{host}{path}")).collect()
}
