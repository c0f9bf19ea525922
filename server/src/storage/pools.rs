//! How connections are made: to a file, or to whichever of several hosts takes
//! writes.

use std::{fs, path::PathBuf, str::FromStr as _, time::Duration};

use sea_orm::{
    ConnectOptions, ConnectionTrait, DatabaseConnection, DbBackend, DbErr, Statement,
    sqlx::{
        postgres::PgConnectOptions,
        sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous},
    },
};

use tokio::time::Instant;

use super::{
    database::DatabaseConfig,
    error::{StorageError, is_in_the_way},
};

/// How long a call waits for a connection, or for a lock of another process.
pub(crate) const PATIENCE: Duration = Duration::from_secs(5);

/// Between two attempts to open a file that others are just making.
const PAUSE: Duration = Duration::from_millis(20);

/// After how long out of use a connection is looked at before it is used: one
/// that the other side has closed is known by then, in most cases.
const TRUSTED_FOR: Duration = Duration::from_secs(1);

/// Rows that SQLite reads before the first of them is taken.
const ROWS_AHEAD: usize = 512;

/// SQLite lets one connection write at a time, so all writing goes through one,
/// in turn, instead of meeting in locks; PostgreSQL has one pool for both.
#[derive(Clone, Debug)]
pub(super) struct Pools {
    pub(super) reader: DatabaseConnection,
    pub(super) writer: DatabaseConnection,
}

impl Pools {
    /// Connects; an SQLite file is created with its folder.
    pub(super) async fn connect(config: &DatabaseConfig) -> Result<Self, StorageError> {
        check_url(&config.url)?;
        if !is_sqlite(&config.url) {
            let options = |url: &str| options(url, config.connections);
            let pool = connect_to_primary(&config.url, options).await?;
            return Ok(Self { reader: pool.clone(), writer: pool });
        }
        if let Some(path) = sqlite_path(&config.url)
            && let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty())
        {
            fs::create_dir_all(folder).map_err(|error| {
                unavailable(format!("cannot create {}: {error}", folder.display()))
            })?;
        }
        let writer = connect_to_file(options(&config.url, 1)).await?;
        let reader = connect_to_file(options(&config.url, config.connections)).await?;
        Ok(Self { reader, writer })
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
        // Nothing is left to be done about a connection that does not close.
        let _ = self.reader.close().await;
        let _ = self.writer.close().await;
    }
}

/// Of several servers that start at once on a new file, one turns it to WAL; the
/// others are in its way, and SQLite refuses them instead of having them wait.
async fn connect_to_file(options: ConnectOptions) -> Result<DatabaseConnection, StorageError> {
    let begun = Instant::now();
    loop {
        match sea_orm::Database::connect(options.clone()).await {
            Err(error) if is_in_the_way(&error) && begun.elapsed() < PATIENCE => {
                tokio::time::sleep(PAUSE).await;
            }
            connected => return Ok(connected?),
        }
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
    Err(problem.unwrap_or_else(|| unavailable("its URL names no host".to_owned())))
}

/// Refuses a standby, which would refuse every write.
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
        _ => Err(unavailable("the server is a standby, or read-only".to_owned())),
    }
}

/// Refuses what is no URL of a database before SeaORM does, whose words would
/// tell the URL, and its password with it.
pub(super) fn check_url(url: &str) -> Result<(), StorageError> {
    if is_sqlite(url) {
        return Ok(());
    }
    if !url.starts_with("postgres:") && !url.starts_with("postgresql:") {
        return Err(unavailable("its URL must begin with sqlite: or postgres://".to_owned()));
    }
    for url in hosts(url) {
        PgConnectOptions::from_str(&url)
            .map_err(|error| unavailable(format!("its URL is wrong: {error}")))?;
    }
    Ok(())
}

pub(super) fn is_sqlite(url: &str) -> bool {
    url.starts_with("sqlite:")
}

/// The file of an SQLite URL; `None` for another database or one in memory.
pub(super) fn sqlite_path(url: &str) -> Option<PathBuf> {
    if !is_sqlite(url) {
        return None;
    }
    let options = SqliteConnectOptions::from_str(url).ok()?;
    Some(options.get_filename().to_path_buf())
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

fn unavailable(text: String) -> StorageError {
    StorageError::Unavailable(DbErr::Custom(text))
}

fn options(url: &str, connections: u32) -> ConnectOptions {
    let mut options = ConnectOptions::new(url);
    options
        .max_connections(connections)
        .min_connections(1)
        .acquire_timeout(PATIENCE)
        .connect_timeout(PATIENCE)
        // A look at each use would double the ways there and back.
        .test_before_acquire_if_idle_for(TRUSTED_FOR)
        // Statements are logged by nobody: values might be among them one day.
        .sqlx_logging(false)
        .map_sqlx_sqlite_opts(|sqlite| sqlite_options(sqlite).create_if_missing(true));
    options
}

/// How an SQLite file is worked on.
pub(super) fn sqlite_options(sqlite: SqliteConnectOptions) -> SqliteConnectOptions {
    sqlite
        .foreign_keys(true)
        .journal_mode(SqliteJournalMode::Wal)
        // An acknowledged call is on disk, not only with the kernel.
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(PATIENCE)
        // Reading need not stop and wait for whoever takes the rows.
        .row_buffer_size(ROWS_AHEAD)
        .optimize_on_close(true, None)
}
