//! The contents of the files of TLS, and the configuration that they make.

use std::{fs, path::PathBuf, sync::Arc};

use jiff::Timestamp;
use sha2::{Digest as _, Sha256};
use tokio_rustls::rustls::{
    self, RootCertStore, ServerConfig,
    crypto::ring,
    server::{VerifierBuilderError, WebPkiClientVerifier},
    version::{TLS12, TLS13},
};

use super::chain;
use crate::certificates::{Certificate, PemError, certificates, private_key};

/// Where the certificates are.
#[derive(Clone, Debug)]
pub struct TlsFiles {
    /// The server's certificate chain, as PEM, its own first.
    pub certificate: PathBuf,
    /// The private key, as PEM.
    pub key: PathBuf,
    /// The authorities that sign the certificates which clients must show, as PEM;
    /// without it clients need none.
    pub client_ca: Option<PathBuf>,
}

/// The files cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read.
    #[error("cannot read {}: {error}", path.display())]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// A file is no PEM, or does not hold what it should.
    #[error("{}: {error}", path.display())]
    NotPem {
        /// Which.
        path: PathBuf,
        /// Why.
        error: PemError,
    },
    /// The server's certificate is over.
    #[error("{}: the certificate of {subject} expired on {until}: renew it", path.display())]
    Expired {
        /// The file.
        path: PathBuf,
        /// Whose it is.
        subject: String,
        /// Its last moment.
        until: Timestamp,
    },
    /// The server's certificate has not begun.
    #[error(
        "{}: the certificate of {subject} is not valid before {from}: is this machine's clock \
         right?", path.display()
    )]
    NotYetValid {
        /// The file.
        path: PathBuf,
        /// Whose it is.
        subject: String,
        /// Its first moment.
        from: Timestamp,
    },
    /// Certificate and key do not go together, or cannot be used.
    #[error("the certificate or its key cannot be used: {0}")]
    Unusable(#[from] rustls::Error),
    /// The client authorities cannot be used.
    #[error("the client certificate authority cannot be used: {0}")]
    ClientCa(#[from] VerifierBuilderError),
}

/// The contents of the files at one moment.
pub(super) struct Contents {
    certificate: Vec<u8>,
    key: Vec<u8>,
    client_ca: Option<Vec<u8>>,
}

/// What the files make.
pub(super) struct Made {
    pub(super) config: Arc<ServerConfig>,
    pub(super) chain: Vec<Certificate>,
    pub(super) client_ca: Vec<Certificate>,
}

impl Contents {
    pub(super) fn read(files: &TlsFiles) -> Result<Self, TlsError> {
        let read = |path: &PathBuf| {
            fs::read(path).map_err(|error| TlsError::Unreadable { path: path.clone(), error })
        };
        Ok(Self {
            certificate: read(&files.certificate)?,
            key: read(&files.key)?,
            client_ca: files.client_ca.as_ref().map(read).transpose()?,
        })
    }

    pub(super) fn digest(&self) -> [u8; 32] {
        // Each part is digested apart, so that no byte can pass from one to the next.
        let mut digest = Sha256::new();
        for part in [Some(&self.certificate), Some(&self.key), self.client_ca.as_ref()] {
            digest.update(Sha256::digest(part.map_or(&[][..], Vec::as_slice)));
        }
        digest.finalize().into()
    }

    /// What they make, if the chain can serve `now`.
    pub(super) fn make(&self, files: &TlsFiles, now: Timestamp) -> Result<Made, TlsError> {
        let provider = Arc::new(ring::default_provider());
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_protocol_versions(&[&TLS13, &TLS12])?;
        let not_pem = |path: &PathBuf| {
            let path = path.clone();
            |error| TlsError::NotPem { path, error }
        };
        let mut client_ca = Vec::new();
        let builder = match (&self.client_ca, &files.client_ca) {
            (Some(pem), Some(path)) => {
                client_ca = certificates(pem).map_err(not_pem(path))?;
                let mut roots = RootCertStore::empty();
                for certificate in &client_ca {
                    roots.add(certificate.der().clone())?;
                }
                let verifier =
                    WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
                builder.with_client_cert_verifier(verifier.build()?)
            }
            _ => builder.with_no_client_auth(),
        };
        let key = private_key(&self.key).map_err(not_pem(&files.key))?;
        let chain = certificates(&self.certificate).map_err(not_pem(&files.certificate))?;
        chain::check(&chain, &files.certificate, now)?;
        let shown = chain.iter().map(|certificate| certificate.der().clone()).collect();
        let mut config = builder.with_single_cert(shown, key)?;
        config.alpn_protocols = vec![b"h2".to_vec()];
        Ok(Made { config: Arc::new(config), chain, client_ca })
    }
}

impl Made {
    /// Tells what was read.
    pub(super) fn tell(&self, now: Timestamp) {
        chain::tell(&self.chain, now);
        for authority in &self.client_ca {
            tracing::info!(
                subject = authority.subject(),
                until = %authority.not_after(),
                "TLS clients are known by this authority"
            );
        }
    }
}
