//! Judges the certificate of a server that this one connects to.
//!
//! As rustls does, but for one thing: a certificate that the operator's file names may be
//! the server's own. Small relays have one that they signed by themselves, and most tools
//! make those as authorities, which rustls takes from no server.

use tokio_rustls::rustls::{
    CertificateError, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
    client::{
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
        verify_server_cert_signed_by_trust_anchor, verify_server_name,
    },
    crypto::{WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature},
    pki_types::{CertificateDer, ServerName, UnixTime},
    server::ParsedCertificate,
};

use super::Certificate;

/// Trusts roots, and the certificates that are named.
#[derive(Debug)]
pub(super) struct Verifier {
    roots: RootCertStore,
    named: Vec<Certificate>,
    algorithms: WebPkiSupportedAlgorithms,
}

impl Verifier {
    pub(super) fn new(
        roots: RootCertStore,
        named: Vec<Certificate>,
        algorithms: WebPkiSupportedAlgorithms,
    ) -> Self {
        Self { roots, named, algorithms }
    }

    /// Judges a certificate that the operator has named. Nobody signs for it, so what is
    /// left are its time and its names. One without any name, as `openssl req -x509` makes
    /// it, is taken: whoever has its key could sign any other, as the file's authority.
    fn verify_named(
        certificate: &Certificate,
        host: &ServerName<'_>,
        now: UnixTime,
    ) -> Result<(), Error> {
        let seconds = i64::try_from(now.as_secs()).unwrap_or(i64::MAX);
        if seconds > certificate.not_after().as_second() {
            return Err(CertificateError::Expired.into());
        }
        if seconds < certificate.not_before().as_second() {
            return Err(CertificateError::NotValidYet.into());
        }
        match verify_server_name(&ParsedCertificate::try_from(certificate.der())?, host) {
            Err(Error::InvalidCertificate(CertificateError::NotValidForNameContext {
                presented,
                ..
            })) if presented.is_empty() => Ok(()),
            judged => judged,
        }
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        _: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let named = self.named.iter().find(|named| named.der() == end_entity);
        if let Some(named) = named {
            Self::verify_named(named, server_name, now)?;
            return Ok(ServerCertVerified::assertion());
        }
        let certificate = ParsedCertificate::try_from(end_entity)?;
        let (roots, algorithms) = (&self.roots, self.algorithms.all);
        verify_server_cert_signed_by_trust_anchor(
            &certificate,
            roots,
            intermediates,
            now,
            algorithms,
        )
        .map_err(|error| plainer(error, end_entity))?;
        verify_server_name(&certificate, server_name)?;
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, cert, dss, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, dss, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

/// Says `UnknownIssuer` where rustls has found more than an operator needs to know: a
/// certificate that signed itself is trusted as soon as it is named, even if it is an
/// authority's; and an authority that has the name of a known one, but another key, as one
/// that was made anew, is unknown.
fn plainer(error: Error, end_entity: &CertificateDer<'_>) -> Error {
    let read = || Certificate::read(end_entity.clone().into_owned());
    let is_unknown = match &error {
        Error::InvalidCertificate(CertificateError::BadSignature) => true,
        Error::InvalidCertificate(CertificateError::Other(_)) => {
            read().is_some_and(|certificate| certificate.is_self_issued())
        }
        _ => false,
    };
    if is_unknown { CertificateError::UnknownIssuer.into() } else { error }
}
