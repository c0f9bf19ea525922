//! Why a call is refused. `grpc::status` says it to the caller.

mod desk;

use std::time::Duration;

pub use desk::DeskRefusal;

use crate::{
    credentials::hasher::HashError,
    domain::violation::{Problem, Violations},
    storage::{database::IsConflict, error::StorageError},
    throttle::{ThrottleError, Throttled},
};

/// Why a call is refused.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Some fields are bad.
    #[error("the request has bad fields")]
    Invalid(Violations),
    /// Wrong secret, unknown account, challenge or token: which, is not told.
    #[error("wrong or unknown credentials")]
    InvalidCredentials,
    /// A valid token that may not do this.
    #[error("the token may not do this")]
    PermissionDenied,
    /// What only the support desk is told.
    #[error(transparent)]
    Desk(#[from] DeskRefusal),
    /// The code was used already.
    #[error("the code is spent")]
    CodeSpent,
    /// The code or its challenge is too old.
    #[error("the code has expired")]
    CodeExpired,
    /// Too many wrong codes have killed the challenge.
    #[error("too many wrong codes")]
    TooManyTries,
    /// The ticket was used already.
    #[error("the ticket is spent")]
    TicketSpent,
    /// The ticket is too old.
    #[error("the ticket has expired")]
    TicketExpired,
    /// The address has become another account's.
    #[error("the address is another account's")]
    EmailTaken,
    /// No code was mailed to the address. Only a testing server says so.
    #[error("no code was mailed to this address")]
    NoCodeMailed,
    /// The account has changed since it was read.
    #[error("the account has changed since it was read")]
    EtagMismatch,
    /// The hashing queue is full.
    #[error("the hashing queue is full")]
    HashingBusy {
        /// When a place is to be expected.
        retry_after: Duration,
    },
    /// A limit was hit.
    #[error("throttled ({limit:?})")]
    Throttled {
        /// Which limit.
        limit: Throttled,
        /// For how long.
        retry_after: Duration,
    },
    /// The password was replaced while one was held against it, or the account was merged into
    /// another one, time and again: the caller may repeat.
    #[error("the password was replaced while one was held against it")]
    PasswordReplaced,
    /// Hashing failed: a bug or a damaged hash.
    #[error("hashing failed")]
    Hashing,
    /// The database is away or cannot keep up: the caller may repeat.
    #[error(transparent)]
    Unavailable(StorageError),
    /// The database failed: a bug, or a row that holds what is never written.
    #[error(transparent)]
    Storage(StorageError),
}

impl Error {
    /// Whether no living token vouches for the call, which then counts for its network.
    #[must_use]
    pub(crate) fn is_of_stranger(&self) -> bool {
        match self {
            Self::InvalidCredentials => true,
            Self::Desk(refusal) => refusal.is_of_stranger(),
            _ => false,
        }
    }

    /// One bad field.
    #[must_use]
    pub fn invalid(field: &str, problem: Problem) -> Self {
        Self::Invalid(Violations::one(field, problem))
    }
}

impl From<HashError> for Error {
    fn from(error: HashError) -> Self {
        match error {
            HashError::Busy { retry_after } => Self::HashingBusy { retry_after },
            HashError::Fault => Self::Hashing,
        }
    }
}

impl From<ThrottleError> for Error {
    fn from(error: ThrottleError) -> Self {
        match error {
            ThrottleError::Throttled { limit, retry_after } => {
                Self::Throttled { limit, retry_after }
            }
            ThrottleError::Storage(error) => error.into(),
        }
    }
}

impl From<StorageError> for Error {
    fn from(error: StorageError) -> Self {
        match error {
            // A conflict that eight attempts did not solve is a database that cannot
            // keep up.
            StorageError::Unavailable(_) | StorageError::Conflict(_) => Self::Unavailable(error),
            StorageError::Unique(_) | StorageError::Fault(_) => Self::Storage(error),
        }
    }
}

impl From<sea_orm::DbErr> for Error {
    fn from(error: sea_orm::DbErr) -> Self {
        StorageError::from(error).into()
    }
}

impl IsConflict for Error {
    fn is_conflict(&self) -> bool {
        // Both: a conflict is the one, and a key that was taken meanwhile the other.
        let (Self::Unavailable(error) | Self::Storage(error)) = self else { return false };
        error.is_conflict()
    }
}
