//! The signals of the operator and the system. They are heard on a thread of its own,
//! from before anything can wait: whatever the rest of the program is stuck in, it ends.
//! As the first process of a container it has no other way to: there the system passes
//! over each signal that nobody listens to.

use std::{
    io, process,
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering},
    },
    thread,
    time::Duration,
};

use tokio::runtime::Builder;
use tokio_util::sync::CancellationToken;

use super::FORCE_AFTER;
use crate::telemetry::Output;

/// What SIGHUP, which a terminal sends when it is closed, means to the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HangUp {
    /// The end, unless it was started to outlive its terminal (`nohup`).
    Ends,
    /// That files are to be read again, if there are any.
    ReadsAgain,
}

/// Tells when the process is asked to stop. Clones tell the same.
#[derive(Clone, Debug, Default)]
pub struct StopSignals {
    asked: CancellationToken,
    exit_code: Arc<AtomicU8>,
}

impl StopSignals {
    /// Listens from now on. A process that was asked to stop has `grace`, and a few
    /// seconds more; then it is ended by force.
    ///
    /// # Errors
    /// When the system gives no thread, or lets no signal be received.
    pub fn listen(grace: Duration, hang_up: HangUp, log: Output) -> io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let mut signals = {
            let _context = runtime.enter();
            Signals::install(hang_up)?
        };
        let stop = Self::default();
        let told = stop.clone();
        let listening = async move {
            let number = signals.next_stop().await;
            // What a shell tells of a process that was ended by this signal.
            told.exit_code.store(128 | number, Ordering::Relaxed);
            told.asked.cancel();
            tokio::time::sleep(grace.saturating_add(FORCE_AFTER)).await;
            tracing::error!("not stopped in time: ended by force");
            log.flush();
            process::exit((128 | number).into());
        };
        let thread = thread::Builder::new().name("signals".to_owned());
        thread.spawn(move || runtime.block_on(listening))?;
        Ok(stop)
    }

    /// Returns when the process is asked to stop.
    pub async fn asked(&self) {
        self.asked.cancelled().await;
    }

    /// With what a process exits that was stopped before it had done its work.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        self.exit_code.load(Ordering::Relaxed)
    }
}

#[cfg(unix)]
struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
    hang_up: Option<tokio::signal::unix::Signal>,
}

#[cfg(unix)]
impl Signals {
    /// From here on these signals do nothing by themselves.
    fn install(hang_up: HangUp) -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        let hang_up = (hang_up == HangUp::ReadsAgain).then(|| signal(SignalKind::hangup()));
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hang_up: hang_up.transpose()?,
        })
    }

    /// The number of the next one that asks to stop.
    async fn next_stop(&mut self) -> u8 {
        loop {
            let hung_up = async {
                match &mut self.hang_up {
                    Some(hang_up) => hang_up.recv().await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                _ = self.interrupt.recv() => return 2,
                _ = self.terminate.recv() => return 15,
                _ = hung_up => tracing::info!("SIGHUP: files of TLS and of the privacy notice, if any, are read again"),
            }
        }
    }
}

#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn install(_: HangUp) -> io::Result<Self> {
        Ok(Self)
    }

    async fn next_stop(&mut self) -> u8 {
        if let Err(error) = tokio::signal::ctrl_c().await {
            tracing::error!(%error, "no interrupt can be received");
            std::future::pending::<()>().await;
        }
        2
    }
}
