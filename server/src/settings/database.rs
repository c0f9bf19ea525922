//! The database. What a command does with it decides which of these it reads.

use std::{sync::Arc, time::Duration};

use anyhow::{Context as _, bail};
use clap::builder::BoolValueParser;
use tokio::time::timeout;

use super::one_line::{Trimmed, one_line};
use crate::{
    randomness::SystemRandomness,
    storage::{
        copy,
        database::{Database, DatabaseConfig},
        error::StorageError,
        sqlite,
    },
};

/// How long a command waits for its connections to be closed.
const CLOSING: Duration = Duration::from_secs(1);

/// Where the database is.
#[derive(clap::Args)]
#[command(next_help_heading = "Database")]
pub struct DatabaseUrl {
    /// Database: `sqlite:FILE` (created with its folder) or `postgres://USER:PASSWORD@HOST/NAME`.
    #[arg(
        long,
        env = "GESTAN_ACCOUNT_DATABASE_URL",
        value_name = "URL",
        default_value = "sqlite:data/gestan-account.sqlite",
        hide_env_values = true
    )]
    database_url: String,
}

/// How to connect to it, whatever its schema.
#[derive(clap::Args)]
#[command(next_help_heading = "Database")]
pub struct Connection {
    #[command(flatten)]
    url: DatabaseUrl,

    /// Most database connections, by default 8. With SQLite those for reading, by default one per
    /// processor, but from 2 to 8.
    #[arg(long, env = "GESTAN_ACCOUNT_DATABASE_CONNECTIONS", value_name = "COUNT",
        value_parser = Trimmed(clap::value_parser!(u32).range(1..=1000)))]
    database_connections: Option<u32>,
}

/// How to open it, with the schema that this program needs.
#[derive(clap::Args)]
#[command(next_help_heading = "Database")]
pub struct DatabaseSettings {
    #[command(flatten)]
    connection: Connection,

    /// Leave the schema of the database as it is, and refuse one that is not up to date. The
    /// command `migrate` brings it up to date.
    #[arg(long, env = "GESTAN_ACCOUNT_NO_MIGRATE",
        value_parser = Trimmed(BoolValueParser::new()))]
    no_migrate: bool,
}

impl DatabaseUrl {
    /// The URL, before anything is connected to it.
    ///
    /// # Errors
    /// When there is a line break in it, or the log of another database lies beside its
    /// file.
    pub fn get(&self) -> anyhow::Result<&str> {
        let url = self.as_given()?;
        sqlite::check_log(url).context("cannot open the database")?;
        Ok(url)
    }

    /// The URL as it was given, whatever lies there.
    ///
    /// # Errors
    /// When there is a line break in it.
    pub fn as_given(&self) -> anyhow::Result<&str> {
        one_line("DATABASE_URL", &self.database_url)
    }

    /// The URL of a database that is there, as far as that is seen without connecting.
    ///
    /// # Errors
    /// Those of [`get`](Self::get), and when the file does not exist.
    pub fn existing(&self) -> anyhow::Result<&str> {
        let url = self.get()?;
        if let Some(path) = sqlite::missing_file(url) {
            bail!("there is no database {}{ELSEWHERE}", path.display());
        }
        Ok(url)
    }
}

impl DatabaseSettings {
    /// Whether it is a PostgreSQL.
    #[must_use]
    pub fn is_postgres(&self) -> bool {
        self.connection.url.database_url.trim().starts_with("postgres")
    }
}

impl Connection {
    /// Connects and brings the schema up to date.
    ///
    /// # Errors
    /// When the database cannot be reached or changed, or is a copy that is not whole.
    pub async fn open_migrated(&self) -> anyhow::Result<Database> {
        let db = self.connect().await?;
        // What is up to date is served also by a role that may not change it, and waits for no
        // other process that writes.
        if !db.is_migrated().await.context(UNREADABLE)? {
            db.migrate().await.map_err(|error| {
                let way_out = if error.is_denied() {
                    ": let a role that may create tables run the command `migrate`, and grant its \
                     tables to this one"
                } else {
                    ""
                };
                let what = format!("cannot bring the database's schema up to date{way_out}");
                naming_holder(&db, error).context(what)
            })?;
        }
        Ok(db)
    }

    /// Connects to a database that is there, and leaves its schema as it is: what `serve` and
    /// `migrate` make, no other command makes on the way.
    ///
    /// # Errors
    /// When it cannot be reached or does not exist, is a copy that is not whole, or has not
    /// the schema that this program needs.
    pub async fn open_existing(&self) -> anyhow::Result<Database> {
        let url = self.url.existing()?;
        let config = self.config(url);
        let opened = Database::open_existing(&config, Arc::new(SystemRandomness)).await;
        let db = opened.context("cannot open the database")?;
        refuse_begun_copy(&db).await?;
        if !db.is_migrated().await.context(UNREADABLE)? {
            if !db.has_schema().await.context(UNREADABLE)? {
                bail!("{} has no table of this program{ELSEWHERE}", copy::place(url)?);
            }
            bail!("{OLDER}");
        }
        Ok(db)
    }

    async fn connect(&self) -> anyhow::Result<Database> {
        let config = self.config(self.url.get()?);
        let db = Database::open(&config, Arc::new(SystemRandomness))
            .await
            .context("cannot open the database")?;
        refuse_begun_copy(&db).await?;
        Ok(db)
    }

    fn config(&self, url: &str) -> DatabaseConfig {
        DatabaseConfig::new(url.to_owned(), self.database_connections)
    }
}

/// What is wrong with a schema that a release before has made.
const OLDER: &str = "the database's schema is not up to date: run the command `migrate`";

const UNREADABLE: &str = "cannot read the database's schema";

/// The way out for a command that looks in the wrong place.
const ELSEWHERE: &str = ", and this command makes none: start it in the folder that the server \
                         runs in, or name the server's database by --database-url, \
                         GESTAN_ACCOUNT_DATABASE_URL or its file of settings (--config). A new \
                         one is made by `serve` and by `migrate`";

async fn refuse_begun_copy(db: &Database) -> anyhow::Result<()> {
    if copy::is_begun(&db.read()).await.context(UNREADABLE)? {
        bail!(
            "a copy into this database was begun and has not come to its end: run `copy` again, \
             or use another database"
        );
    }
    Ok(())
}

/// The error of a command that writes to a database. One that waited in vain for another
/// process says for which, and what can be done.
pub(crate) fn naming_holder(db: &Database, error: StorageError) -> anyhow::Error {
    let holder = db.held_by().filter(|_| matches!(error, StorageError::Conflict(_)));
    let error = anyhow::Error::new(error);
    match holder {
        Some(holder) => error.context(format!(
            "nothing was changed: {holder} is in a transaction that writes to the database, and \
             has not ended it in time. Try again; if it hangs, end it"
        )),
        None => error,
    }
}

/// Closes the database at the end of a command. SQLite would note then what it has learnt
/// of the data, and waits for whoever writes, with each connection anew: that is worth a
/// moment, and no more.
pub(crate) async fn close(db: Database) {
    let _ = timeout(CLOSING, db.close()).await;
}

impl DatabaseSettings {
    /// Looks at the URL, and connects to nothing.
    ///
    /// # Errors
    /// When it is none of a database.
    pub fn check(&self) -> anyhow::Result<()> {
        let config = self.connection.config(self.as_given()?);
        Database::check(&config).context("DATABASE_URL")
    }

    /// Connects to a database that is there, and leaves its schema as it is.
    ///
    /// # Errors
    /// Those of [`Connection::open_existing`].
    pub async fn open_existing(&self) -> anyhow::Result<Database> {
        self.connection.open_existing().await
    }

    /// The URL as it was given.
    ///
    /// # Errors
    /// When there is a line break in it.
    pub fn as_given(&self) -> anyhow::Result<&str> {
        self.connection.url.as_given()
    }

    /// Connects to the database, whose schema is then the one that this program
    /// needs, or newer.
    ///
    /// # Errors
    /// When it cannot be reached, is a copy that is not whole, or its schema is
    /// older and `--no-migrate` is given.
    pub async fn open(&self) -> anyhow::Result<Database> {
        if !self.no_migrate {
            return self.connection.open_migrated().await;
        }
        let db = self.connection.connect().await?;
        if !db.is_migrated().await.context(UNREADABLE)? {
            bail!("{OLDER}");
        }
        Ok(db)
    }
}
