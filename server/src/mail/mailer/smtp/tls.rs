//! TLS to a mail server, which must show a certificate for its name.

mod fault;
mod verifier;

use std::{fs, path::Path, sync::Arc, time::Duration};

use tokio::time::timeout;
use tokio_rustls::{
    TlsConnector,
    rustls::{
        ClientConfig, RootCertStore,
        crypto::ring,
        pki_types::ServerName,
        version::{TLS12, TLS13},
    },
};

pub(super) use self::fault::TlsFault;
use self::verifier::Verifier;
use super::dialogue::{Fault, Stream};
use crate::{
    certificates::{Certificate, certificates, mended},
    mail::mailer::MailerError,
};

/// What a connection is protected with.
pub(super) struct Tls {
    connector: TlsConnector,
    host: ServerName<'static>,
    has_roots: bool,
    named: Vec<Certificate>,
}

impl Tls {
    /// Trusts the system's authorities, and the certificates of the file `ca`.
    pub(super) fn new(host: &str, ca: Option<&Path>) -> Result<Self, MailerError> {
        let host = ServerName::try_from(host.to_owned()).map_err(|_| MailerError::Host)?;
        let mut roots = RootCertStore::empty();
        // What cannot be read of the system's is left out: the rest may be enough.
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        let named = ca.map(|path| add_file(&mut roots, path)).transpose()?.unwrap_or_default();
        let has_roots = !roots.is_empty();
        let provider = Arc::new(ring::default_provider());
        let algorithms = provider.signature_verification_algorithms;
        let verifier = Verifier::new(roots, named.clone(), algorithms);
        let config = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&TLS13, &TLS12])
            .map_err(|_| MailerError::Tls)?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier))
            .with_no_client_auth();
        let connector = TlsConnector::from(Arc::new(config));
        Ok(Self { connector, host, has_roots, named })
    }

    /// Whether there is anything to trust: without it no handshake can succeed.
    pub(super) fn has_roots(&self) -> bool {
        self.has_roots
    }

    /// The certificates of the file.
    pub(super) fn named(&self) -> &[Certificate] {
        &self.named
    }

    /// The handshake.
    pub(super) async fn protect(
        &self,
        stream: Box<dyn Stream>,
        limit: Duration,
    ) -> Result<Box<dyn Stream>, Fault> {
        let handshake = self.connector.connect(self.host.clone(), stream);
        let stream = timeout(limit, handshake).await.map_err(|_| Fault::Timeout)?;
        let stream = stream.map_err(|error| match TlsFault::of(&error) {
            TlsFault::UnknownAuthority if !self.has_roots => TlsFault::NoRoots,
            fault => fault,
        });
        Ok(Box::new(stream.map_err(Fault::Tls)?))
    }
}

/// Trusts each certificate of a file, which an operator may have put together from others:
/// its order says nothing.
fn add_file(roots: &mut RootCertStore, path: &Path) -> Result<Vec<Certificate>, MailerError> {
    let text = fs::read(path)
        .map_err(|source| MailerError::CertificateFile { path: path.to_owned(), source })?;
    let named = certificates(&mended(&text))
        .map_err(|source| MailerError::Certificate { path: path.to_owned(), source })?;
    for certificate in &named {
        let added = roots.add(certificate.der().clone());
        added.map_err(|_| MailerError::Authority { path: path.to_owned() })?;
    }
    Ok(named)
}
