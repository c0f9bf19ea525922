//! What may go wrong with a database, sorted by what is to be done about it.

use sea_orm::{DbErr, RuntimeErr, SqlErr, SqlxError, SqlxPostgresError, SqlxSqliteError};

use super::postgres::sqlstate::{self, Remedy};
use crate::batching::Unserved;

/// A database error.
#[derive(Clone, Debug, thiserror::Error)]
pub enum StorageError {
    /// The database cannot be reached or cannot write: the caller may repeat.
    #[error("the database is away: {0}")]
    Unavailable(DbErr),
    /// Another transaction was in the way: to be tried again from its start.
    #[error("a concurrent transaction was in the way: {0}")]
    Conflict(DbErr),
    /// A row with this key exists.
    #[error("a unique key is taken: {0}")]
    Unique(DbErr),
    /// A bug, or a schema that does not fit.
    #[error("{0}")]
    Fault(DbErr),
}

impl StorageError {
    /// A row that holds what this program never writes.
    #[must_use]
    pub fn damaged(what: &str) -> Self {
        Self::Fault(DbErr::Custom(format!("damaged row: {what}")))
    }

    /// A database that cannot be worked with, for a reason that the driver does not know.
    pub(super) fn unreachable(why: String) -> Self {
        Self::Unavailable(DbErr::Custom(why))
    }

    /// A row that was there a moment ago.
    #[must_use]
    pub fn gone(what: &str) -> Self {
        Self::Conflict(DbErr::Custom(format!("gone: {what}")))
    }

    /// Whether the database refused because of who asked.
    #[must_use]
    pub fn is_denied(&self) -> bool {
        // insufficient_privilege
        matches!(self, Self::Fault(error) if code(error).as_deref() == Some("42501"))
    }

    /// A transaction that cannot be kept, because a statement of it did not succeed
    /// and the transaction went on all the same.
    pub(super) fn unfinished() -> Self {
        Self::Fault(DbErr::Custom("a statement of the transaction did not succeed".to_owned()))
    }

    /// What is done for several callers, or in the background, took too long.
    pub(crate) fn overdue() -> Self {
        Self::Unavailable(DbErr::Custom("no answer in time".to_owned()))
    }
}

impl From<Unserved> for StorageError {
    fn from(unserved: Unserved) -> Self {
        match unserved {
            Unserved::EndedEarly => {
                let why = "what was shared with other calls ended early";
                Self::Fault(DbErr::Custom(why.to_owned()))
            }
            Unserved::TimedOut => Self::overdue(),
        }
    }
}

/// Tells the errors after which the same transaction may succeed.
pub trait IsConflict {
    /// Whether to try again.
    fn is_conflict(&self) -> bool;
}

impl IsConflict for StorageError {
    fn is_conflict(&self) -> bool {
        // A key that was free and then taken is found by the next attempt.
        matches!(self, Self::Conflict(_) | Self::Unique(_))
    }
}

impl From<DbErr> for StorageError {
    fn from(error: DbErr) -> Self {
        if matches!(error.sql_err(), Some(SqlErr::UniqueConstraintViolation(_))) {
            return Self::Unique(error);
        }
        match &error {
            DbErr::ConnectionAcquire(_) | DbErr::Conn(_) => Self::Unavailable(error),
            DbErr::Exec(RuntimeErr::SqlxError(cause))
            | DbErr::Query(RuntimeErr::SqlxError(cause)) => match classify(cause) {
                Class::Unavailable => Self::Unavailable(error),
                Class::Conflict => Self::Conflict(error),
                Class::Fault => Self::Fault(error),
            },
            _ => Self::Fault(error),
        }
    }
}

/// The database's own code of an error.
pub(super) fn code(error: &DbErr) -> Option<String> {
    let (DbErr::Conn(RuntimeErr::SqlxError(cause))
    | DbErr::Exec(RuntimeErr::SqlxError(cause))
    | DbErr::Query(RuntimeErr::SqlxError(cause))) = error
    else {
        return None;
    };
    Some(cause.as_database_error()?.code()?.into_owned())
}

/// Whether a connection could not be made because of what others were doing.
pub(super) fn is_in_the_way(error: &DbErr) -> bool {
    matches!(error, DbErr::Conn(RuntimeErr::SqlxError(cause))
        if matches!(classify(cause), Class::Conflict))
}

enum Class {
    Unavailable,
    Conflict,
    Fault,
}

fn classify(cause: &SqlxError) -> Class {
    let database = match cause {
        SqlxError::Database(database) => database,
        SqlxError::Io(_)
        | SqlxError::Tls(_)
        | SqlxError::Protocol(_)
        | SqlxError::PoolTimedOut
        | SqlxError::PoolClosed
        | SqlxError::WorkerCrashed => return Class::Unavailable,
        _ => return Class::Fault,
    };
    let Some(code) = database.code() else {
        return Class::Fault;
    };
    if database.try_downcast_ref::<SqlxSqliteError>().is_some() {
        // https://www.sqlite.org/rescode.html
        return match code.parse::<i32>().map(|code| (code, code & 0xFF)) {
            // BUSY, LOCKED
            Ok((_, 5 | 6)) => Class::Conflict,
            // NOMEM, READONLY, INTERRUPT, IOERR, CORRUPT, FULL, CANTOPEN, PROTOCOL,
            // NOTADB: of the machine, the disk or the file, for the operator to mend.
            // CONSTRAINT_COMMITHOOK: the file has lost its name
            Ok((_, 7..=11 | 13..=15 | 26) | (531, _)) => Class::Unavailable,
            _ => Class::Fault,
        };
    }
    if database.try_downcast_ref::<SqlxPostgresError>().is_some() {
        return match sqlstate::remedy(&code) {
            Remedy::TryAgain => Class::Conflict,
            Remedy::ComeBack => Class::Unavailable,
            Remedy::Report => Class::Fault,
        };
    }
    Class::Fault
}
