//! Judges a server's certificate by the authorities that a program names, and by the system.
//!
//! The platform's verifier takes further authorities, too, but not everywhere (Wine refuses them), and
//! none where the system has no list of its own. And an authority of one's own is to be judged the
//! same on every system.

use std::sync::Arc;

use rustls_platform_verifier::Verifier;
use tokio_rustls::rustls::{
    CertificateError, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
    client::{
        WebPkiServerVerifier,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    },
    crypto::CryptoProvider,
    pki_types::{CertificateDer, ServerName, UnixTime},
};

/// A verifier that takes what the system takes and, if there are authorities, what they have issued.
///
/// # Errors
///
/// When the system has no verifier, and no authority is named, or one of these is no certificate.
pub(super) fn verifier(
    authorities: Vec<CertificateDer<'static>>,
    provider: &Arc<CryptoProvider>,
) -> Result<Arc<dyn ServerCertVerifier>, Box<dyn std::error::Error>> {
    let system = Verifier::new(Arc::clone(provider));
    if authorities.is_empty() {
        return Ok(Arc::new(system?));
    }
    let mut roots = RootCertStore::empty();
    for authority in authorities {
        roots.add(authority)?;
    }
    let builder = WebPkiServerVerifier::builder_with_provider(roots.into(), Arc::clone(provider));
    let own = builder.build()?;
    // A system without a list of authorities trusts none, which is no reason to trust none at all.
    Ok(match system {
        Ok(system) => Arc::new(Either { own, system }),
        Err(_) => own,
    })
}

/// The named authorities first: what they have issued needs no question to the system.
#[derive(Debug)]
struct Either {
    own: Arc<WebPkiServerVerifier>,
    system: Verifier,
}

impl ServerCertVerifier for Either {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let judge = |verifier: &dyn ServerCertVerifier| {
            verifier.verify_server_cert(end_entity, intermediates, name, ocsp_response, now)
        };
        let own = judge(&*self.own);
        if own.is_ok() {
            return own;
        }
        let system = judge(&self.system);
        match own {
            // They have issued it, and say best what is wrong with it.
            Err(error) if system.is_err() && !is_of_others(&error) => Err(error),
            _ => system,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.own.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.own.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.own.supported_verify_schemes()
    }
}

fn is_of_others(error: &Error) -> bool {
    matches!(error, Error::InvalidCertificate(CertificateError::UnknownIssuer))
}
