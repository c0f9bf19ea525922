//! Which database this is, as an operator wants to read it at start. Nothing here has a
//! password, nor a user's name.

use sea_orm::{ConnectionTrait as _, DbBackend, Statement};

use super::{connections::Connections, error::StorageError, postgres, schema, sqlite::sqlite_path};

/// What is to be known of a database.
#[derive(Clone, Debug)]
pub struct About {
    /// The file; or hosts with their ports, and the name of the database.
    pub place: String,
    /// What it runs on, with its version.
    pub engine: String,
    /// The newest change of its schema.
    pub schema: String,
}

/// Asks the database that `url` names.
pub(super) async fn ask(url: &str, db: &Connections) -> Result<About, StorageError> {
    let (name, sql) = match db.backend() {
        DbBackend::Postgres => ("PostgreSQL", "SELECT current_setting('server_version')"),
        _ => ("SQLite", "SELECT sqlite_version()"),
    };
    let answer = db.query_one_raw(Statement::from_string(db.backend(), sql)).await?;
    let version: Option<String> = answer.map(|row| row.try_get_by_index(0)).transpose()?;
    let engine = format!("{name} {}", version.unwrap_or_default());
    Ok(About { place: place(url)?, engine, schema: schema::version(db).await? })
}

fn place(url: &str) -> Result<String, StorageError> {
    if let Some(path) = sqlite_path(url) {
        let path = std::path::absolute(&path).unwrap_or(path);
        return Ok(path.display().to_string());
    }
    let hosts = postgres::hosts(url)?;
    let place = |host: &postgres::Host| {
        let options = &host.options;
        let place = match options.get_socket() {
            Some(socket) => socket.display().to_string(),
            None => options.get_host().to_owned(),
        };
        format!("{place}:{}", options.get_port())
    };
    let places: Vec<String> = hosts.iter().map(place).collect();
    let database = hosts.first().and_then(|host| host.options.get_database());
    let database = database.map(|name| format!("/{name}")).unwrap_or_default();
    Ok(format!("{}{database}", places.join(",")))
}
