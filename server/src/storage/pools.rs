//! How connections are made: to a file (`sqlite`), or to whichever of several
//! hosts takes writes (`postgres`).

use std::sync::Arc;

pub(crate) use super::connect_options::DATABASE_TIMEOUT;
use super::{
    connections::{Connections, PoolUse},
    database_config::DatabaseConfig,
    error::StorageError,
    postgres::{self, PostgresPool},
    sqlite::{self, Bond, IfMissing, is_sqlite},
    sqlite_file::SqliteFile,
};

/// One pool for reading and one for writing; with PostgreSQL they are the same.
#[derive(Clone, Debug)]
pub(super) struct Pools {
    pub(super) reader: Connections,
    pub(super) writer: Connections,
    /// With SQLite: what there is to know of the file.
    bond: Option<Bond>,
}

/// Why connections are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Occasion {
    /// The program starts: a file is made if it is not there, and the operator is told what
    /// does not fit.
    Start,
    /// A command looks into a database that is there: a file that is not is not made.
    Visit,
    /// Those that there were do not work.
    Renewal,
}

impl Pools {
    /// Connects.
    pub(super) async fn connect(
        config: &DatabaseConfig,
        occasion: Occasion,
    ) -> Result<Self, StorageError> {
        check_url(&config.url)?;
        let wanted = config.connections;
        if is_sqlite(&config.url) {
            let if_missing = match occasion {
                Occasion::Start => IfMissing::Create,
                Occasion::Visit | Occasion::Renewal => IfMissing::Fail,
            };
            let sqlite = sqlite::connect(&config.url, wanted, if_missing).await?;
            let sqlite::Connected { reader, writer, bond } = sqlite;
            return Ok(Self { reader: reader.into(), writer: writer.into(), bond: Some(bond) });
        }
        let (host, mut first, session) = postgres::connect_to_primary(&config.url).await?;
        let second = match occasion {
            Occasion::Start | Occasion::Visit => {
                postgres::check_suitability(&host, &mut first, &session, wanted).await?
            }
            Occasion::Renewal => None,
        };
        let made = [first].into_iter().chain(second);
        let pool = Connections::from(PostgresPool::new(host.options, made, wanted));
        Ok(Self { reader: pool.clone(), writer: pool, bond: None })
    }

    /// The file that these connections have lost, if they have: it is gone, or they
    /// were closed because it was.
    pub(super) fn lost_file(&self) -> Option<&SqliteFile> {
        let (bond, writer) = (self.bond.as_ref()?, self.writer.sqlite()?);
        let is_lost = !bond.file.is_in_place() || writer.get_sqlite_connection_pool().is_closed();
        is_lost.then_some(&bond.file)
    }

    /// These pools; or, while the file is not in its place, pools that refuse
    /// everything. A pool must not open the file's replacement while it holds what only
    /// the log has.
    pub(super) fn in_place(self) -> Self {
        match &self.bond {
            Some(Bond { nowhere, .. }) if self.lost_file().is_some() => {
                let nowhere = Connections::from(nowhere.clone());
                Self { reader: nowhere.clone(), writer: nowhere, ..self }
            }
            _ => self,
        }
    }

    pub(super) fn observe_statements(&mut self, observer: impl Fn(&str) + Send + Sync + 'static) {
        let observer = Arc::new(observer);
        self.reader.observe_statements(observer.clone());
        self.writer.observe_statements(observer);
    }

    pub(super) fn in_use(&self) -> Vec<(&'static str, PoolUse)> {
        match self.bond {
            Some(_) => vec![("read", self.reader.in_use()), ("write", self.writer.in_use())],
            None => vec![("all", self.writer.in_use())],
        }
    }

    /// Closes every connection, after what runs on it.
    pub(super) async fn close(self) {
        if let (Some(bond), Some(writer)) = (&self.bond, self.writer.sqlite()) {
            // The pool is closed from here on. `leave` lets go a connection that it would
            // wait for in vain; the end of what runs is awaited below.
            drop(writer.get_sqlite_connection_pool().close());
            bond.leave();
        }
        self.reader.close().await;
        self.writer.close().await;
    }
}

/// Refuses what is no URL of a database. SeaORM would do so, too, but its message has
/// the URL, and with it the password.
pub(super) fn check_url(url: &str) -> Result<(), StorageError> {
    if is_sqlite(url) {
        return sqlite::check_names_file(url);
    }
    if !url.starts_with("postgres:") && !url.starts_with("postgresql:") {
        return Err(StorageError::unreachable(
            "its URL must begin with sqlite: or postgres://".to_owned(),
        ));
    }
    postgres::hosts(url).map(drop)
}
