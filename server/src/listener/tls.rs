//! TLS from files that may change while the server runs. New connections get
//! what the files hold; those that are open keep what they were made with. Keys
//! are never logged.

use std::{
    fmt, fs,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError, RwLock,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use sha2::{Digest as _, Sha256};
use tokio_rustls::rustls::{
    self, RootCertStore, ServerConfig,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, pem, pem::PemObject as _},
    server::{VerifierBuilderError, WebPkiClientVerifier},
    version::{TLS12, TLS13},
};
use tokio_util::sync::CancellationToken;

/// How often the files are looked at.
const WATCH_INTERVAL: Duration = Duration::from_secs(5);

/// Where the certificates are.
#[derive(Clone, Debug)]
pub struct TlsFiles {
    /// The server's certificate chain, as PEM, its own first.
    pub certificate: PathBuf,
    /// The private key, as PEM.
    pub key: PathBuf,
    /// Who signs the certificates that clients must show, as PEM; without it
    /// they need none.
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
    /// A file is no PEM, or holds not what it should.
    #[error("{}: {error}", path.display())]
    NotPem {
        /// Which.
        path: PathBuf,
        /// Why.
        error: pem::Error,
    },
    /// Certificate and key do not go together, or cannot be used.
    #[error("the certificate or its key cannot be used: {0}")]
    Unusable(#[from] rustls::Error),
    /// The client authorities cannot be used.
    #[error("the client certificate authority cannot be used: {0}")]
    ClientCa(#[from] VerifierBuilderError),
}

/// TLS 1.2 and 1.3, over the files.
pub struct Tls {
    files: TlsFiles,
    watch_interval: Duration,
    config: RwLock<Arc<ServerConfig>>,
    /// A digest of the contents that `config` was made of.
    in_force: Mutex<[u8; 32]>,
    /// Whether the operator was told that what lies there now cannot be used.
    complained: AtomicBool,
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls").field("files", &self.files).finish_non_exhaustive()
    }
}

impl Tls {
    /// Reads the files.
    ///
    /// # Errors
    /// [`TlsError`] when they cannot be used.
    pub fn load(files: TlsFiles) -> Result<Self, TlsError> {
        let contents = Contents::read(&files)?;
        let config = RwLock::new(contents.to_config(&files)?);
        let in_force = Mutex::new(contents.digest());
        let complained = AtomicBool::new(false);
        Ok(Self { files, watch_interval: WATCH_INTERVAL, config, in_force, complained })
    }

    /// Looks at the files every `interval` instead of every five seconds.
    #[must_use]
    pub fn watched_every(mut self, interval: Duration) -> Self {
        self.watch_interval = interval;
        self
    }

    /// What new connections are made with.
    pub(super) fn config(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.config.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Looks at the files again and again, and at once on SIGHUP, until `stop`.
    pub(crate) async fn watch(self: Arc<Self>, stop: CancellationToken) {
        let mut hang_ups = HangUps::listen();
        loop {
            let asked = tokio::select! {
                () = stop.cancelled() => return,
                () = hang_ups.next() => true,
                () = tokio::time::sleep(self.watch_interval) => false,
            };
            let tls = Arc::clone(&self);
            // The files may lie on a disk that is slow to answer.
            let _ = tokio::task::spawn_blocking(move || tls.look_again(asked)).await;
        }
    }

    /// Reads the files again. What cannot be used is told once, unless the
    /// operator asked.
    fn look_again(&self, asked: bool) {
        match self.reload() {
            Ok(true) => tracing::info!("TLS files read again"),
            Ok(false) if asked => tracing::info!("TLS files unchanged"),
            Ok(false) => self.complained.store(false, Ordering::Relaxed),
            Err(error) => {
                if !self.complained.swap(true, Ordering::Relaxed) || asked {
                    tracing::error!(%error, "TLS files refused, the old certificate stays");
                }
            }
        }
    }

    /// Takes over the files for new connections; gives whether they had changed.
    ///
    /// # Errors
    /// [`TlsError`] when they cannot be used; what was in force stays so.
    pub fn reload(&self) -> Result<bool, TlsError> {
        let contents = Contents::read(&self.files)?;
        let digest = contents.digest();
        let mut in_force = self.in_force.lock().unwrap_or_else(PoisonError::into_inner);
        if *in_force == digest {
            return Ok(false);
        }
        let config = contents.to_config(&self.files)?;
        *self.config.write().unwrap_or_else(PoisonError::into_inner) = config;
        *in_force = digest;
        self.complained.store(false, Ordering::Relaxed);
        Ok(true)
    }
}

/// What the files held at one moment.
struct Contents {
    certificate: Vec<u8>,
    key: Vec<u8>,
    client_ca: Option<Vec<u8>>,
}

impl Contents {
    fn read(files: &TlsFiles) -> Result<Self, TlsError> {
        let read = |path: &PathBuf| {
            fs::read(path).map_err(|error| TlsError::Unreadable { path: path.clone(), error })
        };
        Ok(Self {
            certificate: read(&files.certificate)?,
            key: read(&files.key)?,
            client_ca: files.client_ca.as_ref().map(read).transpose()?,
        })
    }

    fn digest(&self) -> [u8; 32] {
        let mut digest = Sha256::new();
        for part in [Some(&self.certificate), Some(&self.key), self.client_ca.as_ref()] {
            digest.update(Sha256::digest(part.map_or(&[][..], Vec::as_slice)));
        }
        digest.finalize().into()
    }

    fn to_config(&self, files: &TlsFiles) -> Result<Arc<ServerConfig>, TlsError> {
        let provider = Arc::new(ring::default_provider());
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_protocol_versions(&[&TLS13, &TLS12])?;
        let builder = match (&self.client_ca, &files.client_ca) {
            (Some(pem), Some(path)) => {
                let mut roots = RootCertStore::empty();
                for certificate in certificates(pem, path)? {
                    roots.add(certificate)?;
                }
                let verifier =
                    WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
                builder.with_client_cert_verifier(verifier.build()?)
            }
            _ => builder.with_no_client_auth(),
        };
        let key = PrivateKeyDer::from_pem_slice(&self.key)
            .map_err(|error| TlsError::NotPem { path: files.key.clone(), error })?;
        let chain = certificates(&self.certificate, &files.certificate)?;
        let mut config = builder.with_single_cert(chain, key)?;
        config.alpn_protocols = vec![b"h2".to_vec()];
        Ok(Arc::new(config))
    }
}

/// At least one certificate.
fn certificates(text: &[u8], path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let not_pem = |error| TlsError::NotPem { path: path.to_owned(), error };
    let found: Vec<_> =
        CertificateDer::pem_slice_iter(text).collect::<Result<_, _>>().map_err(not_pem)?;
    if found.is_empty() { Err(not_pem(pem::Error::NoItemsFound)) } else { Ok(found) }
}

/// The SIGHUPs that come in, where there are any.
struct HangUps {
    #[cfg(unix)]
    signals: Option<tokio::signal::unix::Signal>,
}

impl HangUps {
    #[cfg(unix)]
    fn listen() -> Self {
        use tokio::signal::unix::{SignalKind, signal};
        let signals = signal(SignalKind::hangup())
            .inspect_err(|error| tracing::error!(%error, "no SIGHUP can be received"));
        Self { signals: signals.ok() }
    }

    #[cfg(not(unix))]
    fn listen() -> Self {
        Self {}
    }

    /// The next one.
    async fn next(&mut self) {
        #[cfg(unix)]
        if let Some(signals) = &mut self.signals
            && signals.recv().await.is_some()
        {
            return;
        }
        std::future::pending::<()>().await;
    }
}
