//! Copies everything from one database into another, whatever kind each is, and then
//! compares them row by row. No server may work on either meanwhile: what it wrote to
//! the source after that was read would be lost.
//!
//! A copy that was interrupted goes on where it stopped. Until all is compared, the
//! target has the table `copy_progress`, and no server starts on it. Nothing is decided
//! here about what rows mean.

mod counter;
mod digest;
mod job;
mod progress;
mod side;
mod table;

use std::fmt;

use sea_orm::{DatabaseConnection, EntityName as _};

use self::job::Job;
pub use self::side::place;
use super::{connections::Connections, error::StorageError};

/// Why a copy is not made, or not whole.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// A server, or somebody else, has one of the two databases open.
    #[error("{place} is in use: stop every server, and whatever else is connected to it")]
    InUse {
        /// Which database.
        place: String,
    },
    /// The schema of the source is not this program's.
    #[error("the schema of {place} is not that of this program: use the program that serves it")]
    Schema {
        /// Which database.
        place: String,
    },
    /// There is something in the target that no copy put there.
    #[error("{place} has rows in `{table}`, and nothing is overwritten: use an empty database")]
    NotEmpty {
        /// Which database.
        place: String,
        /// Where it has rows.
        table: String,
    },
    /// The target is neither empty nor a begun copy of this source.
    #[error("{place} holds a begun copy of another database: use an empty database")]
    OtherCopy {
        /// Which database.
        place: String,
    },
    /// The two are not alike in the end.
    #[error(
        "`{table}` differs: {what}. The source was changed after an earlier run began the copy, or \
         the target was: use an empty database"
    )]
    Differs {
        /// Where.
        table: String,
        /// How.
        what: String,
    },
    /// One of the two databases failed.
    #[error("{place}")]
    Storage {
        /// Which database.
        place: String,
        /// How.
        source: StorageError,
    },
}

/// What was copied, and found to be the same on both sides.
#[derive(Debug)]
pub struct Report {
    /// The source, without its password.
    pub from: String,
    /// The target, without its password.
    pub to: String,
    /// Every table.
    pub tables: Vec<TableReport>,
}

/// What was copied of a table.
#[derive(Debug)]
pub struct TableReport {
    /// Its name.
    pub name: String,
    /// How many rows it has.
    pub rows: u64,
    /// The SHA-256 of its rows, in the order of the source.
    pub digest: String,
    /// The last number given out by a table that numbers its rows; the next is
    /// greater on both sides.
    pub last_id: Option<i64>,
}

/// Whether the database is the target of a copy that has not come to its end. No server
/// may start on it.
///
/// # Errors
/// When it cannot be read.
pub async fn is_begun(db: &Connections) -> Result<bool, StorageError> {
    Ok(db.has_table(progress::TABLE.table_name()).await?)
}

/// The same, of a single connection.
pub(super) async fn has_begun(db: &DatabaseConnection) -> Result<bool, StorageError> {
    progress::is_begun(db).await
}

/// Copies the database at `from` into the one at `to`, which must be empty or a
/// begun copy of the same source, and compares them.
///
/// # Errors
/// A [`CopyError`]. The source is unchanged then, and the target is no database
/// that a server would start on, unless it was one before.
pub async fn copy(from: &str, to: &str) -> Result<Report, CopyError> {
    let (from_place, to_place) = (side::place(from)?, side::place(to)?);
    if from_place == to_place {
        return Err(CopyError::InUse { place: to_place });
    }
    let source_connection = side::open_source(from, &from_place).await?;
    let target = side::open_target(to, &to_place).await?;
    let tables = job::table_names().await?;
    let source = side::snapshot(&source_connection, &from_place, &tables).await?;
    let job = Job { from: &from_place, to: &to_place, source, target: &target };
    job.begin_target().await?;
    job.copy_all().await?;
    let tables = job.compare_all().await?;
    // A server that has connected since then waits at a lock for its first change.
    side::check_alone(&job.source, &from_place).await?;
    side::check_alone(&target, &to_place).await?;
    progress::finish(&target).await.map_err(at(&to_place))?;
    drop(job);
    target.close().await.map_err(|error| at(&to_place)(error.into()))?;
    source_connection.close().await.map_err(|error| at(&from_place)(error.into()))?;
    Ok(Report { from: from_place, to: to_place, tables })
}

/// Adds the place to an error.
fn at(place: &str) -> impl Fn(StorageError) -> CopyError + use<'_> {
    move |source| CopyError::Storage { place: place.to_owned(), source }
}

/// A line for each table.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} → {}: the same, row by row", self.from, self.to)?;
        for table in &self.tables {
            write!(f, "{:<16}{:>10} rows  SHA-256 {}", table.name, table.rows, table.digest)?;
            match table.last_id {
                Some(last) => writeln!(f, "  last ID {last}")?,
                None => writeln!(f)?,
            }
        }
        Ok(())
    }
}
