//! Certificates as they lie in files: read by one rule, whatever they are for, and with
//! what each says of itself, so that an operator can be told.

mod fault;
mod pem;
mod trust;
mod verifier;

use std::fmt;

use jiff::Timestamp;
use tokio_rustls::rustls::pki_types::CertificateDer;
use x509_parser::{
    certificate::X509Certificate, extensions::GeneralName, prelude::FromDer as _, time::ASN1Time,
};

pub(crate) use self::fault::TlsFault;
pub use self::pem::PemError;
pub(crate) use self::pem::{certificates, mended, private_key};
pub(crate) use self::trust::Trust;
pub use self::trust::TrustError;

/// A certificate, and what it says of itself.
#[derive(Clone)]
pub struct Certificate {
    der: CertificateDer<'static>,
    subject: String,
    issuer: String,
    is_self_issued: bool,
    not_before: Timestamp,
    not_after: Timestamp,
}

impl Certificate {
    /// Reads it; `None` if it is no X.509 certificate.
    pub(crate) fn read(der: CertificateDer<'static>) -> Option<Self> {
        let (rest, certificate) = X509Certificate::from_der(&der).ok()?;
        if !rest.is_empty() {
            return None;
        }
        let subject = match certificate.subject().to_string() {
            // An authority need not repeat there what the names say.
            subject if subject.is_empty() => names(&certificate),
            subject => subject,
        };
        let validity = certificate.validity();
        let (subject, issuer) = (one_line(&subject), one_line(&certificate.issuer().to_string()));
        let is_self_issued = certificate.subject().as_raw() == certificate.issuer().as_raw();
        let (not_before, not_after) = (moment(validity.not_before), moment(validity.not_after));
        Some(Self { der, subject, issuer, is_self_issued, not_before, not_after })
    }

    /// The certificate as it travels.
    #[must_use]
    pub fn der(&self) -> &CertificateDer<'static> {
        &self.der
    }

    /// Whose it is.
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// Who says so.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Whether it names itself as its issuer, as a root does.
    #[must_use]
    pub fn is_self_issued(&self) -> bool {
        self.is_self_issued
    }

    /// From when it is valid.
    #[must_use]
    pub fn not_before(&self) -> Timestamp {
        self.not_before
    }

    /// The last moment at which it is valid.
    #[must_use]
    pub fn not_after(&self) -> Timestamp {
        self.not_after
    }
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Certificate")
            .field("subject", &self.subject)
            .field("issuer", &self.issuer)
            .field("not_after", &self.not_after)
            .finish_non_exhaustive()
    }
}

/// The hosts that it names.
fn names(certificate: &X509Certificate<'_>) -> String {
    let Ok(Some(names)) = certificate.subject_alternative_name() else { return String::new() };
    let hosts = names.value.general_names.iter().filter_map(|name| match name {
        GeneralName::DNSName(host) => Some(*host),
        _ => None,
    });
    hosts.collect::<Vec<_>>().join(", ")
}

/// A line break in a name must not make two lines of the log.
fn one_line(text: &str) -> String {
    text.replace(char::is_control, " ")
}

/// RFC 5280, section 4.1.2.5, has the last second of the year 9999 say that there is no
/// end; that is beyond what a [`Timestamp`] can tell.
fn moment(time: ASN1Time) -> Timestamp {
    Timestamp::from_second(time.timestamp()).unwrap_or(Timestamp::MAX)
}
