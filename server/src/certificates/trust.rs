//! Whom this program trusts when it connects to a server of somebody else: the system's
//! authorities, and the certificates of a file.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use tokio_rustls::rustls::{
    ClientConfig, RootCertStore,
    crypto::ring,
    version::{TLS12, TLS13},
};

use super::{Certificate, PemError, certificates, mended, verifier::Verifier};

/// Whom a connection trusts.
pub(crate) struct Trust {
    pub(crate) config: ClientConfig,
    /// Whether there is anything to trust: without it no handshake can succeed.
    pub(crate) has_roots: bool,
    /// The certificates of the file.
    pub(crate) named: Vec<Certificate>,
}

/// A file of certificates is of no use.
#[derive(Debug, thiserror::Error)]
pub enum TrustError {
    /// It cannot be read.
    #[error("the certificate file {} cannot be read", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It has none that can be used.
    #[error("the certificate file {} cannot be used", path.display())]
    Certificate {
        /// The file.
        path: PathBuf,
        /// Why.
        source: PemError,
    },
    /// It has one that can sign for nobody.
    #[error("the certificate file {} has a certificate that no authority can have", path.display())]
    Authority {
        /// The file.
        path: PathBuf,
    },
    /// The library offers no TLS.
    #[error("TLS cannot be set up")]
    Tls,
}

impl Trust {
    /// Trusts the system's authorities, and the certificates of the file `ca`.
    pub(crate) fn new(ca: Option<&Path>) -> Result<Self, TrustError> {
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
            .map_err(|_| TrustError::Tls)?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier))
            .with_no_client_auth();
        Ok(Self { config, has_roots, named })
    }
}

/// Trusts each certificate of a file, which an operator may have put together from others:
/// its order says nothing.
fn add_file(roots: &mut RootCertStore, path: &Path) -> Result<Vec<Certificate>, TrustError> {
    let text =
        fs::read(path).map_err(|source| TrustError::File { path: path.to_owned(), source })?;
    let named = certificates(&mended(&text))
        .map_err(|source| TrustError::Certificate { path: path.to_owned(), source })?;
    for certificate in &named {
        let added = roots.add(certificate.der().clone());
        added.map_err(|_| TrustError::Authority { path: path.to_owned() })?;
    }
    Ok(named)
}
