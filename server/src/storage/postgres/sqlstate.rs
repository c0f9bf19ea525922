//! What PostgreSQL's refusals mean for whoever asked: the one table of its codes
//! (SQLSTATE, <https://www.postgresql.org/docs/current/errcodes-appendix.html>).
//!
//! A code may be tried again inside the server only if nothing can have been kept: it is
//! asked of COMMIT, too, and a change that was made twice is worse than one refused.

/// What is to be done about a refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Remedy {
    /// Nothing was kept: the transaction is tried again from its start, and nobody is
    /// told unless that fails time and again.
    TryAgain,
    /// The database is away, for a moment or until its operator mends something: the
    /// caller may repeat.
    ComeBack,
    /// A bug, or a schema that does not fit.
    Report,
}

use Remedy::{ComeBack, Report, TryAgain};

/// Code, name, remedy, and why. What is not here goes by its class, see [`CLASSES`].
pub const CODES: &[(&str, &str, Remedy, &str)] = &[
    ("25006", "read_only_sql_transaction", ComeBack, "a standby, until there is a primary"),
    ("25P03", "idle_in_transaction_session_timeout", TryAgain, "ended before its next statement"),
    ("25P04", "transaction_timeout", ComeBack, "may have come while a COMMIT was being done"),
    ("26000", "invalid_sql_statement_name", ComeBack, "a pooler has lost a prepared statement"),
    ("28000", "invalid_authorization_specification", ComeBack, "the operator's to mend"),
    ("28P01", "invalid_password", ComeBack, "the operator's to mend"),
    ("3D000", "invalid_catalog_name", ComeBack, "the database is gone, or not yet there"),
    ("40000", "transaction_rollback", TryAgain, "rolled back, as the name says"),
    ("40001", "serialization_failure", TryAgain, "another transaction was in the way"),
    ("40003", "statement_completion_unknown", ComeBack, "it may have been kept"),
    ("40P01", "deadlock_detected", TryAgain, "another transaction was in the way"),
    ("42P05", "duplicate_prepared_statement", ComeBack, "a pooler mixes up connections"),
    ("55P03", "lock_not_available", TryAgain, "lock_timeout: another one holds the lock"),
    ("57014", "query_canceled", TryAgain, "statement_timeout, which counts waits for locks, too"),
    ("57P05", "idle_session_timeout", TryAgain, "ended before its next statement"),
];

/// What a code that is not in [`CODES`] means, by its first two characters.
pub const CLASSES: &[(&str, &str, Remedy, &str)] = &[
    ("08", "connection_exception", ComeBack, "cut off; poolers use it for all that they say"),
    ("53", "insufficient_resources", ComeBack, "disk, memory, too many connections (53300)"),
    ("57", "operator_intervention", ComeBack, "it is shut down, crashes, or is starting"),
    ("58", "system_error", ComeBack, "a failing disk"),
];

/// What is to be done about a refusal with this code.
#[must_use]
pub fn remedy(code: &str) -> Remedy {
    let exact = CODES.iter().find(|(known, ..)| *known == code);
    let row = exact.or_else(|| CLASSES.iter().find(|(class, ..)| code.starts_with(class)));
    row.map_or(Report, |(_, _, remedy, _)| *remedy)
}
