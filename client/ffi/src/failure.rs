//! What can go wrong between a host and the service, before it is put into words.

use std::io;

use gestan_account_client::Error;

/// Why there is no answer to a call. Nothing of it holds a secret.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The client says so: the service refused, or could not be reached.
    Client(Error),
    /// The host has called in a way that makes no sense; in what way.
    Usage(String),
    /// The store of the link token does not do its work.
    Store(io::Error),
    /// This library is at fault; where.
    Bug(String),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match error {
            Error::InvalidOptions(text) => Self::Usage(text),
            error => Self::Client(error),
        }
    }
}
