//! Why there is no connection, in words for an operator: each address, and what became of it.

use std::{fmt, io, net::SocketAddr};

/// Why there is no connection.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DialError {
    /// The name leads to no address.
    #[error("no address of {host}: {why}")]
    LookUp {
        /// The name.
        host: String,
        /// What the system says.
        why: String,
    },
    /// No address took the connection.
    #[error("{}", list(.0))]
    Unreached(Vec<Attempt>),
}

impl DialError {
    /// Whether every address answered, by a refusal: nothing listens there, or not yet.
    #[must_use]
    pub fn is_refusal(&self) -> bool {
        let refused = Outcome::Refused(io::ErrorKind::ConnectionRefused);
        match self {
            Self::LookUp { .. } => false,
            Self::Unreached(attempts) => attempts.iter().all(|attempt| attempt.outcome == refused),
        }
    }
}

/// An address, and what became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// The address.
    pub address: SocketAddr,
    /// What became of it.
    pub outcome: Outcome,
}

/// What became of an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was refused, by the other side or on the way.
    Refused(io::ErrorKind),
    /// Nothing came back until the time was over.
    NoAnswer,
}

impl Outcome {
    pub(crate) fn of(error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::TimedOut => Self::NoAnswer,
            kind => Self::Refused(kind),
        }
    }
}

/// Such as `[2001:db8::1]:25: no answer`.
impl fmt::Display for Attempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.address)?;
        match self.outcome {
            Outcome::Refused(kind) => write!(f, "{kind}"),
            Outcome::NoAnswer => f.write_str("no answer"),
        }
    }
}

fn list(attempts: &[Attempt]) -> String {
    attempts.iter().map(Attempt::to_string).collect::<Vec<_>>().join("; ")
}
