//! TLS from files that may change while the server runs. New connections get
//! what the files hold; those that are open keep what they were made with. Keys
//! are never logged. [`crate::run`] has a worker look at the files again and again.

mod chain;
mod expiry;
mod files;

use std::{
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, RwLock,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use jiff::Timestamp;
use tokio_rustls::rustls::ServerConfig;

pub use self::files::{TlsError, TlsFiles};
use self::{
    expiry::Expiry,
    files::{Contents, Made},
};
use crate::certificates::Certificate;

/// How often the files are looked at.
const WATCH_INTERVAL: Duration = Duration::from_secs(5);

/// TLS 1.2 and 1.3, over the files.
pub struct Tls {
    files: TlsFiles,
    watch_interval: Duration,
    config: RwLock<Arc<ServerConfig>>,
    in_force: Mutex<InForce>,
    /// Whether the operator was told that the present files cannot be used.
    complained: AtomicBool,
}

/// What is known of the files that the present configuration was made of.
struct InForce {
    digest: [u8; 32],
    chain: Vec<Certificate>,
    expiry: Option<Expiry>,
}

impl InForce {
    fn new(digest: [u8; 32], made: &Made, now: Timestamp) -> Self {
        made.tell(now);
        Self { digest, chain: made.chain.clone(), expiry: Expiry::of(&made.chain) }
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls").field("files", &self.files).finish_non_exhaustive()
    }
}

impl Tls {
    /// Reads the files, and tells what they hold.
    ///
    /// # Errors
    /// [`TlsError`] when they cannot be used `now`.
    pub fn load(files: TlsFiles, now: Timestamp) -> Result<Self, TlsError> {
        let contents = Contents::read(&files)?;
        let made = contents.make(&files, now)?;
        let in_force = Mutex::new(InForce::new(contents.digest(), &made, now));
        let config = RwLock::new(made.config);
        let complained = AtomicBool::new(false);
        Ok(Self { files, watch_interval: WATCH_INTERVAL, config, in_force, complained })
    }

    /// Has the files looked at every `interval` instead of every five seconds.
    #[must_use]
    pub fn watched_every(mut self, interval: Duration) -> Self {
        self.watch_interval = interval;
        self
    }

    /// Whose certificate is in force, and until when.
    #[must_use]
    pub fn summary(&self) -> String {
        self.in_force().expiry.as_ref().map_or_else(String::new, Expiry::summary)
    }

    /// What clients find wrong with the certificates in force, or soon will.
    #[must_use]
    pub fn complaints(&self, now: Timestamp) -> Vec<String> {
        let in_force = self.in_force();
        let near = in_force.expiry.as_ref().filter(|expiry| expiry.is_near(now));
        let near = near.map(|expiry| format!("{}, and nothing has renewed it", expiry.summary()));
        let complaint = chain::complaint(&in_force.chain, now);
        near.into_iter().chain(complaint.map(|complaint| complaint.to_string())).collect()
    }

    /// How often the files are to be looked at.
    pub(crate) fn watch_interval(&self) -> Duration {
        self.watch_interval
    }

    /// When the certificate in force ends.
    #[must_use]
    pub fn expire_time(&self) -> Option<Timestamp> {
        self.in_force().expiry.as_ref().map(Expiry::until)
    }

    /// What new connections are made with.
    pub(super) fn config(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.config.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Reads the files again; blocks while the disk is slow to answer. What cannot be
    /// used is logged once, and not every five seconds, unless the operator `asked`. That
    /// the certificate in force ends is told now and then.
    pub fn look_again(&self, asked: bool, now: Timestamp) {
        match self.reload(now) {
            Ok(true) => tracing::info!("TLS files read again"),
            Ok(false) if asked => tracing::info!("TLS files unchanged"),
            Ok(false) => self.complained.store(false, Ordering::Relaxed),
            Err(error) => {
                if !self.complained.swap(true, Ordering::Relaxed) || asked {
                    tracing::error!(%error, "TLS files refused, the old certificate stays");
                }
            }
        }
        if let Some(expiry) = &mut self.in_force().expiry {
            expiry.tell(now);
        }
    }

    /// Takes over the files for new connections; gives whether they had changed.
    ///
    /// # Errors
    /// [`TlsError`] when they cannot be used `now`; what was in force stays so.
    pub fn reload(&self, now: Timestamp) -> Result<bool, TlsError> {
        let contents = Contents::read(&self.files)?;
        let digest = contents.digest();
        let mut in_force = self.in_force();
        if in_force.digest == digest {
            return Ok(false);
        }
        let made = contents.make(&self.files, now)?;
        *in_force = InForce::new(digest, &made, now);
        *self.config.write().unwrap_or_else(PoisonError::into_inner) = made.config;
        self.complained.store(false, Ordering::Relaxed);
        Ok(true)
    }

    fn in_force(&self) -> MutexGuard<'_, InForce> {
        self.in_force.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
