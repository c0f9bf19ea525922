//! TLS from files that may change while the server runs. New connections get
//! what the files hold; those that are open keep what they were made with. Keys
//! are never logged. [`crate::run`] has a worker look at the files again and again.

mod files;

use std::{
    fmt,
    sync::{
        Arc, Mutex, PoisonError, RwLock,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio_rustls::rustls::ServerConfig;

use files::Contents;
pub use files::{TlsError, TlsFiles};

/// How often the files are looked at.
const WATCH_INTERVAL: Duration = Duration::from_secs(5);

/// TLS 1.2 and 1.3, over the files.
pub struct Tls {
    files: TlsFiles,
    watch_interval: Duration,
    config: RwLock<Arc<ServerConfig>>,
    /// A digest of the contents that `config` was made of.
    in_force: Mutex<[u8; 32]>,
    /// Whether the operator was told that the present files cannot be used.
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

    /// Has the files looked at every `interval` instead of every five seconds.
    #[must_use]
    pub fn watched_every(mut self, interval: Duration) -> Self {
        self.watch_interval = interval;
        self
    }

    /// How often the files are to be looked at.
    pub(crate) fn watch_interval(&self) -> Duration {
        self.watch_interval
    }

    /// What new connections are made with.
    pub(super) fn config(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.config.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Reads the files again; blocks while the disk is slow to answer. What cannot be
    /// used is logged once, and not every five seconds, unless the operator `asked`.
    pub(crate) fn look_again(&self, asked: bool) {
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
