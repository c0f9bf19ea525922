//! A database of one's own for each test: an SQLite file, or one of a
//! PostgreSQL that this process starts, as `GESTAN_TESTS_DATABASE` says. Tests
//! do not ask which it is.

use std::{
    env, fs,
    path::Path,
    sync::{
        Arc, LazyLock,
        atomic::{AtomicU32, Ordering},
    },
    thread,
};

use gestan_account_server::storage::database::{Database, DatabaseConfig};
use tempfile::TempDir;
use tokio::runtime::Builder;

use crate::{
    SeededRandomness,
    postgres::{Cluster, VOLATILE},
};

/// `postgres`, or `sqlite`, which is what is meant without it.
const VARIABLE: &str = "GESTAN_TESTS_DATABASE";

/// What new databases are copies of: migrating each would take longer.
const TEMPLATE: &str = "gestan_migrated";

static CLUSTER: LazyLock<Option<Cluster>> = LazyLock::new(|| match env::var(VARIABLE).as_deref() {
    Err(_) | Ok("sqlite") => None,
    Ok("postgres") => {
        let cluster = Cluster::start(VOLATILE);
        cluster.execute("postgres", &format!("CREATE DATABASE {TEMPLATE}"));
        let url = cluster.url(TEMPLATE);
        on_a_runtime_of_its_own(async move {
            let db = open(&url).await;
            db.migrate().await.expect("migrations apply");
            db.close().await;
        });
        Some(cluster)
    }
    Ok(other) => panic!("{VARIABLE} is {other:?}, neither sqlite nor postgres"),
});

static NAMES: AtomicU32 = AtomicU32::new(0);

/// A database that goes when this is dropped.
#[derive(Debug)]
pub struct TestDatabase {
    url: String,
    place: Place,
}

#[derive(Debug)]
enum Place {
    Folder(TempDir),
    Cluster { cluster: &'static Cluster, name: String },
}

impl TestDatabase {
    /// Makes one, with its schema or without a table in it.
    #[must_use]
    pub fn new() -> Self {
        Self::copy_of(TEMPLATE)
    }

    /// Makes one without a table in it.
    #[must_use]
    pub fn empty() -> Self {
        Self::copy_of("template1")
    }

    /// Makes an SQLite file, whatever the other tests run on.
    #[must_use]
    pub fn sqlite() -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        let url = format!("sqlite:{}", folder.path().join("data/account.sqlite").display());
        Self { url, place: Place::Folder(folder) }
    }

    fn copy_of(template: &str) -> Self {
        if let Some(cluster) = &*CLUSTER {
            let name = format!("gestan_{}", NAMES.fetch_add(1, Ordering::Relaxed));
            cluster.execute("postgres", &format!("CREATE DATABASE {name} TEMPLATE {template}"));
            return Self { url: cluster.url(&name), place: Place::Cluster { cluster, name } };
        }
        Self::sqlite()
    }

    /// Its address.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The contents of every file that may hold something of it.
    #[must_use]
    pub fn files(&self) -> Vec<Vec<u8>> {
        match &self.place {
            Place::Folder(folder) => read_all(&folder.path().join("data")),
            Place::Cluster { cluster, name } => {
                cluster.execute(name, "CHECKPOINT");
                let sql = format!("SELECT oid FROM pg_database WHERE datname = '{name}'");
                let oid = cluster.query("postgres", &sql);
                let tables = cluster.data().join("base").join(oid.trim());
                [read_all(&tables), read_all(&cluster.data().join("pg_wal"))].concat()
            }
        }
    }
}

impl Default for TestDatabase {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        if let Place::Cluster { cluster, name } = &self.place {
            cluster.execute("postgres", &format!("DROP DATABASE {name} WITH (FORCE)"));
        }
    }
}

/// Whether tests run on PostgreSQL; for what is said of one of the two alone.
#[must_use]
pub fn is_postgres() -> bool {
    CLUSTER.is_some()
}

/// Opens a database as the server does.
///
/// # Panics
/// When it cannot be opened.
pub(crate) async fn open(url: &str) -> Database {
    let config = DatabaseConfig { url: url.to_owned(), connections: 4 };
    let randomness = Arc::new(SeededRandomness::new(0));
    Database::open(&config, randomness).await.expect("the database opens")
}

/// Runs what is asynchronous where no runtime may be waited for.
pub(crate) fn on_a_runtime_of_its_own<T: Send + 'static>(
    work: impl Future<Output = T> + Send + 'static,
) -> T {
    let run = || {
        let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(work)
    };
    thread::spawn(run).join().expect("it does not panic")
}

pub(crate) fn read_all(folder: &Path) -> Vec<Vec<u8>> {
    let entries =
        fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("a file").path());
    let files: Vec<_> = entries.filter(|path| path.is_file()).collect();
    assert!(!files.is_empty(), "no files in {}", folder.display());
    // A file may go while it is looked at.
    files.iter().filter_map(|path| fs::read(path).ok()).collect()
}
