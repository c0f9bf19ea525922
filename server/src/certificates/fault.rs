//! Why a handshake with a server of somebody else failed, in words that tell the operator what to
//! mend. They are ours: what a certificate says is not repeated.

use std::io;

use tokio_rustls::rustls::{CertificateError, Error};

/// Why a handshake failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TlsFault {
    /// No root that is trusted has signed the certificate, nor is it named itself.
    UnknownAuthority,
    /// The same, on a machine that has no roots.
    NoRoots,
    /// The certificate, or one that signed it, is over.
    Expired,
    /// The certificate, or one that signed it, has not begun.
    NotYetValid,
    /// The certificate is for another host.
    OtherName,
    /// The certificate is wrong in another way.
    Certificate,
    /// The server speaks no TLS there, or none of a version that is spoken here.
    Protocol,
    /// The server ended the connection.
    HungUp,
}

impl TlsFault {
    /// Finds it in what the handshake ended with.
    pub(crate) fn of(error: &io::Error) -> Self {
        let tls = error.get_ref().and_then(|error| error.downcast_ref::<Error>());
        match tls {
            Some(Error::InvalidCertificate(error)) => Self::of_certificate(error),
            Some(Error::NoCertificatesPresented) => Self::Certificate,
            Some(_) => Self::Protocol,
            None => Self::HungUp,
        }
    }

    fn of_certificate(error: &CertificateError) -> Self {
        match error {
            CertificateError::UnknownIssuer => Self::UnknownAuthority,
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => Self::Expired,
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                Self::NotYetValid
            }
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                Self::OtherName
            }
            _ => Self::Certificate,
        }
    }

    /// What log and outbox say of it.
    pub(crate) fn text(self) -> &'static str {
        match self {
            Self::UnknownAuthority => "tls: unknown authority",
            Self::NoRoots => "tls: no roots on this machine",
            Self::Expired => "tls: certificate expired",
            Self::NotYetValid => "tls: certificate not valid yet",
            Self::OtherName => "tls: certificate for another name",
            Self::Certificate => "tls: unusable certificate",
            Self::Protocol => "tls: no common protocol",
            Self::HungUp => "tls: hung up",
        }
    }
}
