//! The database. What a command does with it decides which of these it reads.

use std::sync::Arc;

use anyhow::{Context as _, bail};

use crate::{
    randomness::SystemRandomness,
    storage::{
        copy,
        database::{Database, DatabaseConfig},
    },
};

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
    pub database_url: String,
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
        value_parser = clap::value_parser!(u32).range(1..=1000))]
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
    #[arg(long, env = "GESTAN_ACCOUNT_NO_MIGRATE")]
    no_migrate: bool,
}

impl Connection {
    /// Connects and brings the schema up to date.
    ///
    /// # Errors
    /// When the database cannot be reached or changed, or is a copy that is not whole.
    pub async fn open_migrated(&self) -> anyhow::Result<Database> {
        let db = self.connect().await?;
        db.migrate().await.context("cannot bring the database's schema up to date")?;
        Ok(db)
    }

    async fn connect(&self) -> anyhow::Result<Database> {
        let url = self.url.database_url.clone();
        let config = DatabaseConfig::new(url, self.database_connections);
        let db = Database::open(&config, Arc::new(SystemRandomness))
            .await
            .context("cannot open the database")?;
        if copy::is_begun(&db.read()).await.context("cannot read the database's schema")? {
            bail!(
                "a copy into this database was begun and has not come to its end: run `copy` \
                 again, or use another database"
            );
        }
        Ok(db)
    }
}

impl DatabaseSettings {
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
        if !db.is_migrated().await.context("cannot read the database's schema")? {
            bail!("the database's schema is not up to date: run the command `migrate`");
        }
        Ok(db)
    }
}
