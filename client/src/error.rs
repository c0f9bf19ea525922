//! What can go wrong with a call, sorted by what the caller can do about it.
//!
//! Only this module decides what a status without our `ErrorInfo` means.

use std::error::Error as StdError;

use gestan_account_proto::v1::ErrorReason;
use tonic::{Code, ConnectError, Status, TimeoutExpired};

use crate::{
    rejection::Rejection,
    tunnel::{ProxyError, ProxyFault},
};

/// Why a call, or a connection, failed. Neither its `Display` nor its `Debug`
/// holds a password, code, ticket or token.
///
/// ```
#[doc = include_str!("../docs/explain.rs")]
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The service answered, and refused: the reason is in the [`Rejection`].
    #[error(transparent)]
    Rejected(Box<Rejection>),

    /// The service could not be reached, or the connection broke before the
    /// answer came. Whether the call was carried out is not known; repeating it
    /// is as safe as the RPC's comment says.
    #[error("the account service cannot be reached")]
    Transport(#[source] Box<dyn StdError + Send + Sync>),

    /// No answer came before the deadline. Whether the call was carried out is
    /// not known.
    #[error("the account service did not answer in time")]
    Deadline,

    /// The URL, an option or a link token cannot be used.
    #[error("{0}")]
    InvalidOptions(String),

    /// An answer that is not the account service's, for example from another
    /// server behind the URL.
    #[error("unexpected answer of the account service: {message} ({code:?})")]
    Unexpected {
        /// The gRPC status code.
        code: Code,
        /// The status message.
        message: String,
    },
}

impl Error {
    /// Why the service refused the call; `None` when it was not the service
    /// that refused.
    #[must_use]
    pub fn reason(&self) -> Option<ErrorReason> {
        self.rejection().map(Rejection::reason)
    }

    /// All that the service said about its refusal.
    #[must_use]
    pub fn rejection(&self) -> Option<&Rejection> {
        match self {
            Self::Rejected(rejection) => Some(rejection),
            _ => None,
        }
    }
}

impl From<Status> for Error {
    fn from(status: Status) -> Self {
        // The server's own details for this code say no more.
        if status.code() == Code::DeadlineExceeded {
            return Self::Deadline;
        }
        if let Some(rejection) = Rejection::from_status(&status) {
            return Self::Rejected(Box::new(rejection));
        }
        match status.code() {
            _ if timed_out(&status) => Self::Deadline,
            // A server that cancels has run into the `grpc-timeout` it was sent.
            Code::Cancelled if !connection_failed(&status) => Self::Deadline,
            // Without our ErrorInfo, it comes from a proxy that finds no server behind it.
            Code::Unavailable => Self::Transport(Box::new(status)),
            _ if connection_failed(&status) => Self::Transport(Box::new(status)),
            code => Self::Unexpected { code, message: status.message().to_owned() },
        }
    }
}

/// Whether the status was made on this side from a fault of the connection,
/// whose code says little: what came over the wire never has a source.
pub(crate) fn connection_failed(status: &Status) -> bool {
    status.source().is_some() && !timed_out(status)
}

/// Whether there was no connection to send the call on, so that the server
/// cannot have seen it.
pub(crate) fn never_sent(status: &Status) -> bool {
    causes(status).any(<dyn StdError>::is::<ConnectError>)
}

/// What a proxy said that has the last word.
pub(crate) fn proxys_refusal(status: &Status) -> Option<&ProxyFault> {
    let error = causes(status).find_map(|cause| cause.downcast_ref::<ProxyError>())?;
    Some(error.fault()).filter(|fault| fault.is_final())
}

fn timed_out(status: &Status) -> bool {
    causes(status).any(<dyn StdError>::is::<TimeoutExpired>)
}

fn causes(status: &Status) -> impl Iterator<Item = &(dyn StdError + 'static)> {
    std::iter::successors(status.source(), |&cause| cause.source())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_without_our_details_is_sorted_by_where_it_came_from() {
        let broken = Status::from_error("connection reset".into());
        assert_eq!(broken.code(), Code::Unknown);
        assert!(matches!(Error::from(broken), Error::Transport(_)));

        let timed_out = Status::from_error(Box::new(TimeoutExpired(())));
        assert!(matches!(Error::from(timed_out), Error::Deadline));

        assert!(matches!(Error::from(Status::cancelled("Timeout expired")), Error::Deadline));
        assert!(matches!(Error::from(Status::unavailable("no upstream")), Error::Transport(_)));
        assert!(matches!(
            Error::from(Status::unimplemented("")),
            Error::Unexpected { code: Code::Unimplemented, .. }
        ));
    }
}
