//! What a certificate chain is worth to clients, as far as this machine can tell.

use std::{fmt, path::Path};

use jiff::Timestamp;
use tokio_rustls::rustls::{
    self, CertificateError, RootCertStore,
    client::verify_server_cert_signed_by_trust_anchor,
    crypto::ring,
    pki_types::{CertificateDer, UnixTime},
    server::ParsedCertificate,
};

use super::files::TlsError;
use crate::certificates::Certificate;

/// Refuses a chain whose own certificate, the first, is not valid `now`: every client
/// would refuse it.
pub(super) fn check(chain: &[Certificate], path: &Path, now: Timestamp) -> Result<(), TlsError> {
    let Some(leaf) = chain.first() else { return Ok(()) };
    let subject = || leaf.subject().to_owned();
    if now > leaf.not_after() {
        let (path, until) = (path.to_owned(), leaf.not_after());
        return Err(TlsError::Expired { path, subject: subject(), until });
    }
    if now < leaf.not_before() {
        let (path, from) = (path.to_owned(), leaf.not_before());
        return Err(TlsError::NotYetValid { path, subject: subject(), from });
    }
    Ok(())
}

/// Tells what was read, and what clients may find wrong with it. Only the chain's own
/// certificate is a reason not to serve: which roots the clients know, and whether they
/// look at what an old authority has signed, is theirs.
pub(super) fn tell(chain: &[Certificate], now: Timestamp) {
    for certificate in chain {
        tracing::info!(
            subject = certificate.subject(),
            issuer = certificate.issuer(),
            until = %certificate.not_after(),
            "TLS certificate"
        );
    }
    let (Some(leaf), Some(last)) = (chain.first(), chain.last()) else { return };
    let (subject, issuer) = (leaf.subject(), last.issuer());
    match complaint(chain, now) {
        None => {}
        Some(Complaint::SelfSigned) => tracing::warn!(subject, "{SELF_SIGNED}"),
        Some(Complaint::NoRoot) => tracing::warn!(issuer, "{NO_ROOT}"),
        Some(Complaint::Strict(error)) => tracing::warn!(%error, "{STRICT}"),
    }
}

const SELF_SIGNED: &str =
    "the TLS certificate is signed by itself: clients must be given it to trust";
const NO_ROOT: &str = "the TLS certificate chain ends at no root that it holds or this machine \
                       trusts: if clients are not given this issuer, append the missing \
                       certificates to the file";
const STRICT: &str = "the TLS certificate chain is refused by strict clients";

/// What clients may find wrong with a chain.
pub(super) enum Complaint {
    /// Its own certificate is signed by itself.
    SelfSigned,
    /// It ends at no root.
    NoRoot,
    /// Another reason.
    Strict(rustls::Error),
}

/// In words.
impl fmt::Display for Complaint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SelfSigned => f.write_str(SELF_SIGNED),
            Self::NoRoot => f.write_str(NO_ROOT),
            Self::Strict(error) => write!(f, "{STRICT}: {error}"),
        }
    }
}

/// What clients may find wrong with it, if anything.
pub(super) fn complaint(chain: &[Certificate], now: Timestamp) -> Option<Complaint> {
    if chain.first()?.is_self_issued() {
        return Some(Complaint::SelfSigned);
    }
    match verify(chain, now) {
        Ok(()) => None,
        // A bad signature is that of an authority that only has the name of a known one.
        Err(rustls::Error::InvalidCertificate(
            CertificateError::UnknownIssuer | CertificateError::BadSignature,
        )) => Some(Complaint::NoRoot),
        Err(error) => Some(Complaint::Strict(error)),
    }
}

/// Looks for a way from the chain's own certificate to a root: one of this machine's, or
/// one that the file holds.
fn verify(chain: &[Certificate], now: Timestamp) -> Result<(), rustls::Error> {
    let Some((leaf, others)) = chain.split_first() else { return Ok(()) };
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    let own = others.iter().filter(|certificate| certificate.is_self_issued());
    roots.add_parsable_certificates(own.map(|certificate| certificate.der().clone()));
    let others: Vec<CertificateDer<'_>> =
        others.iter().map(|certificate| certificate.der().clone()).collect();
    let since_epoch = now.duration_since(Timestamp::UNIX_EPOCH).unsigned_abs();
    verify_server_cert_signed_by_trust_anchor(
        &ParsedCertificate::try_from(leaf.der())?,
        &roots,
        &others,
        UnixTime::since_unix_epoch(since_epoch),
        ring::default_provider().signature_verification_algorithms.all,
    )
}
