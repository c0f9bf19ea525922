//! Why a mail could not be delivered just now: it stays in the queue, and is tried again.

use crate::{credentials::hasher::HashError, storage::error::StorageError};

#[derive(Debug, thiserror::Error)]
pub(super) enum DeliveryError {
    #[error(transparent)]
    Storage(#[from] StorageError),
    #[error(transparent)]
    Hash(#[from] HashError),
    #[error("the mail cannot be composed: {0}")]
    Compose(String),
}
